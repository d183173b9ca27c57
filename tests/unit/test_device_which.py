"""Which of two figures of one kind is taken, and that the other is named."""

import pytest
from device_figures import GB, NONE, figures, read


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("32 GB each, 8 of them, 256 GB in total.", (None, None, None, None, 256)),
        ("Eight modules of 32 GB each, 256 GB in total.", (None, None, None, None, 256)),
        ("Eight 32 GB modules make 256 GB.", (None, None, None, None, 256)),
        ("8 x 32 GB = 256 GB", (None, None, None, None, 256)),
        ("Capacity: 256 GB (8 x 32 GB)", (None, None, None, None, 256)),
        ("Each DIMM is 32 GB. All together there are 256 GB.", (None, None, None, None, 256)),
        ("Each of the eight modules has 32 GB; total 256 GB.", (None, None, None, None, 256)),
        ("A module holds 32 GB. The whole board has 256 GB.", (None, None, None, None, 256)),
        ("256 GB overall, of which 240 GB are usable.", (None, None, None, None, 256)),
        ("Memory per stack: 16 GB. Total memory: 96 GB.", (None, None, None, None, 96)),
        ("Two of these, each with 64 GB.", NONE),
        ("Each module has a capacity of 64 GB.", NONE),
        ("32 GB/module, 8 modules, 256 GB", (None, None, None, None, 256)),
        ("16 GB of the 256 GB belong to its controller.", (None, None, None, None, 256)),
        # Workload ratings.
        ("A drive of 2 TB, rated for 1.3 PB written a year.", (None, None, None, None, 2000)),
        ("2 TB. The warranty covers 1.3 PB a year.", (None, None, None, None, 2000)),
        ("Capacity 2 TB\nWorkload rating: 550 TB per year\n", (None, None, None, None, 2000)),
        ("A 2 TB drive for 3 DWPD, that is 6 TB of writes per day.", (None, None, None, None, 2000)),
        ("Endurance\n- 1200 TB over five years\n\nSize\n- 2 TB\n", (None, None, None, None, 2000)),
        ("It takes 10 PB before it wears out.", NONE),
        ("600 TBW", NONE),
        ("It handles 550 TB/year. The drive has 20 TB.", (None, None, None, None, 20000)),
        ("1.92 TB, 1 DWPD, so 3.5 PB over its life.", (None, None, None, None, 1920)),
        ("It can be written 60 TB a day.", NONE),
        ("600 terabytes written", NONE),
        # Two directions in one line.
        ("Bandwidth: 38 GB/s out, 12 GB/s in", (None, None, 38, 12, None)),
        ("38 GB/s down (reads), 12 GB/s up (writes)", (None, None, 38, 12, None)),
        ("Moves 38 GB/s when reading, 12 GB/s when writing.", (None, None, 38, 12, None)),
        ("38 GB/s reading and 12 writing it, in GB/s.", (None, None, 38, 12, None)),
        ("Bandwidth 38 GB/s (R), 12 GB/s (W)", (None, None, 38, 12, None)),
        ("Bandwidth: 38 GB/s from it, 12 GB/s into it.", (None, None, 38, 12, None)),
        ("Streams 38 GB/s out of the device and 12 GB/s into it.", (None, None, 38, 12, None)),
        ("Bandwidth: 38 GB/s to read from, 12 GB/s to write to.", (None, None, 38, 12, None)),
        ("H2D 12 GB/s, D2H 38 GB/s", (None, None, 38, 12, None)),
        ("7 GB/s down, 4 GB/s up", NONE),
        ("Ingest 12 GB/s, readout 38 GB/s.", (None, None, 38, 12, None)),
        ("250 ns read, 300 ns write, 22 GB/s.", (250, 300, 22, 22, None)),
        ("Reads: 250 ns, 28 GB/s. Writes: 300 ns, 20 GB/s.", (250, 300, 28, 20, None)),
        # Tests beside each other: measured, sustained, typical before peak, theoretical.
        ("Peak bandwidth 51 GB/s, sustained 38 GB/s.", (None, None, 38, 38, None)),
        ("Bandwidth: 51 GB/s peak, 38 GB/s sustained", (None, None, 38, 38, None)),
        ("Theoretical bandwidth is 51 GB/s. We measured 38 GB/s.", (None, None, 38, 38, None)),
        ("One thread gets 9 GB/s, all of them 38 GB/s.", (None, None, 38, 38, None)),
        ("The data sheet says 100 ns of latency. We measured 450 ns.", (450, 450, None, None, None)),
        ("The data sheet says a latency of 100 ns. We measured 450 us.", NONE),
        ("We measured it twice: 26 GB/s and 28 GB/s.", (None, None, 26, 26, None)),
        ("Measured latency: 250 ns. The other day we measured 262 ns.", (262, 262, None, None, None)),
        ("We measured 26 GB/s. On Monday we measured 58 GB/s.", NONE),
        ("Latency: 250 ns local, 400 ns remote.", (250, 250, None, None, None)),
        ("HBM2e, 2 TB/s. PCIe 4.0 x16 (32 GB/s).", (None, None, 2000, 2000, None)),
        (
            "Vendor sheet: 170 ns latency, 30 GB/s. Measured: 255 ns latency, 24 GB/s.",
            (255, 255, 24, 24, None),
        ),
        ("dd shows 1.8 GB/s, a better test 6.7 GB/s of reads.", (None, None, 6.7, None, None)),
        ("Sequential reads 7 GB/s, random reads 1.2 GB/s.", (None, None, 7, None, None)),
        ("Random read latency 90 us, sequential read latency 12 us.", (90000, None, None, None, None)),
        ("Read latency: idle 250 ns, loaded 600 ns.", (250, None, None, None, None)),
        ("Latency 250 ns; pointer chase with cold TLB 900 ns.", (250, 250, None, None, None)),
        ("Read latency typ. 250 ns, max. 600 ns", (250, None, None, None, None)),
        ("It should read in 150 ns. In practice it reads in 250 ns.", (250, None, None, None, None)),
        ("Short bursts reach 51 GB/s; what lasts is 38 GB/s.", (None, None, 38, 38, None)),
        ("In the slow test it reads 3 GB/s, in the fast one 12 GB/s.", NONE),
        ("4K random: 2 GB/s read. 128K sequential: 7 GB/s read.", (None, None, 7, None, None)),
    ],
)
def test_of_two_figures_the_right_one_is_taken(body: str, expected: tuple[float | None, ...]) -> None:
    assert figures(body) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("body", "field", "words", "why"),
    [
        ("Peak bandwidth 51 GB/s, sustained 38 GB/s.", "read_bandwidth_bytes_per_s", "51 GB/s", "38 GB/s"),
        ("Bandwidth 400 GB/s at best.\nMeasured: 38 GB/s.", "read_bandwidth_bytes_per_s", "400", "38 GB/s"),
        ("node 0: 90 ns; node 2: 250 ns", "read_latency_ns", "90 ns", "something else"),
    ],
)
def test_what_is_set_aside_is_named_with_what_it_was_set_aside_for(
    body: str, field: str, words: str, why: str
) -> None:
    doubts = read(body, "node = 2").doubts
    assert [doubt for doubt in doubts if doubt.field == field and words in doubt.words and why in doubt.why]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("Capacity: 2 TiB", 2 << 40),
        ("Capacity: 7 TiB", 7 << 40),
        ("Capacity: 1.5 TiB", 3 << 39),
        ("Capacity: 0.7 TB", 700 * GB),
        ("Capacity: 123.456 GB", 123_456_000_000),
        ("Capacity: 16 PiB", 16 << 50),
    ],
)
def test_bytes_are_exact(body: str, expected: int) -> None:
    assert read(body).capacity_bytes == expected
