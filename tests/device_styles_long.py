"""Device texts as people and programs write them, whole; the notation is that of ``device_styles``."""

from typing import Any

GIB = 1.073741824
HERE, AWAY, AVOID = "migrate_here", "migrate_away", "avoid"

EVERY: list[tuple[str, dict[str, Any]]] = [
    (
        "Memory Device\n\tTotal Width: 72 bits\n\tSize: 64 GB\n\tForm Factor: DIMM\n\tType: "
        "DDR5\n\tSpeed: 4800 MT/s\n"
        "\tRank: 2\n",
        {"kind": "memory", "c": 64},
    ),
    (
        "+------------------+-----------+\n| Item             | Value     "
        "|\n+------------------+-----------+\n"
        "| Capacity         | 512 GB    |\n| Read latency     | 350 ns    |\n| Write latency    | "
        "900 ns    |\n"
        "+------------------+-----------+",
        {"c": 512, "r": 350, "w": 900},
    ),
    (
        '<device><capacity>128 GB</capacity><latency dir="read">210 ns</latency></device>',
        {"c": 128, "r": 210},
    ),
    (
        "Q: How big is it?\nA: 256 GB.\nQ: How fast does it read?\nA: A load takes about 320 ns.\n"
        "Q: Can I put my write-heavy database on it?\nA: Please don't.",
        {"c": 256, "r": 320, "bad": {"writes"}},
    ),
    (
        "TL;DR: big, slow, cheap. 1 TB of flash-backed memory, roughly 3 microseconds a read, 20 a write. "
        "Dump your cold stuff on it and forget about it.",
        {"c": 1000, "r": 3000, "good": {"rare_access"}},
    ),
    (
        "so this thing is basically a RAM disk over the network lol. 100 gigs, 4us to read or write, "
        "10 gigabytes/s if you stream. random stuff is awful",
        {"c": 100, "r": 4000, "w": 4000, "rb": 10, "wb": 10, "bad": {"random_access"}},
    ),
    (
        "Node 3 - HBM flat mode\n  * 16 GiB\n  * ~130 ns idle latency, 145 ns loaded\n  * 450 GB/s triad\n"
        "  * put bandwidth hogs here, pointer chasers elsewhere",
        {
            "c": 16 * GIB,
            "r": 130,
            "w": 130,
            "rb": 450,
            "wb": 450,
            "good": {"bandwidth"},
            "bad": {"pointer_chasing"},
        },
    ),
    (
        "The unit under test is a battery-backed SRAM card. Its 2 GB answer within 45 ns, whichever "
        "way one goes. "
        "When the power is cut, the battery keeps what is in there for a week.",
        {"kind": "memory", "c": 2, "r": 45, "w": 45, "persistent": True},
    ),
    (
        "Our accelerator card multiplies matrices all day long at a rate that no CPU comes near. "
        "It holds 48 GB at 900 GB/s. It is lost with code that branches.",
        {
            "kind": "accelerator",
            "c": 48,
            "rb": 900,
            "wb": 900,
            "good": {"matrix_compute"},
            "bad": {"serial_compute"},
        },
    ),
    (
        "Intel(R) hybrid processor: 6 Performance-cores (max turbo 5.1 GHz) plus 8 Efficient-cores "
        "(max turbo 3.9 GHz); 24 MB L3.",
        {"kind": "cpu", "cls": [(6, 5.1e9, None), (8, 3.9e9, None)]},
    ),
    (
        "| | P-core | E-core |\n|---|---|---|\n| Count | 8 | 16 |\n| Max turbo | 5.4 GHz | 4.2 GHz |",
        {"cls": [(8, 5.4e9, None), (16, 4.2e9, None)]},
    ),
    (
        "Two clusters. Cluster A has four fast cores (CPUs 0-3, 2.6 GHz). Cluster B has four slow ones "
        "(CPUs 4-7, 1.5 GHz) and is meant for background daemons.",
        {"good": {"background_work"}, "cls": [(4, 2.6e9, "0-3"), (4, 1.5e9, "4-7")]},
    ),
    (
        "A 32-core server processor, 2.9 GHz base and 3.8 GHz boost, 12 memory channels. "
        "Excellent at branchy single-threaded code; a poor choice for dense linear algebra.",
        {"kind": "cpu", "good": {"serial_compute"}, "bad": {"matrix_compute"}, "cls": [(32, 3.8e9, None)]},
    ),
    (
        "Measured with a pointer chase: 412 ns. STREAM gives 22.4 GB/s for reads and 9.8 GB/s for writes. "
        "Capacity 768 GB in six modules of 128 GB.",
        {"r": 412, "w": 412, "rb": 22.4, "wb": 9.8, "c": 768},
    ),
    (
        "Latency: read 140 ns, write 380 ns\nBandwidth: 30 GB/s down to 8 GB/s when writing\nSize: 0.5 TB\n"
        "Access unit: 256 B",
        {"r": 140, "w": 380, "c": 500, "g": 256},
    ),
    (
        "This memory hates being left alone. Touch a page often and you get it in 60 ns; leave it "
        "for a second "
        "and the next access takes 40 us.",
        {"bad": {"rare_access"}},
    ),
    (
        "Le module fait 64 Go. Latency of 200 ns on reads.",
        {"r": 200},
    ),
    (
        "SSD, 1.92 TB, 4K random read 900k IOPS @ 78 us, seq read 7.1 GB/s, seq write 4.2 GB/s. 1 DWPD.",
        {"kind": "storage", "c": 1920, "r": 78000, "rb": 7.1, "wb": 4.2},
    ),
    (
        "read: IOPS=310k, BW=1211MiB/s, avg lat 82 us\nwrite: IOPS=120k, BW=469MiB/s, avg lat 21 us",
        {"r": 82000, "w": 21000, "rb": 1211 * 2**20 / 1e9, "wb": 469 * 2**20 / 1e9},
    ),
    (
        "Changelog\n2023: bandwidth was 12 GB/s, latency 600 ns.\n2024: new controller. Bandwidth "
        "is now 28 GB/s, "
        "latency 340 ns.",
        {"rb": 28, "wb": 28, "r": 340, "w": 340},
    ),
    (
        "Reads are as quick as those of DRAM (about 95 ns). Writes, on the other hand, take four "
        "times as long: "
        "380 ns. Anything that is written all the time should stay in DRAM.",
        {"r": 95, "w": 380, "bad": {"writes"}},
    ),
    (
        "Do's: large sequential reads, checkpoints, logs.\nDon'ts: small random writes, anything "
        "latency-critical.",
        {
            "good": {"sequential_access", "reads", "keeping_data"},
            "bad": {"random_access", "small_accesses", "writes", "latency"},
        },
    ),
    (
        "Pros:\n+ huge\n+ survives power loss\nCons:\n- slow to write (2.5 us)\n- wears out (3000 "
        "P/E cycles)",
        {"w": 2500, "persistent": True, "bad": {"writes"}},
    ),
    (
        "Policy: pages with more than 500 accesses/s go here; once the node is 85% full, stop; "
        "pages not used for "
        "60 s go back to DRAM.",
        {
            "thr": {
                ("page_accesses_per_s", "above", 500, HERE),
                ("used_ratio", "above", 0.85, AVOID),
                ("page_idle_s", "above", 60, AWAY),
            }
        },
    ),
    (
        "promote: > 200 touches per second\ndemote: idle > 30 s\nhigh watermark: 90 % used",
        {
            "thr": {
                ("page_accesses_per_s", "above", 200, HERE),
                ("page_idle_s", "above", 30, AWAY),
                ("used_ratio", "above", 0.9, AVOID),
            }
        },
    ),
    (
        "If a page sees fewer than ten accesses a minute, it is wasted here and should be demoted.",
        {"thr": {("page_accesses_per_s", "below", 0.166666666667, AWAY)}},
    ),
    (
        "Pages whose accesses are writes in more than a quarter of the cases should be moved to DRAM.",
        {},
    ),
    (
        "The GPU's own memory: 80 GB HBM3 at 3.35 TB/s. Kernels with thousands of threads love it; "
        "a lone thread "
        "is better off on the host.",
        {"c": 80, "rb": 3350, "wb": 3350, "good": {"parallel_compute"}, "bad": {"serial_compute"}},
    ),
    (
        "Specification sheet, rev. B\n\nType ............. CXL memory expander\nCapacity ......... "
        "256 GiB\n"
        "Load latency ..... 270 ns typ.\nStore latency .... 310 ns typ.\nPeak bandwidth ... 64 GB/s\n"
        "Volatile ......... yes\nPower ............ 18 W",
        {"kind": "memory", "c": 256 * GIB, "r": 270, "w": 310, "rb": 64, "wb": 64, "persistent": False},
    ),
    (
        "Reading: 300 nanoseconds. Writing: a full microsecond. Streaming reads: 18 GB a second. Streaming "
        "writes: 5 GB a second.",
        {"r": 300, "w": 1000, "rb": 18, "wb": 5},
    ),
    (
        '  "read":  { "latency_ns": 240, "bandwidth_gb_s": 31 },\n  "write": { "latency_ns": 510, '
        '"bandwidth_gb_s": 11 },\n  "capacity_gib": 512',
        {"r": 240, "w": 510, "rb": 31, "wb": 11, "c": 512 * GIB},
    ),
    (
        "read:\n  latency: 240 ns\n  bandwidth: 31 GB/s\nwrite:\n  latency: 510 ns\n  bandwidth: 11 GB/s\n"
        "persistent: false\ncapacity: 512 GiB\n",
        {"r": 240, "w": 510, "rb": 31, "wb": 11, "c": 512 * GIB, "persistent": False},
    ),
    (
        "Caches: 48 KB L1, 2 MB L2 (5 ns), 30 MB L3 (19 ns). 64 GB of DDR5 at 92 ns and 280 GB/s.",
        {"c": 64, "r": 92, "w": 92, "rb": 280, "wb": 280},
    ),
    (
        "Don't let the name fool you: it isn't fast. A read is 1.8 us, a write is 2.4 us. It never "
        "forgets, though: "
        "pull the plug and everything is still there.",
        {"r": 1800, "w": 2400, "persistent": True},
    ),
    (
        "| Spec | Min | Typ | Max |\n|---|---|---|---|\n| Read latency (ns) | 80 | 95 | 140 |\n"
        "| Write latency (ns) | 85 | 110 | 180 |\n| Read BW (GB/s) | 30 | 36 | 40 |\n| Capacity "
        "(GiB) | | 64 | |",
        {"r": 95, "w": 110, "rb": 36, "c": 64 * GIB},
    ),
    (
        "What it can't do: keep up with writers (6 GB/s is all you get). What it can do: serve "
        "readers at 34 GB/s. "
        "Latency is 260 ns, either way.",
        {"r": 260, "w": 260, "rb": 34, "wb": 6, "bad": {"writes"}},
    ),
    (
        "A storage-class memory, used for data read many times after having been written once.",
        {"kind": "memory", "good": {"reads"}},
    ),
    (
        "{{Infobox memory\n| name = Foo\n| capacity = 48 GB\n| read_latency = 77 ns\n| bandwidth = "
        "410 GB/s\n}}",
        {"kind": "memory", "c": 48, "r": 77, "rb": 410, "wb": 410},
    ),
    (
        "Beware, the numbers on the vendor's site (100 ns, 60 GB/s) are for the 2025 model. "
        "Ours is the 2023 one: 190 ns and 33 GB/s.",
        {"r": 190, "w": 190, "rb": 33, "wb": 33},
    ),
    (
        "Writes are cheap (70 ns, posted), reads are expensive (410 ns). Holds 200 GB and survives a crash.",
        {"c": 200, "r": 410, "w": 70, "persistent": True, "good": {"writes"}, "bad": {"reads"}},
    ),
    (
        "P-Kerne: 8 (bis 5,2 GHz), E-Kerne: 16 (bis 4,0 GHz).",
        {"cls": [(8, 5.2e9, None), (16, 4.0e9, None)]},
    ),
    (
        "The CPU complex: cpus 0-15, 16 performance cores, 3.9 GHz.",
        {"kind": "cpu", "cls": [(16, 3.9e9, "0-15")]},
    ),
]
