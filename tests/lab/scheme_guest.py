"""DAMON schemes in the guest: their targets, and what the kernel's own files say of them."""

import time
from collections.abc import Callable
from pathlib import Path

from acting import action
from heat_settings import NR_KDAMONDS

from llamas_bpf.act import Actuation
from llamas_bpf.contracts.action import Scheme, SchemeName
from llamas_bpf.contracts.workload import Launched

KDAMONDS = NR_KDAMONDS.parent
#: More than a guest has: what is cold or hot is all met within a second.
QUOTA = "ms=1000 bytes=4294967296"


def scheme(name: SchemeName, workload: Launched | None = None) -> Scheme:
    if workload is None:
        return Scheme(knob=name)
    return Scheme(knob=name, cgroup=workload.cgroup, cgroup_id=workload.cgroup_id)


def at_work() -> list[Path]:
    """Every kdamond that runs and does more than count."""
    found = [place for place in sorted(KDAMONDS.glob("[0-9]*")) if on(place)]
    return [place for place in found if said(place, "action") not in ("", "stat")]


def on(kdamond: Path) -> bool:
    return (kdamond / "state").read_text() == "on\n"


def said(kdamond: Path, file: str) -> str:
    """What a file of its first scheme holds."""
    path = kdamond / "contexts/0/schemes/0" / file
    return path.read_text().rstrip("\n") if path.exists() else ""


def applied_bytes(kdamond: Path) -> int:
    (kdamond / "state").write_text("update_schemes_stats")
    return int(said(kdamond, "stats/sz_applied"))


def until(right: Callable[[], bool], what: Callable[[], object], seconds: float = 120) -> None:
    """The emulator is slow: this only bounds how long a failure takes."""
    ends = time.monotonic() + seconds
    while not right():
        assert time.monotonic() < ends, what()
        time.sleep(0.2)


def set_(actuation: Actuation, target: Scheme, wanted: str, id_: str = "1.1") -> None:
    (done,) = actuation.apply([action(target, wanted, id_=id_)])
    assert (done.status, done.new) == ("applied", wanted), done.detail


def end_all() -> None:
    """As an administrator would."""
    for place in KDAMONDS.glob("[0-9]*"):
        if on(place):
            (place / "state").write_text("off")
    NR_KDAMONDS.write_text("0")
