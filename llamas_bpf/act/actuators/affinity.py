"""The CPUs that the threads of one process may use (sched_setaffinity(2)): for workloads without a cgroup.

A thread inherits its parent's mask, and so does a process. Setting therefore looks again until there is no
thread it has not met; undoing gives those born under our mask the mask that the process had.
"""

import os
import re
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from llamas_bpf import process_stat
from llamas_bpf.act.actuator import Actuator, PutBack
from llamas_bpf.act.entries import Old, ThreadMask
from llamas_bpf.act.errors import ActError, Gone, explained
from llamas_bpf.contracts.action import Affinity
from llamas_bpf.contracts.machine import Machine
from llamas_bpf.machine import cpulist

#: How often to look for new threads before giving up on a process that makes them faster than we set them.
ROUNDS = 20
#: No more than five digits: a forged journal must not make us build a list of a billion CPUs.
_LIST = re.compile(r"[0-9]{1,5}(-[0-9]{1,5})?(,[0-9]{1,5}(-[0-9]{1,5})?)*", re.ASCII)
TICKS_PER_S = os.sysconf("SC_CLK_TCK")


class AffinityActuator(Actuator):
    """All threads get the value; each gets its own old mask back."""

    def read(self, target: Affinity) -> Old:
        threads = _threads(target)
        own = next((thread.cpus for thread in threads if thread.tid == target.pid), threads[0].cpus)
        now = int(time.clock_gettime(time.CLOCK_BOOTTIME) * TICKS_PER_S)
        return Old(value=own, threads=threads, at_ticks=now)

    def write(self, target: Affinity, value: str) -> tuple[ThreadMask, ...]:
        met: dict[tuple[int, int], ThreadMask] = {}
        for _ in range(ROUNDS):
            fresh = [thread for thread in _threads(target) if _key(thread) not in met]
            if not fresh:
                return tuple(met.values())
            for thread in fresh:
                met[_key(thread)] = thread
                _set(target, thread, value)
        raise ActError(f"pid {target.pid} makes threads faster than they can be given CPUs")

    def put_back(self, target: Affinity, old: Old, ours: Iterable[str]) -> PutBack:
        original = {_key(thread): thread.cpus for thread in old.threads}
        values = set(ours)
        for _ in range(ROUNDS):
            threads = [*_threads(target), *_born_since(target, old.at_ticks)]
            wrong = [thread for thread in threads if thread.cpus != original.get(_key(thread), old.value)]
            mine = [thread for thread in wrong if thread.cpus in values]
            if not mine:
                return _put_back(old, sum(_key(thread) in original for thread in wrong))
            for thread in mine:
                _set(target, thread, original.get(_key(thread), old.value))
        raise ActError(f"pid {target.pid} makes threads faster than they can be given back their CPUs")

    def is_all(self, target: Affinity, now: Old, value: str) -> bool:
        return all(thread.cpus == value for thread in now.threads)

    def is_ours(self, target: Affinity, now: Old, ours: Iterable[str]) -> bool:
        values = set(ours)
        return any(thread.cpus in values for thread in now.threads)


def build(machine: Machine) -> Actuator:
    return AffinityActuator()


def _threads(target: Affinity) -> tuple[ThreadMask, ...]:
    """Every thread of the process that is meant; Gone if that process has ended."""
    stat = process_stat.read(target.pid)
    if stat is None or stat.start_ticks != target.start_ticks:
        raise Gone(f"process {target.pid} has ended" + (", and its pid was given out again" if stat else ""))
    threads = tuple(_masks(target.pid))
    if not threads:
        raise Gone(f"process {target.pid} has ended")
    return threads


def _masks(pid: int) -> Iterator[ThreadMask]:
    try:
        tids = [int(entry.name) for entry in Path(f"/proc/{pid}/task").iterdir()]
    except OSError:
        return
    for tid in tids:
        stat = process_stat.read(pid, tid)
        try:
            cpus = cpulist.render(os.sched_getaffinity(tid))
        except ProcessLookupError:
            continue
        if stat:
            yield ThreadMask(tid=tid, start_ticks=stat.start_ticks, cpus=cpus)


def _born_since(target: Affinity, at_ticks: int) -> Iterator[ThreadMask]:
    """Threads of the processes below this one that are younger than our first look at it."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        stat = process_stat.read(int(entry.name)) if entry.name.isdigit() else None
        if stat and stat.start_ticks >= at_ticks:
            children.setdefault(stat.parent, []).append(int(entry.name))
    queue = list(children.get(target.pid, ()))
    while queue:
        pid = queue.pop()
        yield from _masks(pid)
        queue += children.get(pid, ())


def _set(target: Affinity, thread: ThreadMask, value: str) -> None:
    if thread.cpus == value:
        return
    with explained(target):
        if not _LIST.fullmatch(value):
            raise ValueError(value)
        try:
            os.sched_setaffinity(thread.tid, cpulist.parse(value))
        except ProcessLookupError:
            return  # a thread may end while we look: its process is asked again in the next round


def _key(thread: ThreadMask) -> tuple[int, int]:
    return thread.tid, thread.start_ticks


def _put_back(old: Old, left: int) -> PutBack:
    if left == 0:
        return PutBack(old.value)
    return PutBack(
        None, f"someone else has given {left} of its threads other CPUs since: they are left at that"
    )
