"""Disk images, written as root would write files: no loop device, no mount."""

import struct
from pathlib import Path

from llamas_bpf.lab.commands import run

_SECTOR_BYTES = 512
_FIRST_SECTOR = 2048  # 1 MiB, where partitions have started since disks have 4 KiB sectors
_LINUX = 0x83


def write_ext4(image: Path, tree: Path, size_bytes: int, *, offset_bytes: int = 0) -> None:
    """A sparse file of `size_bytes`, from `offset_bytes` on an ext4 file system holding what `tree` holds."""
    with image.open("wb") as file:
        file.truncate(size_bytes)
    features = ["-O", "^has_journal"]  # written once; guests write to a snapshot that is thrown away
    extended = ["-E", f"offset={offset_bytes},lazy_itable_init=1,nodiscard"]
    size = f"{(size_bytes - offset_bytes) >> 10}k"
    run(
        ["mke2fs", "-q", "-F", "-t", "ext4", *features, *extended, "-d", tree, image, size],
        what=f"writing {image}",
    )


def write_partitioned(image: Path, tree: Path, size_bytes: int, disk_id: int) -> None:
    """A disk with one ext4 partition holding `tree`; the kernel finds it as PARTUUID=<disk_id in hex>-01."""
    write_ext4(image, tree, size_bytes, offset_bytes=_FIRST_SECTOR * _SECTOR_BYTES)
    with image.open("r+b") as file:
        file.write(partition_table(size_bytes, disk_id))


def partition_table(size_bytes: int, disk_id: int) -> bytes:
    """A master boot record with one Linux partition from 1 MiB to the end."""
    cylinders_unused = b"\xfe\xff\xff"
    sectors = size_bytes // _SECTOR_BYTES - _FIRST_SECTOR
    partition = struct.pack(
        "<B3sB3sII", 0, cylinders_unused, _LINUX, cylinders_unused, _FIRST_SECTOR, sectors
    )
    return bytes(440) + struct.pack("<IH", disk_id, 0) + partition.ljust(64, b"\0") + b"\x55\xaa"
