"""Small device texts in many styles, with what a careful engineer takes from each.

``r``, ``w``: latencies in ns; ``rb``, ``wb``: bandwidths in GB/s; ``c``: capacity in GB; ``g``: granularity
in bytes. A figure that is not named must be left out. ``good``, ``bad``: traits that must be there, and not
on the other side. ``thr``, ``cls``: all thresholds and CPU classes. ``doubt``: words of one that is named.
"""

from typing import Any

GIB = 1.073741824
HERE, AWAY, AVOID = "migrate_here", "migrate_away", "avoid"

KEYS: list[tuple[str, dict[str, Any]]] = [
    (
        "capacity_gb: 256\nread_latency_ns: 88\nwrite_latency_ns: 140\nread_bandwidth_gb_s: 32",
        {"c": 256, "r": 88, "w": 140, "rb": 32},
    ),
    (
        "device:\n  size_gib: 64\n  latency_us: 1.5\n  write_bw_mb_per_s: 800\n  line_bytes: 256",
        {"c": 64 * GIB, "r": 1500, "w": 1500, "wb": 0.8, "g": 256},
    ),
    (
        '{"name": "slab", "sizeGB": 512, "readLatencyNs": 310, "writeLatencyNs": 480, "persistent": true}',
        {"c": 512, "r": 310, "w": 480, "persistent": True},
    ),
    (
        "[memory]\nread_latency_us = 1.2\nwrite_latency_us = 3\nbandwidth_gbytes_per_s = 6",
        {"r": 1200, "w": 3000, "rb": 6, "wb": 6},
    ),
    ("latency_ns:\n  read: 90\n  write: 250\ncapacity_gb: 32", {"r": 90, "w": 250, "c": 32}),
    (
        "Latency (ns) = 95; Bandwidth (GB/s) = 51; Size (GB) = 16",
        {"r": 95, "w": 95, "rb": 51, "wb": 51, "c": 16},
    ),
    (
        "CAP_GIB=128\nRD_LAT_NS=220\nWR_LAT_NS=410\nRD_BW_GBS=28",
        {"c": 128 * GIB, "r": 220, "w": 410, "rb": 28},
    ),
    ("t(read) = 70 ns\nt(write) = 150 ns", {"r": 70, "w": 150}),
    ("t_RD = 70 ns, t_WR = 150 ns, BW_RD = 12 GB/s", {"r": 70, "w": 150, "rb": 12}),
    ("tread: 55 ns   twrite: 95 ns", {"r": 55, "w": 95}),
    ("Latency ........ 90 ns\nCapacity ....... 64 GB", {"r": 90, "w": 90, "c": 64}),
    (
        "Read access time . . . . . 35 ns\nWrite access time. . . . . 35 ns\nSize . . . 4 GB",
        {"r": 35, "w": 35, "c": 4},
    ),
    ("Read latency______120 ns\nRead bandwidth____14 GB/s", {"r": 120, "rb": 14}),
    ("read latency        -> 110 ns\nwrite latency       -> 320 ns", {"r": 110, "w": 320}),
]

TABLES: list[tuple[str, dict[str, Any]]] = [
    (
        "| | Read | Write |\n|---|---|---|\n| Latency | 170 ns | 90 ns |\n| Bandwidth | 40 GB/s | 13 GB/s |",
        {"r": 170, "w": 90, "rb": 40, "wb": 13},
    ),
    (
        "| Quantity | Read | Write | Unit |\n|---|---|---|---|\n| Latency | 170 | 290 | ns |\n"
        "| Bandwidth | 40 | 13 | GB/s |",
        {"r": 170, "w": 290, "rb": 40, "wb": 13},
    ),
    (
        "| Way | Latency (ns) | Bandwidth (GB/s) |\n|---|---|---|\n| Read | 300 | 30 |\n| Write | 100 | 9 |",
        {"r": 300, "w": 100, "rb": 30, "wb": 9},
    ),
    (
        "| Parameter | Value |\n|---|---|\n| Capacity | 1 TB |\n| Random read latency | 11 us |\n"
        "| Random read | 1.35M IOPS |",
        {"c": 1000, "r": 11000},
    ),
    (
        "| Metric | Value |\n|---|---|\n| Read IOPS | 1.35M |\n| Write IOPS | 900K |\n| Size | 1.6T |",
        {"c": 1600},
    ),
    (
        "| Class | Cores | Max clock |\n|---|---|---|\n| Performance | 6 | 4.8 GHz |\n"
        "| Efficiency | 8 | 3.4 GHz |",
        {"cls": [(6, 4.8e9, None), (8, 3.4e9, None)]},
    ),
    (
        "| Core type | Count | CPUs | Frequency (GHz) |\n|---|---|---|---|\n| big | 4 | 4-7 | 2.8 |\n"
        "| little | 4 | 0-3 | 1.8 |",
        {"cls": [(4, 2.8e9, "4-7"), (4, 1.8e9, "0-3")]},
    ),
    (
        "Latency    read 210 ns    write 430 ns\nThroughput read 18 GB/s   write 7 GB/s",
        {"r": 210, "w": 430, "rb": 18, "wb": 7},
    ),
    ("Metric,Read,Write\nLatency (ns),210,430", {}),
]

PROSE: list[tuple[str, dict[str, Any]]] = [
    ("A load gets answered in 240 ns, a store is acknowledged in 60 ns.", {"r": 240, "w": 60}),
    ("Requests to read come back after about 400 nanoseconds.", {"r": 400}),
    ("Reading a cache line from it costs me roughly a third of a microsecond.", {}),
    ("Reads finish within 180 ns; writes need 2.1 us to complete.", {"r": 180, "w": 2100}),
    (
        "It holds three hundred and eighty-four gigabytes and streams at twenty-five gigabytes a second.",
        {"c": 384, "rb": 25, "wb": 25},
    ),
    (
        "hey, got the box. 512 gigs, about 300ns per access, pushes maybe 20 gigs per second both ways",
        {"c": 512, "r": 300, "w": 300, "rb": 20, "wb": 20},
    ),
    ("We clocked the reads at 95 ns and the writes at 120 ns.", {"r": 95, "w": 120}),
    ("Read latency lies between 300 and 350 ns, capacity is 2 tera.", {"r": 350, "c": 2000}),
    ("You wait 800 ns for a read and twice as long for a write.", {"r": 800}),
    (
        "Read/write bandwidth: 60/25 GB/s. Read/write latency: 130/190 ns.",
        {"rb": 60, "wb": 25, "r": 130, "w": 190},
    ),
    (
        "Lesen dauert 150 ns, Schreiben 600 ns. Kapazität: 128 GB. Bandbreite 12,5 GB/s.",
        {"r": 150, "w": 600, "c": 128, "rb": 12.5, "wb": 12.5},
    ),
    (
        "The module have 256 GB and need for reading circa 280 ns, for writing circa 700 ns.",
        {"c": 256, "r": 280, "w": 700},
    ),
    ("Latency: 1.200 ns (Lesen), Kapazität 64 GB", {"c": 64, "doubt": "1.200"}),
    ("Read latency: -90 ns. Capacity 64 GB.", {"c": 64, "doubt": "negative"}),
    ("capacity: -64 GB", {"doubt": "negative"}),
    (
        "Sixteen-core CPU at 3.2 GHz, 32 MB of L3 (latency 12 ns), 1 MB L2 per core at 4 ns.",
        {"cls": [(16, 3.2e9, None)]},
    ),
    (
        "8 cores, 3.0 GHz. L1 cache: 48 KB, 1.2 ns. L2 cache: 2 MB, 4 ns. L3 cache: 36 MB, 15 ns.",
        {"cls": [(8, 3.0e9, None)]},
    ),
    (
        "256 GB on the card. A 4 GB DRAM cache in front answers in 90 ns; a miss takes 900 ns to read.",
        {"c": 256, "r": 900},
    ),
    (
        "Peak throughput 32 GB/s, typical 24 GB/s. Typical read latency 250 ns, worst case 2 us.",
        {"rb": 24, "wb": 24, "r": 250},
    ),
    ("Latency is 5 ms after the device has slept, otherwise 90 us for reads.", {"r": 90000}),
]

TRAITS: list[tuple[str, dict[str, Any]]] = [
    (
        "It dozes off when nobody calls: pages touched once an hour pay dearly for waking it.",
        {"bad": {"rare_access"}},
    ),
    (
        "The memory goes to sleep quickly, so data that is touched only now and then is a poor fit.",
        {"bad": {"rare_access"}},
    ),
    ("Stick your hottest stuff on here.", {"good": {"frequent_access"}}),
    ("Ideal as cold storage for pages nobody has looked at in ages.", {"good": {"rare_access"}}),
    ("A great parking lot for stuff you barely ever look at.", {"good": {"rare_access"}}),
    ("Reads fly, writes are like wading through mud.", {"good": {"reads"}, "bad": {"writes"}}),
    ("Writes absolutely kill it.", {"bad": {"writes"}}),
    (
        "It eats long sequential scans for breakfast but hops around memory make it cry.",
        {"good": {"sequential_access"}},
    ),
    ("Random I/O is its Achilles heel.", {"bad": {"random_access"}}),
    ("Chasing pointers through it is no fun.", {"bad": {"pointer_chasing"}}),
    ("Linked structures perform terribly here.", {"bad": {"pointer_chasing"}}),
    ("Big GEMMs scream on this thing.", {"good": {"matrix_compute"}}),
    ("If your code branches a lot and runs on a single thread, look elsewhere.", {"bad": {"serial_compute"}}),
    ("Embarrassingly parallel kernels scale beautifully on it.", {"good": {"parallel_compute"}}),
    ("Delivers blazing-fast throughput for bandwidth-hungry workloads.", {"good": {"bandwidth"}}),
    ("Latency-critical services will be delighted.", {"good": {"latency"}}),
    ("Latency-sensitive applications should steer clear.", {"bad": {"latency"}}),
    ("Thanks to its huge capacity, enormous in-memory databases fit easily.", {"good": {"large_data"}}),
    ("Tiny requests waste most of every transfer.", {"bad": {"small_accesses"}}),
    (
        "Put your write-ahead log here: nothing is lost in a power cut.",
        {"good": {"keeping_data"}, "persistent": True},
    ),
    ("The little cores are fine for housekeeping.", {"good": {"background_work"}}),
    ("Don't bother with write-heavy tables.", {"bad": {"writes"}}),
    ("Heavy writers need not apply.", {"bad": {"writes"}}),
    (
        "Nicht für häufig genutzte Daten geeignet. Gut für selten genutzte Daten.",
        {"bad": {"frequent_access"}, "good": {"rare_access"}},
    ),
    (
        "Lookups all over the place suffer, bulk copies excel.",
        {"bad": {"random_access"}, "good": {"large_data"}},
    ),
    ("Read-mostly data feels at home.", {"good": {"reads"}}),
    ("Do not even think of keeping anything hot on it.", {"bad": {"frequent_access"}}),
    ("Its weak spot is updating data in place.", {"bad": {"writes"}}),
]

THRESHOLDS: list[tuple[str, dict[str, Any]]] = [
    (
        "Move a page away if it is touched more than 50 times a second.",
        {"thr": {("page_accesses_per_s", "above", 50, AWAY)}},
    ),
    (
        "Move it away if it has not been touched for 2 minutes.",
        {"thr": {("page_idle_s", "above", 120, AWAY)}},
    ),
    (
        "If writes make up more than 30 % of the accesses, move the page away.",
        {"thr": {("write_ratio", "above", 0.3, AWAY)}},
    ),
    (
        "Anything accessed fewer than 5 times per second should be moved off.",
        {"thr": {("page_accesses_per_s", "below", 5, AWAY)}},
    ),
    (
        "Pages hit 200 times per second or more deserve a place here.",
        {"thr": {("page_accesses_per_s", "above", 200, HERE)}},
    ),
    ("Once it is 90 % full, send nothing more.", {"thr": {("used_ratio", "above", 0.9, AVOID)}}),
    ("promote_above: 80 accesses/s", {"thr": {("page_accesses_per_s", "above", 80, HERE)}}),
    ("Evict whatever sat untouched for ten minutes.", {"thr": {("page_idle_s", "above", 600, AWAY)}}),
]

EVERY = [*KEYS, *TABLES, *PROSE, *TRAITS, *THRESHOLDS]
