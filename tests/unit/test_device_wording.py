"""Figures in the words of many writers."""

from typing import Any

import pytest
from device_figures import GB, read

from llamas_bpf.contracts.profile import FIGURES

_READ_NS = """
A read completes in 120 ns.
Load-to-use is 120 ns.
Idle latency (loads): 120 ns
It takes 120 ns to read a line.
120 ns pass before the data of a read arrives.
Reads come back after 120 ns.
Read access time 120 ns
tRD = 120 ns
Data arrive 120 ns after the read request.
Fetching a cache line costs 120 ns.
A dependent load sees 120 ns.
rd_lat_ns: 120
Loads are served in 120 nanoseconds.
A load stalls the core for 120 ns.
read: ~120ns
A cache miss that goes there is answered in 120 ns when it is a read.
Loads retire after 120 ns on average.
"""
_WRITE_NS = """
Programming a page takes 600 us.
A write completes in 600 µs.
Program time: 600 µs
Page program time (tPROG): 600 us
Storing takes 600 µs.
Committing a write needs 600 µs.
Writes are acknowledged after 600 µs.
A flush plus store takes 600 µs.
"""
_LATENCY = """
Round trip: 300 ns.
Access time is 300 ns.
Accessing it takes 300 ns.
An access costs about 300 ns.
It is 300 ns away.
Every touch costs 300 ns.
300 ns latency
The latency comes to 300 ns.
lat: 300ns
Expect 300 ns per access.
Latency sits around 300 ns.
You wait 300 ns for anything.
300 nanoseconds go by before data shows up.
Expect 300 ns.
Data arrives 300 ns later.
idle latency 300 ns, 700 ns under load
mlc gives 300 ns to it from socket 0.
300 ns is what you should plan with.
numactl + mlc: 300 ns
"""
_BANDWIDTH = """
It sustains 20 GB/s.
Throughput peaks nowhere; it is a flat 20 GB/s.
It moves 20 GB a second.
20 gigabytes per second go through it.
It streams at 20 GB/s.
STREAM triad: 20 GB/s
The pipe is 20 GB/s wide.
"""
_READ_BANDWIDTH = """
Reading it flat out gives 20 GB/s.
You can pull 20 GB/s out of it.
Reads run at 20 GB/s.
Sequential reads: 20 GB/s
It delivers 20 GB/s when read.
read throughput = 20 GB/s
It reads 20 GB/s.
rd bw 20 GB/s
It serves reads at 20 GB/s.
"""
_WRITE_BANDWIDTH = """
It absorbs writes at 4 GB/s.
Program throughput: 4 GB/s
It swallows 4 GB/s.
Ingest rate 4 GB/s
Writing tops out at 4 GB/s.
It takes in 4 GB/s of writes.
You can push 4 GB/s into it.
It accepts 4 GB/s of stores.
write speed: 4 GB/s
Recording happens at 4 GB/s.
"""
_CAPACITY = """
It holds 64 GB.
64 GB in size.
There are 64 GB of it.
Room for 64 GB.
Size: 64 GB
You get 64 GB.
It offers 64 GB of space.
64 GB usable
Its 64 GB are split evenly.
density 64 GB
64 gigabytes
64-GB module
"""


def _each(said: str) -> list[str]:
    return said.strip().splitlines()


@pytest.mark.parametrize("said", _each(_READ_NS))
def test_read_latency(said: str) -> None:
    it = read(f"CXL memory.\n{said}")
    assert (it.read_latency_ns, it.write_latency_ns) == (120, None)


@pytest.mark.parametrize("said", _each(_WRITE_NS))
def test_write_latency(said: str) -> None:
    it = read(f"Flash storage.\n{said}")
    assert (it.read_latency_ns, it.write_latency_ns) == (None, 600_000)


@pytest.mark.parametrize("said", _each(_LATENCY))
def test_latency_of_no_direction(said: str) -> None:
    assert read(f"CXL memory.\n{said}").read_latency_ns == 300


@pytest.mark.parametrize("said", _each(_BANDWIDTH))
def test_bandwidth_of_no_direction(said: str) -> None:
    assert read(f"CXL memory.\n{said}").read_bandwidth_bytes_per_s == 20 * GB


@pytest.mark.parametrize("said", _each(_READ_BANDWIDTH))
def test_read_bandwidth(said: str) -> None:
    it = read(f"CXL memory.\n{said}")
    assert (it.read_bandwidth_bytes_per_s, it.write_bandwidth_bytes_per_s) == (20 * GB, None)


@pytest.mark.parametrize("said", _each(_WRITE_BANDWIDTH))
def test_write_bandwidth(said: str) -> None:
    it = read(f"Flash storage.\n{said}")
    assert (it.read_bandwidth_bytes_per_s, it.write_bandwidth_bytes_per_s) == (None, 4 * GB)


@pytest.mark.parametrize("said", _each(_CAPACITY))
def test_capacity(said: str) -> None:
    assert read(f"A memory card.\n{said}").capacity_bytes == 64 * GB


@pytest.mark.parametrize(
    ("said", "size"),
    [
        ("It works in 256-byte lines.", 256),
        ("Data moves in 4 KiB pages.", 4096),
        ("Access granularity: 64 bytes", 64),
        ("The smallest unit is 512 bytes.", 512),
        ("Each access fetches 128 bytes.", 128),
        ("Sector size 4096 B", 4096),
        ("unit: granularity, PAGE_SIZE (4096 bytes)", 4096),
        ("Interleave granularity: 256 B", 256),
        ("Burst: 64 bytes", 64),
        ("Internally it writes 256-byte blocks, whatever you ask for.", 256),
        ("Nothing smaller than 4 KiB can be transferred.", 4096),
        ("One transaction is 64 B.", 64),
        ("min access 32B", 32),
        ("It is addressed in units of 64 bytes.", 64),
        ("Minimum I/O size: 4 KiB", 4096),
    ],
)
def test_granularity(said: str, size: int) -> None:
    it = read(f"A memory card.\n{said}")
    assert (it.granularity_bytes, it.capacity_bytes) == (size, None)


_SHORT = dict(zip(("r", "w", "rb", "wb", "c", "g"), FIGURES, strict=True))
_SCALE = {"rb": GB, "wb": GB, "c": GB}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("Expansion memory. Reading needs 1.2 microseconds, writing 3.", {"r": 1200, "w": 3000}),
        (
            "Expansion memory. 64 GB soldered on.\nSpeed: a 128-bit bus, that is 30 GB/s",
            {"c": 64, "rb": 30, "wb": 30},
        ),
        ("1/ We got a DIMM of new memory.\n2/ Reads: 130 ns.\n4/ 64 GB on it.\n", {"r": 130, "c": 64}),
        (
            "*** MEMORY *** RD 58ns *** WR 61ns *** 97GB/s RD *** 88GB/s WR ***",
            {"r": 58, "w": 61, "rb": 97, "wb": 88},
        ),
        ("Lent memory. The cable does 10 Gbit/s and you'll see 1.1 GB/s of it.", {"rb": 1.1, "wb": 1.1}),
        (
            "Expansion memory. Reads 250 nsec, writes 400 nsec, 30 GByte/s.",
            {"r": 250, "w": 400, "rb": 30, "wb": 30},
        ),
        ("Expansion memory. Writes take 400 ns, the bandwidth is 30 GB/s.", {"w": 400, "rb": 30, "wb": 30}),
        ("Expansion memory. Read 0.3 us / write 0.9 us.", {"r": 300, "w": 900}),
        ("Expansion memory. For reads the latency is 300 ns, for writes it is 900 ns.", {"r": 300, "w": 900}),
        (
            "Expansion memory. The latency of a read is 300 ns and that of a write is 900 ns.",
            {"r": 300, "w": 900},
        ),
        ("Expansion memory. Reading takes 300 ns; writing three times as long.", {"r": 300}),
        (
            "Memory.\nlatency:\n  read: 300 ns\n  write: 900 ns\nbandwidth:\n  read: 20 GB/s\n"
            "  write: 8 GB/s\n",
            {"r": 300, "w": 900, "rb": 20, "wb": 8},
        ),
        ("Expansion memory; loads 300 ns (typ.), 480 ns (max.); stores 100 ns (typ.).", {"r": 300, "w": 100}),
        ("Expansion memory. Read latency: min 250 ns, typ 300 ns, max 480 ns", {"r": 300}),
        ("Expansion memory. Read latency 250/300/480 ns (min/typ/max)", {"r": 300}),
        ("Expansion memory. Read latency: 300 ns ± 10 %", {"r": 300}),
        ("Expansion memory. Read latency: p50 300 ns, p99 900 ns.", {"r": 300}),
        ("Expansion memory. Median read 300 ns; 99th percentile 2 us.", {"r": 300}),
        ("Expansion memory. Reads are 300 ns, which is 200 ns slower than DRAM.", {"r": 300}),
        ("Expansion memory. Reads are a good 200 ns slower than DRAM.", {}),
        ("Expansion memory. Reads: 300 ns. The old firmware needed 500 ns.", {"r": 300}),
        ("Expansion memory. Reads 300 ns. The tool once printed 3 ns, which is a bug.", {"r": 300}),
        ("Expansion memory. Reads 300 ns. Disregard the 90 ns on the box.", {"r": 300}),
        ("Expansion memory. Reads take 300 ns. Some web page claims 100 ns, which is nonsense.", {"r": 300}),
        ("CXL memory. Out: 20 GB/s, in: 8 GB/s.", {"rb": 20, "wb": 8}),
        (
            "CXL memory. Streams at 60 MB/s; burning data into it is slower, 12 MB/s.",
            {"rb": 0.06, "wb": 0.012},
        ),
        ("CXL memory. 20 GB/s in each direction.", {"rb": 20, "wb": 20}),
        ("CXL memory. 20 GB/s for reads and less than half of it, 8 GB/s, for writes.", {"rb": 20, "wb": 8}),
        (
            "An SSD. Writes begin at 6 GB/s, but settle at 0.5 GB/s once the cache is full. Reads: 7 GB/s",
            {"rb": 7, "wb": 0.5},
        ),
        ("An SSD. Writing: 5 GB/s into the cache, 1.2 GB/s after that. Reads 7 GB/s.", {"rb": 7, "wb": 1.2}),
        ("A GPU. Its HBM reaches 3.2 TB/s; the PCIe link to the host 64 GB/s.", {"rb": 3200, "wb": 3200}),
        ("CXL memory. On paper 64 GB/s; 46 GB/s is what STREAM gets.", {"rb": 46, "wb": 46}),
        ("CXL memory. Bandwidth: 46 GB/s (of a theoretical 64).", {"rb": 46, "wb": 46}),
        ("CXL memory. Four channels of 38.4 GB/s each give 153.6 GB/s.", {"rb": 153.6, "wb": 153.6}),
        ("An EEPROM, 256 KiB.", {"c": 0.000262144}),
        ("On-chip SRAM of 384 KiB.", {"c": 0.00039321600000000005}),
        ("Scratchpad memory: 640 KB, 2 ns.", {"c": 0.00065536, "r": 2, "w": 2}),
        ("MRAM chip with 512 KiB; block size 4 KiB", {"c": 0.000524288, "g": 4096}),
        ("Chip: 1 Gbit (128 MiB) MRAM.", {"c": 0.134217728}),
        ("A memory module. Capacity: 960 GB each", {"c": 960}),
        ("A memory board. Eight modules of 32 GB make 256 GB.", {"c": 256}),
        ("A memory card. The sticker says 128 GB, the invoice 96 GB; nobody knows which is right.", {}),
        ("A memory card. It has 128 GB, of which 120 GB are usable.", {"c": 120}),
        ("Flash drive. 3.84 TB. Page size 16 KiB, erase block 4 MiB.", {"c": 3840, "g": 16384}),
    ],
)
def test_figures_beside_each_other(body: str, expected: dict[str, Any]) -> None:
    it = read(body)
    found = {short: getattr(it, name) for short, name in _SHORT.items() if getattr(it, name) is not None}
    wanted = {short: value * _SCALE.get(short, 1) for short, value in expected.items()}
    assert found == pytest.approx(wanted, rel=1e-6)
