"""Debian's cloud kernels: NVMe and ext4 are built in, so that they boot without an initramfs."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from llamas_bpf.lab import cache, disk
from llamas_bpf.lab.commands import run
from llamas_bpf.lab.errors import LabError
from llamas_bpf.lab.packages import suite

_META_PACKAGE = "linux-image-cloud-amd64"
_SUITES = {"6.12": "trixie"}
_MODULES_BYTES = 512 << 20  # of a sparse file


@dataclass(frozen=True)
class Kernel:
    """A kernel to boot."""

    version: str  # as the user names it: 6.12
    image: Path
    modules: Path  # an ext4 image of /usr/lib/modules


@contextmanager
def prepared_kernel(version: str, talk: cache.Talk) -> Iterator[Kernel]:
    """The named kernel, from the cache. Raises LabError for a version that the lab does not have."""
    if version not in _SUITES:
        raise LabError(f"the lab has no kernel {version}: it has {', '.join(_SUITES)}")

    def build(place: Path) -> None:
        talk(f"fetching kernel {version} of Debian {_SUITES[version]}")
        _build(version, place)

    recipe = {"how": Path(__file__).read_text(), "version": version}
    with cache.entry(f"kernel-{version}", recipe, build, talk) as place:
        yield Kernel(version, place / "vmlinuz", place / "modules.ext4")


def _build(version: str, place: Path) -> None:
    with (
        TemporaryDirectory(prefix="llamas-kernel-", dir=place) as unpacked,
        suite(_SUITES[version]) as debian,
    ):
        package = debian.dependency(_META_PACKAGE, r"linux-image-[0-9][^ ,]*")
        if not package.startswith(f"linux-image-{version}."):
            raise LabError(
                f"Debian {debian.name} has moved on from {version} to {package}: update the lab's kernels"
            )
        tree = Path(unpacked)
        debian.unpack(package, tree)
        release = package.removeprefix("linux-image-")
        run(["depmod", "-b", tree / "usr", release], what=f"indexing the modules of {release}")
        disk.write_ext4(place / "modules.ext4", tree / "usr/lib/modules", _MODULES_BYTES)
        (tree / "boot" / f"vmlinuz-{release}").rename(place / "vmlinuz")
