"""Reports, talk and letters about devices; the notation is that of ``device_styles``."""

from typing import Any

GIB = 1.073741824
HERE, AWAY, AVOID = "migrate_here", "migrate_away", "avoid"

EVERY: list[tuple[str, dict[str, Any]]] = [
    (
        "Dear operator! You have purchased the AquaMem 3000. Congratulations. AquaMem gives you 96 "
        "gigabytes of memory at very\n"
        "low price. It is reading quick, 160 nanosecond, but the writing is not so quick, it takes "
        "1 microsecond and more. Please not use for\n"
        "databases with many transactions. Very good for web pages, pictures and other things "
        "which you read more often as you write.\n"
        "If electricity goes out, AquaMem lose nothing.\n",
        {"kind": "memory", "c": 96, "r": 160, "w": 1000, "persistent": True, "good": {"reads"}},
    ),
    (
        "My two cents after a month with this card (FPGA board with 2x 8 GB HBM2):\n"
        "- sustained 380 GB/s if you stream, no matter the direction\n"
        "- as soon as you jump around it drops to 20\n"
        "- first access after a pause is ~600 ns, else ~180 ns\n"
        "- it's no speed demon for serial stuff. Don't run your parser on it.\n"
        "- matrix multiplies: superb\n",
        {
            "kind": "accelerator",
            "r": 180,
            "w": 180,
            "rb": 380,
            "wb": 380,
            "good": {"matrix_compute", "sequential_access"},
            "bad": {"random_access", "serial_compute"},
        },
    ),
    (
        "NAME\n"
        "    slowmem - compressed memory tier backed by zstd\n"
        "\n"
        "DESCRIPTION\n"
        "    Pages put here are compressed in DRAM. Effective capacity about 96 GiB on a 32 GiB "
        "pool. A page-in costs\n"
        "    about 6 us, a page-out about 14 us. Contents do not survive a reboot.\n"
        "\n"
        "    Intended for pages which have not been touched in the last 120 seconds. If the pool "
        "is more than 80% full,\n"
        "    stop moving pages into it.\n",
        {
            "r": 6000,
            "w": 14000,
            "persistent": False,
            "thr": {("page_idle_s", "above", 120, HERE), ("used_ratio", "above", 0.8, AVOID)},
        },
    ),
    (
        "# ARM dev board notes\n"
        "SoC: 4x Cortex-A78 @ 2.4 GHz (cpu4-7), 4x Cortex-A55 @ 1.8 GHz (cpu0-3)\n"
        "Use the A55s for housekeeping, they sip power (0.3 W each).\n"
        "The A78s do the single-threaded heavy lifting.\n",
        {
            "kind": "cpu",
            "cls": [(4, 2.4e9, "4-7"), (4, 1.8e9, "0-3")],
            "good": {"background_work", "serial_compute"},
        },
    ),
    (
        "HBM on package, node 4. Small but wild: only 32 GB, though it shovels 700 GB a second in "
        "each direction. Latency is nothing to write\n"
        "home about - 125 ns, a touch worse than the DDR5 (98 ns). Feed it anything that streams. "
        "Pointer-heavy code gains nothing.\n",
        {
            "kind": "memory",
            "c": 32,
            "r": 125,
            "w": 125,
            "rb": 700,
            "wb": 700,
            "good": {"sequential_access"},
            "bad": {"pointer_chasing"},
        },
    ),
    (
        "{\n"
        '  "device": "cxl-dram-2",\n'
        '  "type": "memory expander",\n'
        '  "capacity": "256 GiB",\n'
        '  "latency": {"read": "290 ns", "write": "330 ns"},\n'
        '  "bandwidth": {"read": "29 GB/s", "write": "21 GB/s"},\n'
        '  "volatile": true,\n'
        '  "notes": ["good for capacity-hungry jobs", "avoid for hot pages"]\n'
        "}\n",
        {
            "kind": "memory",
            "c": 256 * GIB,
            "r": 290,
            "w": 330,
            "rb": 29,
            "wb": 21,
            "persistent": False,
            "good": {"large_data"},
            "bad": {"frequent_access"},
        },
    ),
    (
        "Kurz: NVDIMM, 32 GB, behält Daten bei Stromausfall. Latenz lesend 100 ns, schreibend 110 "
        "ns. Durchsatz 17 GB/s. Gut für Journale und\n"
        "Metadaten, zu schade für große kalte Daten.\n",
        {
            "kind": "memory",
            "c": 32,
            "r": 100,
            "w": 110,
            "rb": 17,
            "wb": 17,
            "persistent": True,
            "good": {"keeping_data"},
        },
    ),
    (
        "We benchmarked three configs. Config A (local DDR5): 88 ns, 240 GB/s. Config B (this "
        "device): 365 ns, 27 GB/s. Config C (NVMe swap): 95 us.\n",
        {"r": 365, "w": 365, "rb": 27, "wb": 27},
    ),
    (
        "A smart SSD with 7.68 TB. Random 4 KiB reads take 85 microseconds (QD1), writes land in a "
        "capacitor-protected buffer after 12 microseconds.\n"
        "Sequential: 6.9 gigabytes per second reading, 4.1 writing. Rated for one drive write per "
        "day over five years.\n",
        {"kind": "storage", "c": 7680, "r": 85000, "w": 12000, "rb": 6.9, "wb": 4.1},
    ),
    (
        "Okay so, node 2. It's this weird phase-change stuff the research guys left in the "
        "machine. Reads are alright, like 150 nanos.\n"
        "Writes though... count on a microsecond and a half, and it'll only take about two gigs a "
        "second. Oh and don't hammer the same spot with\n"
        "writes, each cell is good for ten million of them or so. Half a terabyte in total. "
        "Survives reboots, which is neat.\n",
        {
            "kind": "memory",
            "c": 500,
            "r": 150,
            "w": 1500,
            "wb": 2,
            "persistent": True,
            "good": {"reads"},
            "bad": {"writes"},
        },
    ),
    (
        "WARNING: slow tier!\n"
        "Do not place latency-sensitive or frequently updated data on this device.\n"
        "Average access: 1.4 ms. Sustained: 160 MB/s. Size: 8 TB. Data survives power-off.\n"
        "Recommended use: archives, backups, logs kept for legal reasons.\n",
        {
            "c": 8000,
            "r": 1.4e6,
            "w": 1.4e6,
            "rb": 0.16,
            "wb": 0.16,
            "persistent": True,
            "good": {"rare_access", "keeping_data"},
            "bad": {"latency", "writes"},
        },
    ),
    (
        "Scratchpad SRAM (software managed)\n"
        "===================================\n"
        "size         4 MiB\n"
        "access       3 cycles = 1.5 ns\n"
        "granule      32 B\n"
        "good for     lookup tables that are consulted constantly\n"
        "bad for      anything larger than itself\n",
        {
            "kind": "memory",
            "c": 4 * 2**20 / 1e9,
            "r": 1.5,
            "w": 1.5,
            "g": 32,
            "good": {"frequent_access"},
            "bad": {"large_data"},
        },
    ),
    (
        "From: Tom; To: ops. The thing in slot 4 is a CXL box w/ DDR4 inside, 2 x 128 GB = 256 GB "
        "in total. ~260ns. It manages 22 GB/s. I'd put\n"
        "whatever nobody touches on it, and keep the DB buffer pool out of there.\n",
        {"kind": "memory", "c": 256, "r": 260, "w": 260, "rb": 22, "wb": 22, "good": {"rare_access"}},
    ),
    (
        'The machine has ten processors: two "prime" cores clocked at 3.3 GHz, four "gold" cores '
        'clocked at 3.1 GHz, and four "silver" cores\n'
        "clocked at 2.0 GHz. Prime cores are for bursts of single-threaded work. Silver cores are "
        "where background sync belongs.\n",
        {
            "kind": "cpu",
            "cls": [(2, 3.3e9, None), (4, 3.1e9, None), (4, 2.0e9, None)],
            "good": {"serial_compute", "background_work"},
        },
    ),
    (
        "Our MRAM is, simply put, quick. 35 ns to read, 35 ns to write, and the bits stay put when "
        "the lights go out. There's just 1 GB, so be picky. We\n"
        "store the file system journal and the database's WAL in it.\n",
        {"kind": "memory", "c": 1, "r": 35, "w": 35, "persistent": True, "good": {"keeping_data"}},
    ),
    (
        "Don't be confused by the label on the box (it says 64 GB/s, that's the link). In practice "
        "we get 46. Latency's 214. Nanoseconds, I mean.\n",
        {"rb": 46, "wb": 46},
    ),
    (
        "Access latency (idle)   : 118 ns\n"
        "Access latency (loaded) : 240 ns\n"
        "Bandwidth, read         : 205 GB/s\n"
        "Bandwidth, write        : 120 GB/s\n"
        "Interleave granularity  : 256 B\n"
        "Capacity                : 128 GiB\n"
        "Persistence             : no\n",
        {"c": 128 * GIB, "r": 118, "w": 118, "rb": 205, "wb": 120, "g": 256, "persistent": False},
    ),
    (
        "The Optane sticks (6x128 GB) show up as one 768 GB node. Random loads: 350 ns. Sequential "
        "loads: 180 ns. Stores go at 2 GB/s per stick,\n"
        "12 GB/s altogether; loads at 39 GB/s altogether. Great for big read-mostly heaps. "
        "Terrible for anything which is rewritten constantly.\n"
        "Move a page back to DRAM as soon as it is written more than 25 times per second.\n",
        {
            "kind": "memory",
            "c": 768,
            "r": 350,
            "rb": 39,
            "wb": 12,
            "good": {"reads", "large_data"},
            "bad": {"writes"},
            "thr": {("page_accesses_per_s", "above", 25, AWAY)},
        },
    ),
    (
        "Sleeper cell SRAM-like part: the array powers down 5 ms after the last access. An access "
        "to a sleeping row takes 9 us, an access to an awake one 70 ns. Keep only\n"
        "data on it that is used continually; rarely used pages are punished. If a page has been "
        "idle for 1 s, take it elsewhere.\n",
        {
            "r": 70,
            "w": 70,
            "good": {"frequent_access"},
            "bad": {"rare_access"},
            "thr": {("page_idle_s", "above", 1, AWAY)},
        },
    ),
    (
        "Zwei Sätze zur neuen Karte: 128 GB CXL-Speicher, Lesezugriff 310 ns, Schreibzugriff 350 "
        "ns, rund 24 GB/s in beide Richtungen. Flüchtig. Für selten\n"
        "angefasste Seiten prima, für heiße Seiten nicht zu gebrauchen.\n",
        {
            "kind": "memory",
            "c": 128,
            "r": 310,
            "w": 350,
            "rb": 24,
            "wb": 24,
            "persistent": False,
            "good": {"rare_access"},
            "bad": {"frequent_access"},
        },
    ),
    (
        "Reads come back in 0.3 us and writes in 0.4; we moved 17 GB every second in both "
        "directions for an hour. 256 gibibytes.\n",
        {"c": 256 * GIB, "r": 300, "w": 400, "rb": 17, "wb": 17},
    ),
    (
        "Hot-tier candidate: eDRAM L4-like memory-side device exposed as node 5. 128 MiB only. 42 "
        "ns r/w. 120 GB/s r, 80 GB/s w. 64 B lines. Use for the hottest 0.1 %.\n",
        {
            "kind": "memory",
            "c": 2**27 / 1e9,
            "r": 42,
            "w": 42,
            "rb": 120,
            "wb": 80,
            "g": 64,
            "good": {"frequent_access"},
        },
    ),
]
