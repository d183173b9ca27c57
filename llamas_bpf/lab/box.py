"""The box for Vagrant: a Debian disk that boots by itself, with all that the project needs.

Vagrant keeps it, among its boxes; the lab's cache does not.
"""

import json
import os
import shlex
import shutil
import struct
import sys
import tarfile
from pathlib import Path

from llamas_bpf.lab import cache, disk, image, packages
from llamas_bpf.lab.cache import Talk
from llamas_bpf.lab.commands import run
from llamas_bpf.lab.errors import LabError
from llamas_bpf.lab.packages import source_line
from llamas_bpf.lab.places import source_root

NAME = "llamas-bpf"

_SUITE = "trixie"
_KERNEL = "linux-image-cloud-amd64"
_DEBIAN_PACKAGES = [
    _KERNEL, "apt", "ca-certificates", "dbus", "hostname", "initramfs-tools", "iproute2", "kmod", "libbpf1",
    "libelf1t64", "libstdc++6", "login", "mount", "numactl", "openssh-server", "procps", "prometheus",
    "python3", "rsync", "sudo", "systemd-sysv", "udev", "util-linux", "zlib1g", "zstd",
]  # fmt: skip
_LEFT_OUT = ["/usr/share/doc/*", "/usr/share/man/*", "/usr/share/locale/*", "/usr/share/info/*"]

_DISK_ID = 0x6C6C616D
_DISK_GB = 4  # sparse
_MIB = 1 << 20
_SECTOR_BYTES = 512
_BOOT_START, _BOOT_MIB = _MIB, 95  # FAT: where syslinux finds the kernel
_ROOT_START = _BOOT_START + _BOOT_MIB * _MIB
_BOOT_MENU = f"""\
SERIAL 0 115200
PROMPT 0
DEFAULT linux
LABEL linux
  LINUX /vmlinuz
  INITRD /initrd.img
  APPEND root=PARTUUID={_DISK_ID:08x}-02 ro console=ttyS0 quiet panic=10
"""
_FAT16, _LINUX, _ACTIVE = 0x0E, 0x83, 0x80
_BOOT_CODE = Path("/usr/lib/syslinux/mbr/mbr.bin")  # of Debian's syslinux-common


def add_box(talk: Talk) -> None:
    """Have Vagrant know the box as NAME. Built only if the one it has is of another recipe; takes minutes."""
    wanted = cache.digest(recipe())
    with cache.alone("box", talk) as work:
        if added_recipe() == wanted:
            talk(f"Vagrant has the box {NAME}")
            return
        if os.geteuid() != 0:
            raise LabError("building the box needs root (files of all owners): run it with sudo once")
        _build(work, wanted, talk)
        talk("giving the box to Vagrant")
        vagrant = ["vagrant", "box", "add", "--force", "--provider", "libvirt", "--name", NAME]
        run([*vagrant, work / "llamas.box"], what="adding the box to Vagrant")


def partition_table(size_bytes: int) -> bytes:
    """A master boot record without its code: the small FAT partition that boots, then the root."""
    layout = [(_ACTIVE, _FAT16, _BOOT_START, _ROOT_START), (0, _LINUX, _ROOT_START, size_bytes)]
    cylinders_unused = b"\xfe\xff\xff"
    table = b""
    for state, kind, start, end in layout:
        first, sectors = start // _SECTOR_BYTES, (end - start) // _SECTOR_BYTES
        table += struct.pack("<B3sB3sII", state, cylinders_unused, kind, cylinders_unused, first, sectors)
    return struct.pack("<IH", _DISK_ID, 0) + table.ljust(64, b"\0") + b"\x55\xaa"


def recipe() -> dict[str, object]:
    """What the box is made from."""
    files = [source_root() / name for name in ("vagrant/guest/box", "pyproject.toml")]
    how = cache.code(sys.modules[__name__], image, packages, disk)
    return {"how": how, "files": [file.read_text() for file in files]}


def added_recipe() -> str | None:
    """The digest of what the box that Vagrant has was made from; None if it has none of ours."""
    home = Path(os.environ.get("VAGRANT_HOME", Path.home() / ".vagrant.d"))
    try:
        metadata = json.loads((home / "boxes" / NAME / "0/libvirt/metadata.json").read_text())
        return str(metadata["recipe"])
    except (OSError, ValueError, KeyError):
        return None


def _build(work: Path, made_from: str, talk: Talk) -> None:
    tree, raw = work / "tree", work / "disk.raw"
    talk(f"building the box: Debian {_SUITE}")
    _debian(tree)
    talk("building the box: Python packages")
    image.python_packages(tree, image.python_requirements((source_root() / "pyproject.toml").read_text()))
    talk("building the box: disk")
    _write_disk(raw, tree, work)
    run(
        ["qemu-img", "convert", "-c", "-O", "qcow2", raw, work / "box.img"],
        what="compressing the box's disk",
    )
    metadata = {"provider": "libvirt", "format": "qcow2", "virtual_size": _DISK_GB, "recipe": made_from}
    (work / "metadata.json").write_text(json.dumps(metadata))
    with tarfile.open(work / "llamas.box", "w") as tar:
        for name in ("metadata.json", "box.img"):
            tar.add(work / name, name)


def _debian(tree: Path) -> None:
    # Its mounts live in a namespace, so that they are gone with it even when it is killed.
    own_namespaces = ["unshare", "--mount", "--pid", "--fork", "--kill-child"]
    settings = ["env", f"VAGRANT_KEY={_public_key()}", f"ROOT_PARTUUID={_DISK_ID:08x}-02"]
    options = ["--mode=root", "--variant=essential", "--format=directory"]
    options += [f"--dpkgopt=path-exclude={pattern}" for pattern in _LEFT_OUT]
    options += [f"--include={','.join(_DEBIAN_PACKAGES)}"]
    hook = shlex.quote(str(source_root() / "vagrant/guest/box"))
    options += [f'--customize-hook={hook} "$1"']
    run(
        [*own_namespaces, *settings, "mmdebstrap", *options, _SUITE, tree, source_line(_SUITE)],
        what=f"making a Debian {_SUITE} system",
    )


def _public_key() -> str:
    files = run(["dpkg", "-L", "vagrant"], what="looking for Vagrant's public key").splitlines()
    keys = [file for file in files if file.endswith("/keys/vagrant.pub")]
    if not keys:
        raise LabError("Debian's vagrant package has no keys/vagrant.pub: install it again")
    return keys[0]


def _write_disk(raw: Path, tree: Path, work: Path) -> None:
    size_bytes = _DISK_GB << 30
    boot_files = {"vmlinuz": _only(tree, "boot/vmlinuz-*"), "initrd.img": _only(tree, "boot/initrd.img-*")}
    menu = work / "syslinux.cfg"
    menu.write_text(_BOOT_MENU)
    disk.write_ext4(raw, tree, size_bytes, offset_bytes=_ROOT_START)
    # Written once, but lived in from then on: a machine that is switched off wants a journal.
    run(["tune2fs", "-O", "has_journal", f"{raw}?offset={_ROOT_START}"], what="adding a journal")
    sector, blocks = str(_BOOT_START // _SECTOR_BYTES), str(_BOOT_MIB * _MIB // 1024)
    fat = ["mkfs.fat", "-F", "16", "--offset", sector, "-h", sector]
    run([*fat, raw, blocks], what="making the boot partition")
    for name, file in {**boot_files, "syslinux.cfg": menu}.items():
        run(["mcopy", "-i", f"{raw}@@{_BOOT_START}", file, f"::{name}"], what=f"writing {name}")
    run(["syslinux", "--install", "--offset", str(_BOOT_START), raw], what="installing syslinux")
    with raw.open("r+b") as start:
        start.write(_BOOT_CODE.read_bytes()[:440].ljust(440, b"\0") + partition_table(size_bytes))
    shutil.rmtree(tree)


def _only(tree: Path, pattern: str) -> Path:
    found = list(tree.glob(pattern))
    if len(found) != 1:
        raise LabError(f"the box has {len(found)} files like {pattern}, not one: was {_KERNEL} installed?")
    return found[0]
