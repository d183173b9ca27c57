"""Which of the two loaders watches the kernel: libbpf, or BCC where the kernel has no type information."""

from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from llamas_bpf.config import BackendName
from llamas_bpf.sense.errors import SenseError
from llamas_bpf.sense.probes import BTF, require_btf
from llamas_bpf.sense.watch import Opener

NAMES: tuple[str, ...] = get_args(BackendName)


@dataclass(frozen=True)
class BackendState:
    """Whether one of them could be used here, whether it is, and in a sentence why."""

    name: str
    usable: bool
    in_use: bool
    detail: str


def backend(name: BackendName, btf: Path = BTF) -> Opener | None:
    """What opens probes for ``Sensor(opener=…)``; None: libbpf, as by itself. Raises ``SenseError``.

    ``auto`` takes libbpf where the kernel has type information, else BCC.
    """
    return _bcc() if chosen(name, btf) == "bcc" else None


def chosen(name: BackendName, btf: Path = BTF) -> str:
    """``libbpf`` or ``bcc``."""
    return name if name != "auto" else "libbpf" if btf.exists() else "bcc"


def states(name: BackendName) -> list[BackendState]:
    """Both of them, for ``doctor``. Raises nothing."""
    in_use = chosen(name)
    found = []
    for each, require in (("libbpf", require_btf), ("bcc", _require_bcc)):
        how = f"in use ({name})" if each == in_use else f"not in use: --backend {each} would"
        try:
            require()
            found.append(BackendState(each, True, each == in_use, how))
        except SenseError as error:
            found.append(BackendState(each, False, each == in_use, str(error)))
    return found


def _bcc() -> Opener:
    # Imported here: it brings all of clang into the process.
    from llamas_bpf.sense.bcc_backend import bcc_opener
    from llamas_bpf.sense.bcc_module import find_bcc

    return bcc_opener(find_bcc())


def _require_bcc() -> None:
    from llamas_bpf.sense.bcc_backend import require_tracefs

    _bcc()
    require_tracefs()
