"""What a device is, where its text names other devices in passing."""

import pytest
from device_figures import read

_KINDS = [
    ("The crypto card is neither a GPU nor a CPU.", "accelerator"),
    ("This disk is neither memory nor a CPU's friend.", "storage"),
    ("The laptop's chip: 4 big and 4 little cores, plus an integrated GPU.", "cpu"),
    ("Extra memory for the CPU, attached over CXL.", "memory"),
    ("Battery-backed DIMMs. They're memory, not a disk.", "memory"),
    ("Zoned SSD. Do not treat it like memory.", "storage"),
    ("Type: SSD\nCapacity: 2 TB\nDRAM cache: 2 GB\n", "storage"),
    (
        "The nodes have one processor with 24 cores. Matrices do not suit it; the GPU beside it is faster.",
        "cpu",
    ),
    (
        "### FPGA accelerator card\n\n* On-board memory: 16 GB DDR4\n* Memory bandwidth: 38 GB/s",
        "accelerator",
    ),
    (
        "The cold pool is made of big solid-state drives. One reads at 7 GB/s.",
        "storage",
    ),
    ("The GPU's neighbour in this box is an FPGA. It has 8 GB of DDR4.", "accelerator"),
    ("This CPU has eight cores and, on the side, a small GPU nobody uses.", "cpu"),
    ("The network card of the GPU nodes. 200 Gbit/s.", "network"),
    ("Our storage box: NVMe drives in front of a memory cache.", "storage"),
    ("This is a video encoder. It sits in the GPU node and takes load off the CPU.", "accelerator"),
    ("We use this graphics card, with 24 GB GDDR6 memory, next to two NVMe drives.", "gpu"),
    ("About the memory on the GPU: HBM3, 80 GB.", "memory"),
    ("A solid-state disk whose DRAM cache is 2 GB.", "storage"),
    ("Dual-port NIC for the storage network, which also carries the memory traffic.", "network"),
    ("# DSP accelerator\n\nMemory: 4 GB\nMemory bandwidth: 20 GB/s\n", "accelerator"),
    ("# GPU compute card\nMemory: 48 GB\nMemory bandwidth: 800 GB/s\nMemory type: GDDR6", "gpu"),
    ("The hard drives hold what the GPU does not need. Each has 18 TB.", "storage"),
    ("Persistent memory; think of it as a disk that the CPU can load from.", "memory"),
    ("The processor here has no GPU. It has 16 cores.", "cpu"),
    ("The NPU takes what the CPU and the GPU are too slow for.", "accelerator"),
    ("The machine's two CPUs are nothing special. The GPU next to them does the real work.", "cpu"),
    ("The shared disk array. CPUs and GPUs mount it.", "storage"),
    ("It's a smart NIC with eight Arm cores and 16 GB of memory.", "network"),
    ("SSD with capacitors. Memory for metadata is 1 GB.", "storage"),
    (
        "That box under the desk? An FPGA board. Has DDR4 memory, has a network port, has no CPU.",
        "accelerator",
    ),
    ("The efficiency cores of the laptop processor. Leave memory-bound GPU code away from them.", "cpu"),
    ("Old GPU. The memory is 8 GB. The memory bandwidth is 200 GB/s. The memory is GDDR5.", "gpu"),
    ("Crypto accelerator, PCIe card. Has memory of its own: 2 GB DDR4.", "accelerator"),
    ("Backup happens on tape. The drive reads 400 MB/s, and the server memory buffers it.", "storage"),
]


@pytest.mark.parametrize(("body", "kind"), _KINDS)
def test_the_kind_is_what_the_first_sentence_is_about(body: str, kind: str) -> None:
    assert read(body).kind == kind
