"""PCI devices that a workload may want to be near: what they are, and which node they hang on.

Told by the class code (include/linux/pci_ids.h) and named by vendor and device number, as sysfs has them
(ABI/testing/sysfs-bus-pci).
"""

from collections import Counter
from pathlib import Path

from llamas_bpf.contracts.machine import Device
from llamas_bpf.shown import plain

DEVICES = Path("/sys/bus/pci/devices")

#: Class codes by their first digits: our short name, and the kind.
_KINDS = {
    "0x03": ("gpu", "display controller"),
    "0x12": ("accel", "processing accelerator"),
    "0x0b40": ("accel", "co-processor"),
    "0x010802": ("nvme", "NVMe storage"),
    "0x02": ("eth", "network interface"),
}


def read(devices: Path = DEVICES) -> tuple[Device, ...]:
    """In the order of their PCI addresses, and numbered so by kind: ``gpu0``, ``nvme0``, ``eth0``."""
    numbers: Counter[str] = Counter()
    found = []
    for directory in sorted(devices.glob("*")):
        if (directory / "physfn").exists():
            continue  # a virtual function of a device that is listed itself (PCI/pci-iov-howto.rst)
        code = _word(directory / "class")
        for digits, (short, kind) in _KINDS.items():
            if code.startswith(digits):
                found.append(_device(directory, f"{short}{numbers[short]}", kind))
                numbers[short] += 1
    return tuple(found)


def _device(directory: Path, short: str, kind: str) -> Device:
    node = _word(directory / "numa_node")
    hardware = f"{_word(directory / 'vendor')[2:]}:{_word(directory / 'device')[2:]}"
    # A virtio device has its interface one level down. Whoever may rename it can choose any
    # name, also one that is no text at all.
    kernels = sorted(
        plain(path.name) for where in ("nvme", "net", "*/net") for path in directory.glob(f"{where}/*")
    )
    return Device(
        id=short,
        kind=kind,
        pci=directory.name,
        node=int(node) if node.isdigit() else None,
        description=" ".join([hardware, *kernels]),
    )


def _word(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii").strip()
    except OSError:
        return ""
