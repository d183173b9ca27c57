"""Whose figure it is: the device's, its host's, a neighbour's, or one's that it replaced."""

import pytest
from device_figures import NONE, figures


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("An expander with 256 GB. This DDR5 module answers in 250 ns.", (250, 250, None, None, 256)),
        ("A GPU for training. An HBM stack next to the GPU gives 3 TB/s.", (None, None, 3000, 3000, None)),
        ("Our expander. Inside are DDR4 chips, so that it reads in 300 ns.", (300, None, None, None, None)),
        ("The card. It is built from NAND flash and reads in 80 us.", (80000, None, None, None, None)),
        ("A drive. The flash reads in 60 us. The DRAM cache is small.", (60000, None, None, None, None)),
        ("The pool. Its DRAM answers in 400 ns.", (400, 400, None, None, None)),
        ("A box with memory. DDR5 memory inside it, 512 GB, latency 300 ns.", (300, 300, None, None, 512)),
        # Another's all the same.
        (
            "A card with 24 GB. My neighbour's 4090 does 1 TB/s. This one does 300 GB/s.",
            (None, None, 300, 300, 24),
        ),
        ("It does 300 GB/s. My friend's card does 1 TB/s.", (None, None, 300, 300, None)),
        ("A colleague gets 1 TB/s on his GPU; ours gives 300 GB/s.", (None, None, 300, 300, None)),
        ("Reads take 250 ns. Someone on a forum reports 90 ns for theirs.", (250, None, None, None, None)),
        ("Reads take 250 ns. The DRAM beside it reads in 90 ns.", (250, None, None, None, None)),
        ("An expander. Local DDR5 answers in 90 ns.", NONE),
        ("Their 7900 does 960 GB/s. Mine does 500 GB/s.", (None, None, 500, 500, None)),
        ("It does 300 GB/s; the one in the other server does 1 TB/s.", (None, None, 300, 300, None)),
        ("Optane beside our DDR4. Reads take 300 ns, DDR4 takes 80 ns.", (300, None, None, None, None)),
        ("An expander with a DDR4 module. Reading its DDR4 takes 300 ns.", (300, None, None, None, None)),
        ("A board built of MRAM. MRAM reads in 45 ns.", (45, None, None, None, None)),
        ("HBM on package. Bandwidth 700 GB/s. DDR5: 250 GB/s.", (None, None, 700, 700, None)),
        ("The GPU's GDDR6 has 24 GB.", (None, None, None, None, 24)),
        # Other variants.
        ("A card with 48 GB. The 24 GB version is cheaper.", (None, None, None, None, 48)),
        ("Available in 64, 128 and 256 GB; this one is the 128 GB version.", (None, None, None, None, 128)),
        ("The faster model does 1 TB/s. Ours does 600 GB/s.", (None, None, 600, 600, None)),
        # What stands beside it, and earlier times.
        ("A scratchpad; reads take 12 ns. The L3 beside it needs 40 ns.", (12, None, None, None, None)),
        ("The card next to it has 12 GB. This one has 48 GB.", (None, None, None, None, 48)),
        ("Latency was 400 ns with the old firmware; now it is 250 ns.", (250, 250, None, None, None)),
        ("Latency 250 ns (was 400 ns before the update).", (250, 250, None, None, None)),
        ("Reviewers got 90 GB/s. In our machine it is 70 GB/s.", (None, None, 70, 70, None)),
        # A replaced product.
        ("It replaces a module with 64 GB. It has 256 GB.", (None, None, None, None, 256)),
        (
            "This replaced our 64 GB board, which read in 400 ns. It reads in 200 ns and has 128 GB.",
            (200, None, None, None, 128),
        ),
        ("256 GB, replacing 64 GB of slower memory.", (None, None, None, None, 256)),
        (
            "The 64 GB stick it took the place of read in 400 ns. This one reads in 200 ns.",
            (200, None, None, None, None),
        ),
        ("We swapped out the 512 GB drive. The new one has 2 TB.", (None, None, None, None, 2000)),
        # The host's.
        ("A GPU with 24 GB. The host has 512 GB of RAM.", (None, None, None, None, 24)),
        ("A GPU with 24 GB, in a server with 512 GB of memory.", (None, None, None, None, 24)),
        ("An accelerator, 16 GB on board; the machine it sits in has 256 GB.", (None, None, None, None, 16)),
        ("A card. System memory: 256 GB. On-board memory: 16 GB.", (None, None, None, None, 16)),
        (
            "The server it is in has 384 GB of memory. The card itself has 48 GB.",
            (None, None, None, None, 48),
        ),
        ("A GPU. Host memory is 512 GB.", NONE),
        ("Host: 512 GB at 300 GB/s. This card: 200 GB/s.", (None, None, 200, 200, None)),
        ("In the box: 2 TB of DRAM. The accelerator does 10 TB/s.", (None, None, 10000, 10000, None)),
        ("HBM. 80 GB; 300 ns to read. The server's DDR5 has 512 GB.", (300, None, None, None, 80)),
        ("A workstation with 128 GB of RAM holds this card.", NONE),
    ],
)
def test_a_figure_is_the_devices_own(body: str, expected: tuple[float | None, ...]) -> None:
    assert figures(body) == pytest.approx(expected)
