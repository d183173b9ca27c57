"""KVM or emulation: KVM only where a guest really comes up under it.

A /dev/kvm that opens proves little: inside some virtual machines stock kernels crash or hang under it.
"""

import platform
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

from llamas_bpf.lab import guest, job, results
from llamas_bpf.lab.errors import LabError
from llamas_bpf.lab.places import cache_root, source_root

_TRIAL_S = 12  # under a KVM that works, a guest needs three
_TRIAL = ["python3", "-c", "import numpy, subprocess; [subprocess.run(['true']) for _ in range(50)]"]
_DEVICE = Path("/dev/kvm")


def choose(machine: guest.Machine, talk: Callable[[str], None]) -> str:
    """`kvm` or `tcg`, by a short trial boot whose answer is kept until this host boots again."""
    found = remembered()
    if found is None:
        talk(f"trying KVM, for {_TRIAL_S} s at most")
        for outdated in cache_root().glob("accelerator-*"):
            outdated.unlink(missing_ok=True)
        found = "kvm" if _comes_up(replace(machine, accelerator="kvm")) else "tcg"
        _answer().write_text(found)
    return found


def remembered() -> str | None:
    """What is known without a trial: `tcg` where KVM cannot be opened, or what `choose` found; else None."""
    try:
        _DEVICE.open("r+b").close()
    except OSError:
        return "tcg"
    if not _answer().is_file():
        return None
    found = _answer().read_text()
    return found if found in guest.ACCELERATORS else "tcg"


def _answer() -> Path:
    boot_id = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    return cache_root() / f"accelerator-{boot_id}-{platform.release()}"


def _comes_up(machine: guest.Machine) -> bool:
    with TemporaryDirectory(prefix="llamas-kvm-trial-") as work:
        tar = Path(work, "job")
        job.pack(tar, _TRIAL, {}, source_root(), _TRIAL_S)
        sinks = (BytesIO(), BytesIO())
        try:
            result = guest.boot(machine, tar, Path(work), _TRIAL_S, sinks, lambda _: None)
            return results.read(result, None) == 0
        except LabError:
            return False
