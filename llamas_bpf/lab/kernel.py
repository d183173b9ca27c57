"""Debian's cloud kernels: NVMe and ext4 are built in, so that they boot without an initramfs."""

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from llamas_bpf.lab import cache, disk, packages
from llamas_bpf.lab.commands import run
from llamas_bpf.lab.errors import LabError
from llamas_bpf.lab.packages import suite

KERNELS = {"6.1": "bookworm", "6.12": "trixie", "newest": "sid"}  # as the user names them: whose suite's

_META_PACKAGE = "linux-image-cloud-amd64"
_MODULES_BYTES = 512 << 20  # of a sparse file


@dataclass(frozen=True)
class Kernel:
    """A kernel to boot."""

    version: str  # as the user names it: 6.12
    release: str  # as `uname -r` gives it
    image: Path
    modules: Path  # an ext4 image of /usr/lib/modules


@contextmanager
def prepared_kernel(version: str, talk: cache.Talk) -> Iterator[Kernel]:
    """The named kernel, from the cache. Raises LabError for a version that the lab does not have."""
    if version not in KERNELS:
        raise LabError(f"the lab has no kernel {version}: it has {', '.join(KERNELS)}")

    def build(place: Path) -> None:
        talk(f"fetching kernel {version} of Debian {KERNELS[version]}")
        _build(version, place)

    with cache.entry(f"kernel-{version}", recipe(version), build, talk) as place:
        release = (place / "release").read_text()
        yield Kernel(version, release, place / "vmlinuz", place / "modules.ext4")


def recipe(version: str) -> dict[str, object]:
    """What a kernel's entry is made from; which kernel it is today is Debian's choice."""
    return {"how": cache.code(sys.modules[__name__], packages, disk), "version": version}


def _build(version: str, place: Path) -> None:
    with (
        TemporaryDirectory(prefix="llamas-kernel-", dir=place) as unpacked,
        suite(KERNELS[version]) as debian,
    ):
        package = debian.dependencies(_META_PACKAGE, r"linux-image-[0-9][^ ,]*")[0]
        if version != "newest" and not package.startswith(f"linux-image-{version}."):
            raise LabError(
                f"Debian {debian.name} has moved on from {version} to {package}: update the lab's kernels"
            )
        tree, release = Path(unpacked), package.removeprefix("linux-image-")
        # Since 6.19 the image is an empty package that needs those with the parts.
        parts = debian.dependencies(package, rf"linux-(?:base|binary|modules)-{re.escape(release)}")
        for part in parts or [package]:
            debian.unpack(part, tree)
        modules = _modules(tree)
        run(["depmod", "-b", tree / "usr", release], what=f"indexing the modules of {release}")
        disk.write_ext4(place / "modules.ext4", modules, _MODULES_BYTES)
        images = [tree / f"boot/vmlinuz-{release}", modules / release / "vmlinuz"]
        next(image for image in images if image.is_file()).rename(place / "vmlinuz")
        (place / "release").write_text(release)


def _modules(tree: Path) -> Path:
    """Where the modules lie; moved there from where Debian 12 has them."""
    modules, before_usr_merge = tree / "usr/lib/modules", tree / "lib/modules"
    if before_usr_merge.is_dir():
        modules.parent.mkdir(parents=True, exist_ok=True)
        before_usr_merge.rename(modules)
    return modules
