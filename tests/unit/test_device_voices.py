"""Whole texts in very different voices, and what the offline frontend must find in each."""

from typing import Any

import pytest
from device_figures import read

from llamas_bpf.contracts.profile import DeviceProfile

_TEXTS: list[tuple[str, dict[str, Any]]] = [
    (
        """\
Q: What is it?
A: A shelf of DDR4 that hangs off a CXL switch. The host maps 1 TiB of it as node 3.
Q: How slow?
A: A load that misses everywhere comes back in roughly 420 ns;
   stores are fire and forget, 150 ns.
Q: Bandwidth?
A: 24 GB/s down, 21 GB/s up, i.e. reading and writing.
Q: What should I put there?
A: Big in-memory databases that are mostly idle. Not the hot set.
Q: Does it survive a power cycle?
A: No, it's DRAM.
""",
        {
            "read_latency_ns": 420,
            "write_latency_ns": 150,
            "read_bandwidth_bytes_per_s": 24000000000,
            "write_bandwidth_bytes_per_s": 21000000000,
            "capacity_bytes": 1099511627776,
            "persistent": False,
            "good_at": ["large_data"],
            "bad_at": ["frequent_access"],
            "kind": "memory",
        },
    ),
    (
        """\
CHANGELOG v1.3  raised the usable capacity from 200 GB to 224 GB v1.2  read latency now 85 us (was
110 us) v1.1  sustained write speed 550 MB/s This is the SATA SSD in slot 2. It draws 3 W on average
and endures 300 TBW. Sequential reads reach 560 MB/s.
""",
        {
            "read_latency_ns": 85000.0,
            "read_bandwidth_bytes_per_s": 560000000,
            "write_bandwidth_bytes_per_s": 550000000,
            "capacity_bytes": 224000000000,
            "power": "3 W",
            "endurance": "300 TBW",
            "kind": "storage",
        },
    ),
    (
        """\
The accelerator sits in slot 4 (pci 41:00.0). Think of it as 6144 tiny processors which all do the
same thing at the same time: fine for dense linear algebra, hopeless for code that branches at every
step or walks linked structures. It carries 40 GB of HBM2, read at 1.55 TB/s and written at 1.4
TB/s, and its board is rated at 250 watts.
""",
        {
            "capacity_bytes": 40000000000,
            "read_bandwidth_bytes_per_s": 1550000000000,
            "write_bandwidth_bytes_per_s": 1400000000000,
            "power": "250 watts",
            "good_at": ["matrix_compute"],
            "bad_at": ["serial_compute", "pointer_chasing"],
            "kind": "accelerator|gpu",
        },
    ),
    (
        """\
mem0: kind=MRAM size=64MiB tRD=35ns tWR=90ns nonvolatile=1 endurance=1e12 power=0.9W
""",
        {
            "read_latency_ns": 35,
            "write_latency_ns": 90,
            "capacity_bytes": 67108864,
            "persistent": True,
            "endurance": "1e12",
            "power": "0.9",
            "kind": "memory",
        },
    ),
    (
        """\
Dear all,

the new "Basalt" boxes have arrived: each holds 30.72 TB of QLC flash and, for once, we measured
before writing. Random reads need 140 µs at queue depth 1, writes land in a DRAM buffer after 25 µs.
Reading sustains 6.2 GB/s; writing only manages 1.1 GB/s. Rewriting small records eats the endurance
(0.3 DWPD), so don't. For data written once and read forever it is perfect. Each draws around 20 W.
They replaced the "Granite" boxes, which had 7.68 TB and wrote at 2 GB/s.
""",
        {
            "read_latency_ns": 140000.0,
            "write_latency_ns": 25000.0,
            "read_bandwidth_bytes_per_s": 6200000000,
            "write_bandwidth_bytes_per_s": 1100000000,
            "capacity_bytes": 30720000000000,
            "endurance": "0.3 DWPD",
            "power": "20 W",
            "bad_at": ["small_accesses"],
            "kind": "storage",
        },
    ),
    (
        """\
Fast lane memory (node 1)
  what     on-package DRAM
  size     32 GiB
  loads    65 ns
  stores   70 ns
  rd/wr    410 / 380 GB/s
Policy
  - pages hit 200x/s or more: bring them here
  - above 90 % full: stop promoting
""",
        {
            "read_latency_ns": 65,
            "write_latency_ns": 70,
            "read_bandwidth_bytes_per_s": 410000000000,
            "write_bandwidth_bytes_per_s": 380000000000,
            "capacity_bytes": 34359738368,
            "thresholds": [
                ("page_accesses_per_s", "above", 200, "migrate_here"),
                ("used_ratio", "above", 0.9, "avoid"),
            ],
            "kind": "memory",
        },
    ),
    (
        """\
We rent 512 GB of memory on a neighbouring server over 100 GbE. Getting a 4 KiB page takes six
microseconds, sending one takes eight. Throughput is limited by the NIC: some 11 GB/s each way. If
the neighbour restarts, the pages are lost. Only park pages there that have rested for at least five
minutes, and fetch them back when they are touched more than twice a minute.
""",
        {
            "read_latency_ns": 6000,
            "read_bandwidth_bytes_per_s": 11000000000,
            "write_bandwidth_bytes_per_s": 11000000000,
            "capacity_bytes": 512000000000,
            "thresholds": [
                ("page_idle_s", "above", 300, "migrate_here"),
                ("page_accesses_per_s", "above", 0.0333333333333, "migrate_away"),
            ],
            "kind": "memory|network",
        },
    ),
    (
        """\
The Larch CPU: 32 cores, of which CPUs 0-7 are "wide" (up to 4.8 GHz) and CPUs 8-31 "narrow"
(up to 3.1 GHz). Interactive and
single-threaded work wants the wide ones; the narrow ones are meant for batch jobs and anything
nobody waits for. Package: 125 W.
""",
        {
            "cpu_classes": [(None, 4800000000.0, "0-7"), (None, 3100000000.0, "8-31")],
            "power": "125 W",
            "kind": "cpu",
        },
    ),
    (
        """\
HDD, 7200 rpm, 12 TB, helium. Average seek 8.5 ms. 250 MB/s on the outside of the platter,
about half of that inside. 24/7 rated,
550 TB/year workload. 6.8 W idle, 9.1 W when busy. Around 210 EUR. Streams well, seeks badly.
""",
        {
            "capacity_bytes": 12000000000000,
            "read_latency_ns": 8500000.0,
            "read_bandwidth_bytes_per_s": 250000000,
            "power": "9.1 W",
            "cost": "210 EUR",
            "good_at": ["sequential_access"],
            "bad_at": ["random_access"],
            "kind": "storage",
        },
    ),
    (
        """\
# zram0
Compressed block device in RAM, 8 GiB logical. Compressing (a write) costs 3 us a page,
decompressing (a read) 1.1 us. Page size 4 KiB.
Everything is gone after a reboot. Use for cold anonymous pages.
""",
        {
            "read_latency_ns": 1100,
            "write_latency_ns": 3000,
            "capacity_bytes": 8589934592,
            "granularity_bytes": 4096,
            "persistent": False,
            "good_at": ["rare_access"],
            "kind": "storage|memory",
        },
    ),
    (
        """\
Spec sheet excerpt: VORTEX-2 inference card
Compute ............ 96 TOPS (INT8)
Memory ............. 16 GB LPDDR5, 204 GB/s
Host interface ..... PCIe 5.0 x8, 31.5 GB/s
Typical power ...... 28 W (max. 45 W)
MSRP ............... $649
Recommended for .... CNNs, transformers, batched inference
Not recommended .... control-heavy code, training
""",
        {
            "capacity_bytes": 16000000000,
            "read_bandwidth_bytes_per_s": 204000000000,
            "write_bandwidth_bytes_per_s": 204000000000,
            "power": "28 W",
            "cost": "$649",
            "good_at": ["matrix_compute"],
            "bad_at": ["serial_compute"],
            "kind": "accelerator",
        },
    ),
    (
        """\
Das Modul ist ein CXL-Speicher mit 128 GB. Lesen dauert 280 ns, Schreiben 320 ns, die
Bandbreite liegt bei 26 GB/s.
Ohne Strom ist alles weg. Gut für kalte Daten, schlecht für häufig benutzte.
""",
        {
            "capacity_bytes": 128000000000,
            "read_latency_ns": 280,
            "write_latency_ns": 320,
            "read_bandwidth_bytes_per_s": 26000000000,
            "write_bandwidth_bytes_per_s": 26000000000,
            "persistent": False,
            "good_at": ["rare_access"],
            "bad_at": ["frequent_access"],
            "kind": "memory",
        },
    ),
    (
        """\
Latency to this tier is three times that of DRAM, i.e. 270 ns for a read; a write is absorbed in 100
ns. Per direction the link carries 28 GB/s. Sold in increments of 64 GB; ours has 256 GB. TDP 18 W.
MTBF two million hours. About 1,900 dollars.
""",
        {
            "read_latency_ns": 270,
            "write_latency_ns": 100,
            "capacity_bytes": 256000000000,
            "power": "18 W",
            "cost": "1,900 dollars",
        },
    ),
    (
        """\
> How is the scratch memory on the radio board? Tiny but quick: 768 KiB SRAM, 3 cycles = 2.5 ns for
anything, read or write. No refresh, 0.2 W. It's cleared at reset. Put the inner loops' coefficients
in it and whatever else you touch in every sample.
""",
        {
            "read_latency_ns": 2.5,
            "write_latency_ns": 2.5,
            "capacity_bytes": 786432,
            "persistent": False,
            "power": "0.2 W",
            "good_at": ["frequent_access"],
            "kind": "memory",
        },
    ),
]


def _is_found(it: DeviceProfile, field: str, expected: Any) -> bool:
    found = getattr(it, field)
    match field:
        case "kind":
            return bool(found in expected.split("|"))
        case "good_at" | "bad_at":
            return bool(set(expected) <= set(found))
        case "power" | "cost" | "endurance":
            return str(expected) in found
        case "cpu_classes":
            return bool([(each.count, each.max_hz, each.cpus) for each in found] == expected)
        case "thresholds":
            return bool([(each.figure, each.side, each.value, each.action) for each in found] == expected)
    return bool(found == expected)


@pytest.mark.parametrize(("body", "expected"), _TEXTS)
def test_a_text_in_any_voice_is_read(body: str, expected: dict[str, Any]) -> None:
    it = read(body)
    assert [field for field, value in expected.items() if not _is_found(it, field, value)] == [], it.said()
