"""Tries every kind of event for a moment: what ``doctor`` shows."""

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from llamas_bpf.sense.errors import SenseError
from llamas_bpf.sense.kinds import KINDS
from llamas_bpf.sense.probes import OBJECTS, Target, hooks
from llamas_bpf.sense.watch import Budget, Opener, open_watch


@dataclass(frozen=True)
class Capability:
    """Whether one kind of event can be had on this kernel: by which hooks, and what is therefore missing."""

    kind: str
    hooks: tuple[str, ...]
    usable: bool
    missing: str


def capabilities(objects: Path = OBJECTS, opener: Opener | None = None) -> list[Capability]:
    """Opens each probe and closes it again. Raises nothing."""
    return [_try_kind(name, objects, opener) for name in KINDS]


def _try_kind(name: str, objects: Path, opener: Opener | None) -> Capability:
    kind = KINDS[name]
    target = Target(os.getpid(), by_cgroup=False, node_of_cpu=np.zeros(1, np.uint16))
    try:
        budget = Budget(os.sysconf("SC_PAGE_SIZE"), records_per_s=1)
        watch, refused = open_watch(name, target, budget, objects=objects, opener=opener)
    except SenseError as error:
        return Capability(kind.gives, (), False, str(error))
    if watch is None:
        return Capability(kind.gives, (), False, "; ".join(str(error) for error in refused))
    watch.close()
    where = watch.hooks or hooks(watch.source, objects)
    return Capability(kind.gives, where, True, watch.lacks)
