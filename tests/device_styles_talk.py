"""Texts as people talk and paste, and what the offline reader must find (see ``device_styles``)."""

from typing import Any

EVERY: list[tuple[str, dict[str, Any]]] = [
    # Negation turned around.
    (
        "A GPU. Vector code flies on it; branches are not its strong suit.\n",
        {"kind": "gpu", "good": {"parallel_compute"}, "bad": {"serial_compute"}},
    ),
    (
        "CXL memory. Streaming is fine, but random access is better avoided.\n",
        {"good": {"sequential_access"}, "bad": {"random_access"}},
    ),
    ("A memory card. Small writes aren't its thing. Large scans are.\n", {"bad": {"small_accesses"}}),
    ("Memory for bulk data. Hot pages are best left out.\n", {"bad": {"frequent_access"}}),
    ("A disk. Sequential reading is its strength.\n", {"kind": "storage", "good": {"sequential_access"}}),
    (
        "The expander: scattered access is hardly its forte, cold data its purpose.\n",
        {"bad": {"random_access"}},
    ),
    # Lists under headings.
    (
        "type: accelerator\nstrengths:\n  - dense matrix products\n  - vector loops\nweaknesses:\n "
        " - branchy code\n",
        {"kind": "accelerator", "good": {"matrix_compute", "parallel_compute"}, "bad": {"serial_compute"}},
    ),
    (
        "## Use it for\n\n* cold pages\n* backups\n\n## Do not use it for\n\n* hot pages\n* logs\n",
        {"good": {"rare_access"}, "bad": {"frequent_access", "keeping_data"}},
    ),
    ("role: training node\ndevice type: GPU\nmemory: 80 GB\n", {"kind": "gpu", "c": 80}),
    ("kind: NVMe drive\nused by: the GPU jobs\ncapacity: 2 TB\n", {"kind": "storage", "c": 2000}),
    # Table rows whose answer is yes or no.
    (
        "| Property | Value |\n|---|---|\n| Persistent | no |\n| Read latency | 200 ns |\n",
        {"r": 200, "persistent": False},
    ),
    (
        "| Property | Value |\n|---|---|\n| Survives a reboot | yes |\n| Size | 64 GB |\n",
        {"c": 64, "persistent": True},
    ),
    (
        "| Item | Answer | Source |\n|---|---|---|\n| Retains data when off | No | manual |\n",
        {"persistent": False},
    ),
    ("Non-volatile ...... no\nCapacity .......... 16 GB\n", {"c": 16, "persistent": False}),
    ("Data retention .... none\nSize .............. 32 GB\n", {"c": 32, "persistent": False}),
    ("A memory board. Nothing survives a power cut.\n", {"persistent": False}),
    ("A memory board of 8 GB. Contents remain on it with the power off.\n", {"c": 8, "persistent": True}),
    # Talk.
    (
        "[14:01] ana: is the new expander any good for hot data?\n[14:02] ben: no, please no\n"
        "[14:03] ben: 310 ns per read, 256 GB\n[14:04] ana: ok\n",
        {"r": 310, "c": 256, "bad": {"frequent_access"}},
    ),
    (
        "<kim> what's the latency of the CXL card?\n<lee> no idea about writes; a read takes 280 ns\n",
        {"r": 280},
    ),
    (
        "Q: What should go there?\nA: Cold data.\n\nQ: What should never be put there?\nA: Hot pages.\n",
        {"good": {"rare_access"}, "bad": {"frequent_access"}},
    ),
    (
        "Q: What is it good for?\nA: Big scans.\n\nQ: How big is it?\nA: 512 GB.\n",
        {"c": 512, "good": {"sequential_access"}},
    ),
    # Figures of others, and hopes.
    ("We had hoped for 40 GB/s and measured 26 GB/s.\n", {"rb": 26, "wb": 26}),
    ("A card with 128 GB. The same card at another site gets 50 GB/s.\n", {"c": 128}),
    ("A compute stick without memory; it borrows the host's 16 GB.\n", {}),
    ("The new drives take 20 µs per read. The ones they replace took 110 µs.\n", {"r": 20000}),
    (
        "An NVDIMM of 16 GB. It copies its DRAM to flash when the supply fails; a read takes 95 ns.\n",
        {"c": 16, "r": 95},
    ),
    ("DDR5, 64 GB. Main memory answers in 95 ns.\n", {"c": 64, "r": 95, "w": 95}),
    # Pasted output.
    (
        "Numbers are in GB/s (1 GB/s = 1,000,000,000 bytes/s). A memory card with a read latency of 90 ns.\n",
        {"r": 90},
    ),
    ("CXL. Read latency is in microseconds (1 us = 1000 ns). Capacity 64 GB.\n", {"c": 64}),
    (
        "read: IOPS=201k, BW=786MiB/s (824MB/s)\nAn SSD. Sequential reads reach 3.2 GB/s.\n",
        {"rb": 3.2, "kind": "storage"},
    ),
    (
        "A list: the first column is the size, the other one nanoseconds per load. It holds 64 GB "
        "and takes 120 ns.\n",
        {"c": 64, "r": 120, "w": 120},
    ),
    # Parts and prices.
    ("SSDs of 3.2 TB each, one per server.\n", {"c": 3200, "kind": "storage"}),
    ("Eight DIMMs with 32 GB each.\n", {}),
    ("Density: 96 GB\nLatency: 88 ns\n", {"c": 96, "r": 88, "w": 88}),
    ("A 25 GbE card for the storage network.\n", {"kind": "network"}),
    # Classes of processors in prose.
    (
        "CPUs 0 to 5 are the six fast ones, up to 3.9 GHz. CPUs 6 to 9 are four weak ones and stop "
        "at 2.1 GHz.\n",
        {"cls": [(6, 3.9e9, "0-5"), (4, 2.1e9, "6-9")]},
    ),
    (
        "CPUs 0-3: four big cores at 3.0 GHz; CPUs 4-7: four small cores at 1.9 GHz.\n",
        {"cls": [(4, 3.0e9, "0-3"), (4, 1.9e9, "4-7")]},
    ),
    (
        "Eight performance cores (CPUs 0 through 15) at 5.0 GHz and four efficiency cores (CPUs 16 "
        "through 19) at 3.7 GHz.\n",
        {"cls": [(8, 5.0e9, "0-15"), (4, 3.7e9, "16-19")]},
    ),
    (
        "Twelve cores of two kinds: 4 big cores at 3.1 GHz, 8 little cores at 2 GHz.\n",
        {"cls": [(4, 3.1e9, None), (8, 2e9, None)]},
    ),
    ("It has ten cores, and they are not identical.\n", {"cls": []}),
    ("A server with sixty-four equal cores. Each of them may reach 3.4 GHz.\n", {"cls": [(64, 3.4e9, None)]}),
    # What only looks like it.
    ("Is it any good for hot data?\nPersistent: no\nSize: 64 GB\n", {"c": 64, "persistent": False}),
    ("Memory. How slow is it? Reads take 300 ns.\n", {"r": 300}),
    ("Component density: 16 Gb\nCapacity: 64 GB\n", {"c": 64}),
    ("type: CPU-less memory node\nsize: 256 GB\n", {"kind": "memory", "c": 256}),
    ("Far memory, reached by 100 GbE: 256 GB.\n", {"kind": "memory", "c": 256}),
    (
        "A network storage target. A drive pool of 64 TB uses the card's 100 GbE port.\n",
        {"kind": "storage", "c": 64000},
    ),
    ("Eight cores at 3 GHz in two clusters.\n", {"cls": [(8, 3e9, None)]}),
    (
        "CPUs 0-11 of this chip: four P-cores (CPUs 0-7) at 5 GHz and four E-cores (CPUs 8-11) at 4 GHz.\n",
        {"cls": [(4, 5e9, "0-7"), (4, 4e9, "8-11")]},
    ),
    ("It replaces an older card and holds 128 GB; reads take 210 ns.\n", {"r": 210}),
    ("The board uses the module's 64 GB as one range; a read takes 190 ns.\n", {"c": 64, "r": 190}),
    ("One GB of it is reserved. The second one GB/s link is unused. Latency 90 ns.\n", {"r": 90, "w": 90}),
    # Tables that only spaces make.
    (
        "CPUs    type    cores   clock\n0-7     big     4       4.1 GHz\n8-13    small   6       2.6 GHz\n",
        {"cls": [(4, 4.1e9, "0-7"), (6, 2.6e9, "8-13")]},
    ),
    (
        "Core type     Count   Max clock\nPerformance   6       5.1 GHz\nEfficiency    10      3.9 GHz\n",
        {"cls": [(6, 5.1e9, None), (10, 3.9e9, None)]},
    ),
    (
        "What            This card   Last generation\nRead latency    210 ns      390 ns\n"
        "Write latency   260 ns      480 ns\nCapacity        256 GB      128 GB\n",
        {"r": 210, "w": 260, "c": 256},
    ),
    (
        "Property     Answer   Source\nPersistent   no       manual\nCapacity     64 GB    label\n",
        {"c": 64, "persistent": False},
    ),
    ("Latency      Size     Speed\nLow for a CXL card: 230 ns when reading.\n", {"r": 230}),
    ("latency   250 ns   measured\nsize      256 GB   label\n", {"r": 250, "w": 250, "c": 256}),
    # Answers in a column, and warnings in one breath.
    (
        "| Workload | Recommended | By |\n|---|---|---|\n| Hot pages | no | Kim |\n"
        "| Cold pages | yes | Kim |\n| Streaming | yes | vendor |\n",
        {"good": {"rare_access", "sequential_access"}, "bad": {"frequent_access"}},
    ),
    (
        "| Use | Bad idea? | Why |\n|---|---|---|\n| random writes | yes | wear |\n| archives | no | |\n",
        {"bad": {"random_access", "writes"}, "good": {"rare_access"}},
    ),
    (
        "a cxl box, reads in about 300 nanos and you get 20 gigs a second out of it but don't go and "
        "put your hot stuff there, cold stuff is fine though\n",
        {"r": 300, "rb": 20, "good": {"rare_access"}, "bad": {"frequent_access"}},
    ),
    ("CXL memory. Never try to run random writes on it.\n", {"bad": {"random_access"}}),
    ("A disk. Timing buffered disk reads: 612 MB in  3.01 seconds = 203.46 MB/sec\n", {"rb": 0.20346}),
    # Exceptions.
    (
        "CXL memory. Neither hot data nor small writes belong here.\n",
        {"bad": {"frequent_access", "small_accesses"}},
    ),
    ("CXL memory. Everything except random writes is fine.\n", {"bad": {"random_access", "writes"}}),
    ("CXL memory. It is bad at everything except streaming.\n", {"good": {"sequential_access"}}),
    (
        "CXL memory. Fine for scans, and for all else apart from hot pages.\n",
        {"good": {"sequential_access"}, "bad": {"frequent_access"}},
    ),
    # What was promised, and what came out.
    ("Read latency was supposed to be 180 ns; it turned out to be 240 ns.\n", {"r": 240, "w": 240}),
    ("Rated read bandwidth 64 GB/s. Reality: 41 GB/s.\n", {"rb": 41, "wb": 41}),
    ("Reads were said to take 180 ns; in reality it is 240 ns.\n", {"r": 240, "w": 240}),
]
