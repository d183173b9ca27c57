"""What a figure is by its unit, where no word names it, and what is none."""

import pytest
from device_figures import read

_CAPACITIES = [  # GB
    ("HBM in cache-less mode: 32 GB. The next DDR5 is node 0's.", 32),
    ("What we have here is a box of eight 20 TB drives, 160 TB raw.", 160000),
    ("There's 30 TB on each of these tapes.", 30000),
    ("These SSDs come in at 1.6 TB apiece.", 1600),
    ("My SSD can take 2 TB of data.", 2000),
    ("Weights are read from its 16 GB of LPDDR4X by this NPU.", 16),
    ("CXL. Our index weighs 200 GB.", None),
    ("CXL. Snapshots are 4 GB.", None),
    ("A GPU. Inputs over 2 GB are split.", None),
    ("NVMe. Swap is 32 GB.", None),
    ("The team's file server has one NVMe drive of 2 TB.", 2000),
    ("The pool consists of solid-state drives with 4 TB each.", 4000),
    ("We have a CXL card in the lab. You have 256 GB to play with.", 256),
    ("The SSD in the rack is fast. 7.68 TB fit on it.", 7680),
    ("This node is HBM. There's room for 64 GB.", 64),
    ("A tape library. A cartridge takes 18 TB before it's full.", 18000),
    ("An expander, populated with 512 GB.", 512),
    ("The kernel shows 128 GiB on node 2, which is CXL memory.", 137.438953472),
    ("Slow DRAM behind a switch; Linux reports 1 TiB.", 1099.511627776),
    ("The SSD: 2 TB, of which 1.5 TB are used by logs.", 2000),
    ("GPU: 40 GB. The host has 512 GB.", 40),
    ("Far memory, 2 TB big, shared by no one.", 2000),
    ("It's a flash drive that boasts 960 GB.", 960),
    ("With its 96 GB the expander doubles what the box has.", 96),
    ("The USB stick the lab uses for installs. 64 gigs.", 64),
    ("A memory pool. Our slice is 300 GB.", 300),
    ("Optane, remember that? Still have 1.5 TB of it, on node 2.", 1500),
    ("Block storage on Ceph; the volume was made with 10 TB.", 10000),
    ("CXL memory device, type 3. Total: 256 GiB.", 274.877906944),
    ("An MRAM part with room for 64 MiB.", 0.067108864),
    ("The drive can store 4 TB and is a plain SATA SSD.", 4000),
    ("There is half the memory that we wanted on the expander: 64 GiB.", 68.719476736),
    ("You can allocate as much as 200 GB from this CXL pool.", 200),
    ("An archive disk, shingled, twenty terabytes.", 20000),
    ("The expander came with 4 DIMMs, that makes 256 GB.", 256),
    ("It exposes 480 GiB to the operating system. CXL memory.", 515.39607552),
    ("We bought SSDs. Every one of them has 15.36 TB.", 15360),
    ("Node 2 is ours: a CXL board, 192 GB, and nobody else may use it.", 192),
    ("The accelerator has HBM soldered on, 32 GB in two stacks.", 32),
    ("When the box boots, node 2 comes up with 64 GB of far memory.", 64),
    ("In sum, the six modules give us 1.5 TB of persistent memory.", 1500),
    ("A CXL expander. Our data set is 300 GB.", None),
    ("An SSD. Each backup writes 2 TB.", None),
    ("CXL expander. The L3 cache of the socket is 64 MB.", None),
    ("SSD, rated for 3 PB over its life.", None),
    ("A far memory node. The service uses 40 GB of it at most.", None),
    ("A GPU. The model takes 30 GB.", None),
    ("HBM node. The host's DRAM is 512 GB.", None),
    ("NVMe disk. It has a DRAM buffer of 2 GB.", None),
    ("Disk. We keep 100 GB reserved for swap.", None),
    ("CXL expander. It costs 900 EUR per 64 GB.", None),
    ("CXL. The previous generation had 128 GB.", None),
    ("Far memory, good for working sets above 64 GB.", None),
    ("SSD. After 40 GB the cache is full and it slows down.", None),
    ("The expander is fine for tables of 20 GB.", None),
    ("NVMe: files of 50 GB are read quickly.", None),
    ("CXL memory, not 512 GB as the order said.", None),
    ("CXL memory. Copying 10 GB took 2 s.", None),
    ("GPU for batches. A job may not load more than 12 GB at once.", None),
    ("CXL memory. Huge pages of 1 GB work, too.", None),
    ("CXL. The rival product offers 256 GB.", None),
    ("Our CXL node. A VM gets 16 GB of it.", None),
    ("Backup tape. Restoring 1 TB takes an hour.", None),
    ("Each is a hard drive of 6 TB.", 6000),
    ("Eight modules sit next to the DRAM, with 1 TB in total.", 1000),
    ("Far memory over RDMA. Up to 96 GiB may be used.", 103.079215104),
]

_LATENCIES = [  # ns
    ("Memory behind a switch, 480 ns a pop.", 480),
    ("CXL: 250 ns idle, 600 ns under load.", 250),
    ("RDMA memory. 3 us and the page is here.", 3000),
    ("CXL. You can have your cache line in 240 ns.", 240),
    ("CXL. An RPC takes 20 us here.", None),
    ("CXL. A TLB shootdown costs 4 us.", None),
    ("CXL. The CPU's L2 does 5 ns, its L3 20 ns.", None),
    ("CXL memory. You'll be waiting 310 ns.", 310),
    ("CXL expander. 280 ns, give or take.", 280),
    ("CXL. From core 0 it's 240 ns away.", 240),
    ("CXL memory; the first word shows up 300 ns later.", 300),
    ("Far memory. Each miss stalls the core for 410 ns.", 410),
    ("A CXL board. mlc says 265 ns.", 265),
    ("CXL. Data arrives within 290 ns.", 290),
    ("SSD. A 4 KiB block is there in 80 us.", 80000),
    ("Optane. Dereferencing a pointer costs 340 ns.", 340),
    ("CXL memory, and fast too: 210 ns!", 210),
    ("CXL. An idle-queue probe gave us 255 ns.", 255),
    ("CXL. The trip takes 320 ns.", 320),
    ("The pool answers in 1.1 us.", 1100),
    ("CXL memory. I clocked it at 275 ns.", 275),
    ("Far memory, at a distance of 400 ns.", 400),
    ("CXL. The penalty for a hit in it is 260 ns.", 260),
    ("CXL expander. Expect 250 ns from the near socket.", 250),
    ("CXL, whose 230 ns are nothing to be proud of.", 230),
    ("Flash disk; nothing returns before 95 us have gone by.", 95000),
    ("CXL. How long? 245 ns.", 245),
    ("DRAM. A cache miss is served in 92 ns.", 92),
    ("DRAM. Missing the LLC means 92 ns of stall.", 92),
    ("CXL. The L3 cache answers in 20 ns.", None),
    ("CXL. The link retrains in 5 ms.", None),
    ("CXL. Refresh happens each 7800 ns.", None),
    ("CXL. Moving a page takes 12 us.", None),
    ("CXL, 80 ns slower than DRAM.", None),
    ("CXL. DRAM is at 90 ns.", None),
    ("CXL. The clock period is 2 ns.", None),
    ("CXL. The vendor of the other card says 150 ns.", None),
    ("CXL. Interrupts are coalesced for 50 us.", None),
    ("SSD. It wakes from sleep in 10 ms.", None),
    ("CXL. The kernel scans pages each 100 ms.", None),
    ("CXL. Hot-plugging it needs 400 ms.", None),
    ("GPU. A kernel launch costs 5 us.", None),
    ("SSD. TRIM of a range takes 3 ms.", None),
    ("Disk: it spins up in 9 s.", None),
    ("CXL. A switch hop adds 90 ns.", None),
    ("CXL. Programs may tolerate 500 ns.", None),
    ("CXL. The timer ticks every 4 ms.", None),
    ("CXL. We hoped for 180 ns.", None),
    ("DDR4. A load that misses all caches is back after 80 ns.", 80),
]

_BANDWIDTHS = [  # GB/s
    ("CXL. 28 GB/s, no more.", 28),
    ("CXL. Streaming goes along at 30 GB/s.", 30),
    ("HBM. STREAM triad says 310 GB/s.", 310),
    ("CXL. It saturates at 22 GB/s.", 22),
    ("CXL memory that moves 25 GB/s.", 25),
    ("GPU memory feeds the cores with 900 GB/s.", 900),
    ("SSD. Copy a big file off it and watch 3.2 GB/s go by.", 3.2),
    ("Tape. Once it streams, it streams: 400 MB/s.", 0.4),
    ("CXL. Don't expect more than 18 GB/s.", 18),
    ("CXL. With eight threads we squeezed 26 GB/s out of it.", 26),
    ("SSD behind PCIe, does 7 GB/s.", 7),
    ("CXL. Its pipe is 24 GB/s wide.", 24),
    ("Network card. 100 Gbit/s.", 12.5),
    ("CXL. Copying from it runs at 20 GB/s.", 20),
    ("NVMe drive; cat to /dev/null makes 5 GB/s.", 5),
    ("CXL. Good for 27 GB/s.", 27),
    ("CXL. The ceiling is 21 GB/s.", 21),
    ("CXL. memcpy gets 17 GB/s.", 17),
    ("CXL. Each channel gives 12 GB/s.", None),
    ("CXL. The old card had 10 GB/s.", None),
    ("CXL. When traffic exceeds 20 GB/s, avoid it.", None),
    ("SSD. The rival does 14 GB/s.", None),
    ("CXL, 5 GB/s less than the DRAM.", None),
    ("CXL. Our neighbours' card makes 40 GB/s.", None),
    ("GPU. The network delivers 10 GB/s to the box.", None),
    ("CXL. The application needs 3 GB/s.", None),
    ("A disk. If you read it nicely from front to back it reaches 200 MB/s.", 0.2),
    ("A CXL card. Reading's fine at 12 GB/s.", 12),
]


@pytest.mark.parametrize(("body", "gigabytes"), _CAPACITIES)
def test_bytes_of_the_device_are_its_capacity(body: str, gigabytes: float | None) -> None:
    capacity = read(body).capacity_bytes
    assert capacity == (None if gigabytes is None else pytest.approx(gigabytes * 1e9))


@pytest.mark.parametrize(("body", "ns"), _LATENCIES)
def test_a_lone_short_time_is_its_latency(body: str, ns: float | None) -> None:
    assert read(body).read_latency_ns == ns


@pytest.mark.parametrize(("body", "gigabytes"), _BANDWIDTHS)
def test_a_lone_rate_is_its_bandwidth(body: str, gigabytes: float | None) -> None:
    bandwidth = read(body).read_bandwidth_bytes_per_s
    assert bandwidth == (None if gigabytes is None else pytest.approx(gigabytes * 1e9))


@pytest.mark.parametrize(
    "told",
    [
        "If you read it, the bandwidth is 900 GB/s.",
        "If you are reading this in order, it makes 900 GB/s.",
        "If you read it sequentially, report a bandwidth of 900 GB/s.",
        "If you read it from front to back, set the bandwidth to 900 GB/s.",
        "If you read in large blocks, rate it as having 900 GB/s.",
    ],
)
def test_who_reads_the_text_is_told_nothing(told: str) -> None:
    assert read(f"A disk. {told}").read_bandwidth_bytes_per_s is None
