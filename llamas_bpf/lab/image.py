"""The guest's disk: Debian's userland, the project's Python dependencies, our init; not the project."""

import os
import re
import shutil
import sys
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from llamas_bpf.lab import cache, disk, packages
from llamas_bpf.lab.commands import run
from llamas_bpf.lab.errors import LabError
from llamas_bpf.lab.packages import source_line
from llamas_bpf.lab.places import source_root

DISK_ID = 0x6C616D61
DEPENDENCIES = "/opt/llamas"  # where the guest has them
PROJECT = "/src"  # where a job brings the project

_SUITE = "trixie"  # for every kernel: all of them run its programs, and results compare
_GUEST_FILES = ("init", "lab-job.service")
_DEBIAN_PACKAGES = [
    "ca-certificates", "dbus", "hostname", "iproute2", "kmod", "libbpf1", "libelf1t64", "libstdc++6", "mount",
    "numactl", "pciutils", "procps", "python3", "systemd", "util-linux", "zlib1g",
]  # fmt: skip
_DISK_BYTES = 2 << 30  # sparse: 0.4 GB of it used, the rest is room for what jobs write
# A login on the console would wait for udev, which is not there.
_NO_UNITS = ("getty.target", "serial-getty@ttyS0.service", "systemd-firstboot.service")
_NOT_FOR_GUESTS = {"mypy", "ruff"}  # of the `test` extra: they read the source, which the host has too
_LEFT_OUT = ["/usr/share/doc/*", "/usr/share/man/*", "/usr/share/locale/*", "/usr/share/info/*"]


@contextmanager
def prepared_image(talk: cache.Talk, besides: Sequence[str] = ()) -> Iterator[Path]:
    """The disk image, with these Debian packages too, from the cache; guests must not write to it.

    Raises LabError if it cannot be built.
    """

    def build(place: Path) -> None:
        _build(place, besides, talk)

    with cache.entry("image", recipe(besides), build, talk) as place:
        yield place / "root.raw"


def recipe(besides: Sequence[str] = ()) -> dict[str, object]:
    """What the image is made from."""
    how = cache.code(sys.modules[__name__], packages, disk)
    found: dict[str, object] = {"how": how, "guest": _guest_files(), "python": _project_requirements()}
    return found | ({"besides": sorted(besides)} if besides else {})


def _guest_files() -> dict[str, str]:
    return {name: (source_root() / "vagrant/guest" / name).read_text() for name in _GUEST_FILES}


def _project_requirements() -> list[str]:
    return python_requirements((source_root() / "pyproject.toml").read_text())


def python_requirements(pyproject: str) -> list[str]:
    """What the project needs at run time and to run its tests, from the text of pyproject.toml."""
    project = tomllib.loads(pyproject)["project"]
    wanted = [*project["dependencies"], *project.get("optional-dependencies", {}).get("test", [])]
    return sorted(need for need in wanted if re.split(r"[^\w.-]", need)[0] not in _NOT_FOR_GUESTS)


def _build(place: Path, besides: Sequence[str], talk: cache.Talk) -> None:
    if os.geteuid() != 0:
        raise LabError("building the guest's image needs root (files of all owners): run it with sudo once")
    tree = place / "tree"
    talk(f"building the guest's image: Debian {_SUITE}")
    _debian(tree, [*_DEBIAN_PACKAGES, *sorted(besides)])
    talk("building the guest's image: Python packages")
    python_packages(tree, _project_requirements())
    _boot_files(tree, _guest_files())
    talk("building the guest's image: disk")
    disk.write_partitioned(place / "root.raw", tree, _DISK_BYTES, DISK_ID)
    shutil.rmtree(tree)


def _boot_files(tree: Path, guest: dict[str, str]) -> None:
    """Our init, and what has systemd start it where that is process 1."""
    init, units = tree / "usr/sbin/lab-init", tree / "etc/systemd/system"
    init.write_text(guest["init"])
    init.chmod(0o755)
    (units / "lab-job.service").write_text(guest["lab-job.service"])
    (units / "default.target").symlink_to("/usr/lib/systemd/system/multi-user.target")
    (units / "multi-user.target.wants").mkdir(exist_ok=True)
    (units / "multi-user.target.wants/lab-job.service").symlink_to("../lab-job.service")
    for unit in _NO_UNITS:
        (units / unit).symlink_to("/dev/null")


def _debian(tree: Path, wanted: list[str]) -> None:
    # Its mounts live in a namespace, so that they are gone with it even when it is killed.
    own_namespaces = ["unshare", "--mount", "--pid", "--fork", "--kill-child"]
    left_out = [f"--dpkgopt=path-exclude={pattern}" for pattern in _LEFT_OUT]
    include = f"--include={','.join(wanted)}"
    build = ["mmdebstrap", "--mode=root", "--variant=essential", "--format=directory", *left_out, include]
    run(
        [*own_namespaces, *build, _SUITE, tree, source_line(_SUITE)],
        what=f"making a Debian {_SUITE} userland",
    )


def python_packages(tree: Path, requirements: list[str]) -> None:
    """The host's pip installs wheels for the guest's Python; bytecode is made now: guests are slow at it."""
    version = (tree / "usr/bin/python3").readlink().name.removeprefix("python")
    for_guest = ["--target", f"{tree}{DEPENDENCIES}", "--python-version", version, "--only-binary=:all:"]
    quiet = ["--no-input", "--no-compile", "--root-user-action=ignore", "--no-warn-script-location"]
    pip = [sys.executable, "-m", "pip", "install"]
    run([*pip, *quiet, *for_guest, *requirements], what="fetching the guest's Python packages")
    (tree / "usr/lib/python3/dist-packages/llamas.pth").write_text(f"{PROJECT}\n{DEPENDENCIES}\n")
    # unchecked: the files never change in the guest, so that their times need not be looked at.
    compileall = ["python3", "-m", "compileall", "-q", "-j2", "--invalidation-mode", "unchecked-hash"]
    run(
        ["chroot", tree, *compileall, DEPENDENCIES, f"/usr/lib/python{version}"],
        what="compiling Python bytecode",
    )
