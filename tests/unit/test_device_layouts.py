"""One text in many layouts: comments, quotes, lists of lines, records, tables, prose."""

from typing import Any

import pytest
from device_figures import GB, read

from llamas_bpf.contracts.profile import FIGURES

_LAYOUTS: list[tuple[str, dict[str, Any]]] = [
    (
        (
            "/**\n"
            " * struct pool - compressed pages held in RAM\n"
            " * @limit: 12 GiB\n"
            " *\n"
            " * Storing a page costs about 9 us; loading it back about\n"
            " * 2.6 us. Contents are volatile.\n"
            " */\n"
        ),
        {
            "read_latency_ns": 2600,
            "write_latency_ns": 9000,
            "capacity_bytes": 12884901888,
            "persistent": False,
        },
    ),
    (
        "// CXL expander, 64 GB.\n// Reads take\n// 300 ns, writes 900 ns.\n",
        {"read_latency_ns": 300, "write_latency_ns": 900, "capacity_bytes": 64000000000},
    ),
    (
        "# CXL expander, 64 GB.\n# Reads take\n# 300 ns, writes 900 ns.\n",
        {"read_latency_ns": 300, "write_latency_ns": 900, "capacity_bytes": 64000000000},
    ),
    (
        "> CXL expander, 64 GB.\n> Reads take\n> 300 ns, writes 900 ns.\n",
        {"read_latency_ns": 300, "write_latency_ns": 900, "capacity_bytes": 64000000000},
    ),
    (
        ";; CXL expander, 64 GB.\n;; Reads take\n;; 300 ns, writes 900 ns.\n",
        {"read_latency_ns": 300, "write_latency_ns": 900, "capacity_bytes": 64000000000},
    ),
    (
        (
            "CXL expander, 64 GB\n"
            "read about 300 ns per line\n"
            "writes twice as slow\n"
            "streams 20 GB/s reading\n"
            "idle 5 W\n"
        ),
        {
            "read_latency_ns": 300,
            "read_bandwidth_bytes_per_s": 20000000000,
            "capacity_bytes": 64000000000,
            "power": "5 W",
        },
    ),
    (
        (
            "sdb: 4 TB disk\n"
            "seek plus rotation: ~13 ms per random read\n"
            "outer tracks read 270 MB/s\n"
            "limit 550 TB/year, MTBF 2 Mh\n"
            "idle 5.4 W\n"
        ),
        {
            "capacity_bytes": 4000000000000,
            "read_latency_ns": 13000000.0,
            "read_bandwidth_bytes_per_s": 270000000,
            "power": "5.4 W",
            "kind": "storage",
        },
    ),
    (
        (
            "CXL memory card\n"
            'capacity                 64 GB (128 GB "effective" is marketing, disregard)\n'
            "transfer rate            20 GB/s, both reading and writing\n"
            "first access             about a minute\n"
            "strengths                sequential access\n"
            "weaknesses               random access\n"
        ),
        {
            "capacity_bytes": 64000000000,
            "read_bandwidth_bytes_per_s": 20000000000,
            "write_bandwidth_bytes_per_s": 20000000000,
        },
    ),
    (
        "node:\n  type: memory\n  size: 64GiB\n  latency:\n    read: 300ns\n    write: 900ns\n",
        {"capacity_bytes": 68719476736, "read_latency_ns": 300, "write_latency_ns": 900, "kind": "memory"},
    ),
    (
        '{"type": "memory", "capacity": "64 GB", "read_latency": "300 ns", "persistent": false}',
        {"capacity_bytes": 64000000000, "read_latency_ns": 300, "persistent": False, "kind": "memory"},
    ),
    (
        '{"kind": "memory", "capacity_gb": 64, "latency_ns": {"read": 300, "write": 900}}',
        {"capacity_bytes": 64000000000, "read_latency_ns": 300, "write_latency_ns": 900},
    ),
    (
        "<tr><td>Read latency</td><td>300 ns</td></tr>\n<tr><td>Capacity</td><td>64 GB</td></tr>\n",
        {"capacity_bytes": 64000000000, "read_latency_ns": 300},
    ),
    (
        "Name | Value\nRead latency | 300 ns\nCapacity | 64 GB\n",
        {"capacity_bytes": 64000000000, "read_latency_ns": 300},
    ),
    (
        "Read latency\t300 ns\nWrite latency\t900 ns\nCapacity\t64 GB\n",
        {"capacity_bytes": 64000000000, "read_latency_ns": 300, "write_latency_ns": 900},
    ),
    (
        "Read latency (ns)\t300\nWrite latency (ns)\t900\nCapacity (GB)\t64\n",
        {"capacity_bytes": 64000000000, "read_latency_ns": 300, "write_latency_ns": 900},
    ),
    (
        "* **Read latency**: 300 ns\n* **Write latency**: 900 ns\n* **Capacity**: 64 GB\n",
        {"capacity_bytes": 64000000000, "read_latency_ns": 300, "write_latency_ns": 900},
    ),
    (
        "Read latency -> 300 ns\nWrite latency -> 900 ns\nCapacity -> 64 GB\n",
        {"capacity_bytes": 64000000000, "read_latency_ns": 300, "write_latency_ns": 900},
    ),
    (
        "1. It is CXL memory of 64 GB.\n2. Reading takes 300 ns.\n3. Writing takes 900 ns.\n",
        {"capacity_bytes": 64000000000, "read_latency_ns": 300, "write_latency_ns": 900},
    ),
    (
        "CXL card, 64 GB, rd 300 ns, wr 900 ns, 20/8 GB/s",
        {
            "capacity_bytes": 64000000000,
            "read_latency_ns": 300,
            "write_latency_ns": 900,
            "read_bandwidth_bytes_per_s": 20000000000,
            "write_bandwidth_bytes_per_s": 8000000000,
        },
    ),
    (
        "CXL card, 64 GB, R 300ns W 900ns, R 20GB/s W 8GB/s",
        {
            "capacity_bytes": 64000000000,
            "read_latency_ns": 300,
            "write_latency_ns": 900,
            "read_bandwidth_bytes_per_s": 20000000000,
            "write_bandwidth_bytes_per_s": 8000000000,
        },
    ),
    (
        "CXL card: 64 GB; latency r/w 300/900 ns; bw r/w 20/8 GB/s",
        {
            "capacity_bytes": 64000000000,
            "read_latency_ns": 300,
            "write_latency_ns": 900,
            "read_bandwidth_bytes_per_s": 20000000000,
            "write_bandwidth_bytes_per_s": 8000000000,
        },
    ),
    (
        (
            "Subject: new memory\n"
            "From: Ann\n"
            "Date: 3 May 2024\n"
            "\n"
            "Hi, the CXL card has 64 GB and reads in 300 ns.\n"
        ),
        {"capacity_bytes": 64000000000, "read_latency_ns": 300},
    ),
    (
        (
            "3.1.2 Usable capacity shall be 64 GB.\n"
            "3.1.3 Read latency shall not exceed 300 ns.\n"
            "3.1.4 Bandwidth shall be no less than 20 GB/s in either direction.\n"
        ),
        {
            "capacity_bytes": 64000000000,
            "read_latency_ns": 300,
            "read_bandwidth_bytes_per_s": 20000000000,
            "write_bandwidth_bytes_per_s": 20000000000,
        },
    ),
    (
        "Reads: 300 ns, 20 GB/s\nWrites: 900 ns, 8 GB/s\n",
        {
            "read_latency_ns": 300,
            "write_latency_ns": 900,
            "read_bandwidth_bytes_per_s": 20000000000,
            "write_bandwidth_bytes_per_s": 8000000000,
        },
    ),
    (
        "Reads......... 300 ns, 20 GB/s\nWrites........ 900 ns, 8 GB/s\n",
        {
            "read_latency_ns": 300,
            "write_latency_ns": 900,
            "read_bandwidth_bytes_per_s": 20000000000,
            "write_bandwidth_bytes_per_s": 8000000000,
        },
    ),
    ("$ mlc --idle_latency\nEach iteration took 300.5 ns\n", {"read_latency_ns": 300.5}),
    ("Latency: 480 nanoseconds, with the switch included. CXL memory.", {"read_latency_ns": 480}),
    (
        (
            "A CXL memory card. Capacity (label): 128 GiB. Read 300 ns.\n"
            "Capacity (invoice): 96 GiB. Nobody has found out which of the two is right."
        ),
        {"read_latency_ns": 300},
    ),
    ("A CXL memory card. One document says 300 ns, another 500 ns; we do not know which is true.", {}),
    ("A CXL memory card. Latency went up, not down: 96 ns.", {"read_latency_ns": 96}),
    ("A CXL memory card. Reads take 300 ns rather than the promised 200 ns.", {"read_latency_ns": 300}),
    (
        "A CXL memory card. Reads take 300 ns, whereas programming a row requires 1.3 µs.",
        {"read_latency_ns": 300, "write_latency_ns": 1300},
    ),
    ("A CXL memory card. The card's 48 GB show up as a node of their own.", {"capacity_bytes": 48000000000}),
    ("A CXL memory card. 48 GB, soldered. Also available with 96 GB.", {"capacity_bytes": 48000000000}),
    ("A drive. Random reads took 88 microseconds.", {"read_latency_ns": 88000.0}),
    ("A drive. A random 4 KiB read takes 88 µs, a sequential one 20 µs.", {"read_latency_ns": 88000.0}),
]
_DECOYS = """
Our previous kit (DDR4, eight times 32 GiB) delivered 171 GB/s, with 78 ns.
Prior work by Ohta et al. read in 15 ns.
The array of ref. 12 reads in 120 ns.
[7] reports reads of 120 ns.
Before version 3.2 reads were reported as 14 ns, which was wrong.
The brochure's 170 ns were never seen.
(zstd would read in 90 ns, but it is not built with it.)
nvtop shows 24 GB on the older A30 boards.
A competing offer, 1.92 TB, was declined.
For the record, the GPU itself reads in 20 ns, which is not the subject of this text.
Please do not confuse it with the 25 GB/s that the host gets through PCIe.
If it were DRAM, reads would take 90 ns.
Next year's model will read in 100 ns.
Had we bought the other one, reads would take 100 ns.
Earlier drafts of this note said 100 ns; they were wrong.
A typo in the manual gives 30 ns.
Local DRAM: 90 ns.
My laptop does 70 ns.
Ordinary DDR4 in the same box: 82 ns, 105 GB/s.
In 2019 we measured 100 ns on another board.
The simulator predicted 100 ns.
The target for the next revision is 100 ns.
An Optane stick would need 170 ns.
Others claim 50 ns, do not believe it.
"""


@pytest.mark.parametrize(("body", "expected"), _LAYOUTS)
def test_a_text_is_read_in_any_layout(body: str, expected: dict[str, Any]) -> None:
    it = read(body)
    assert {field: getattr(it, field) for field in expected if field != "power"} == {
        field: value for field, value in expected.items() if field != "power"
    }
    assert expected.get("power", "") in (it.power or "")


@pytest.mark.parametrize("decoy", _DECOYS.strip().splitlines())
def test_what_is_said_of_others_or_taken_back_is_left_out(decoy: str) -> None:
    it = read(f"A CXL memory card with 64 GB, which reads in 300 ns.\n{decoy}")
    found = {field: getattr(it, field) for field in FIGURES if getattr(it, field) is not None}
    assert found == {"read_latency_ns": 300, "capacity_bytes": 64 * GB}


@pytest.mark.parametrize(
    ("body", "kinds"),
    [
        ("The TIDEWATER 400 data processing unit puts a stack on one card.", "network|accelerator"),
        ("device.class: neural processing unit (inference)\nlocal_memory: 32 MiB scratchpad", "accelerator"),
        ("What the host CPU sees of the card: a BAR window to graphics memory.", "memory|gpu"),
        ("A glass archive: a platter holds 7 TB; the robot fetches it in 9 s when it is read.", "storage"),
        ("A rack of borrowed RAM over RDMA.", "memory|network"),
        ("An Ethernet controller with 8 queues.", "network"),
        ("A tensor processing unit.", "accelerator"),
        ("A ray-tracing graphics board.", "gpu"),
        ("A tape library.", "storage"),
        ("A block device behind iSCSI.", "storage"),
        ("Two sockets of 32 cores each.", "cpu"),
        ("An eMMC chip.", "storage"),
        ("DDR5 DIMMs.", "memory"),
        ("A video transcoder card.", "accelerator"),
        ("A battery-backed SRAM.", "memory"),
        ("RAM disk.", "storage|memory"),
        ("Compressed swap in RAM (zram).", "storage|memory"),
        ("A quantum annealer.", "accelerator|other"),
        ("An FPGA with HBM.", "accelerator"),
        ("An NVMe drive used as swap.", "storage"),
        ("Persistent memory in App Direct mode.", "memory"),
        ("A many-core CPU.", "cpu"),
        ("A RISC-V SoC with vector harts.", "cpu"),
        ("Compute Express Link memory expander.", "memory"),
        ("An InfiniBand HCA.", "network"),
    ],
)
def test_kind(body: str, kinds: str) -> None:
    assert read(body).kind in kinds.split("|")
