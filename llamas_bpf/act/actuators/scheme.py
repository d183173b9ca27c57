"""DAMON schemes: a kdamond of our own for each, which moves, pages out or sorts memory by its heat.

The value says how much (scheme_value.py), or is ``off``. What has moved is not moved back when it ends: hot
pages find their way by themselves. Only pages that belong to the cgroup itself are touched, not to those
below it (mm/damon/paddr.c). Moving heeds neither cpusets nor memory policies (same file, "ignores all").
"""

import errno
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from llamas_bpf.act import scheme_files, scheme_value
from llamas_bpf.act.actuator import Actuator, Note, PutBack
from llamas_bpf.act.cgroup_files import CgroupFiles
from llamas_bpf.act.entries import Old, ThreadValue
from llamas_bpf.act.errors import ActError, Gone, describe, explained, was
from llamas_bpf.act.scheme_value import OFF, Asked
from llamas_bpf.contracts.action import CgroupReclaim, Scheme
from llamas_bpf.contracts.machine import Machine
from llamas_bpf.damon import availability, sysfs
from llamas_bpf.damon.claim import CLAIM
from llamas_bpf.damon.errors import NotOursError
from llamas_bpf.damon.kdamonds import SCHEMES, SHARED

_LOST = (
    f"DAMON was set up by an earlier llamas-bpf, and {CLAIM} does not say so any more: to end what it does, "
    f"echo off > {sysfs.KDAMONDS}/N/state for each N, then echo 0 > {sysfs.KDAMONDS}/nr_kdamonds"
)


class SchemeActuator(Actuator):
    """The set of kdamonds is joined for as long as a scheme of this process is at work."""

    def __init__(self, machine: Machine) -> None:
        self._files = CgroupFiles(machine)
        self.sees(machine)
        self._started: dict[Scheme, str] = {}

    def sees(self, machine: Machine) -> None:
        self._nodes = {node.id for node in machine.nodes if node.total_bytes}

    def read(self, target: Scheme) -> Old:
        self._check_cgroup(target)
        with _explained(target):
            is_ours = availability.last_claim() is not None
            value = _value(target) if is_ours else OFF
            if value != self._started.get(target):
                self._leave(target)  # somebody has ended it, or made it theirs
            if not is_ours and (reason := availability.why_not()):
                raise ActError(reason)
            return Old(value=value)

    def write(self, target: Scheme, value: str) -> tuple[ThreadValue, ...]:
        asked = scheme_value.parse(target, value)
        if asked.node is not None:
            self._check_node(asked.node)
        with _explained(target):
            if reason := availability.why_not():
                raise ActError(reason)
            self._join(target, value)
            try:
                _start(target, asked)
            except BaseException:
                self._leave(target)
                raise
        return ()

    def put_back(self, target: Scheme, old: Old, ours: Iterable[str]) -> PutBack:
        """Also of a cgroup that is no more, whose scheme would run on."""
        with _explained(target):
            if not availability.last_claim():
                if availability.lost():
                    raise ActError(_LOST)
                self._leave(target)
                if sysfs.count():
                    raise Gone("DAMON was set up anew by somebody else, which has ended this scheme")
                return PutBack(OFF)
            SHARED.join()
            try:
                now = _value(target)
                if now not in (OFF, old.value, *ours):
                    return PutBack(None, f"someone else has set it to {now} since: it is left at that")
                if old.value == OFF:
                    _empty(target)
                elif now != old.value:
                    _start(target, scheme_value.parse(target, old.value))
            finally:
                self._leave(target)
                SHARED.leave()
        return PutBack(old.value)

    def reconcile(self, target: Scheme, old: Old, ours: Iterable[str], note: Note) -> str | None:
        """Of a workload that has ended, the scheme would run on."""
        try:
            return super().reconcile(target, old, ours, note)
        except Gone:
            self.put_back(target, Old(value=OFF), ours)
            raise

    def _check_cgroup(self, target: Scheme) -> None:
        """Gone unless it is there, and the one that is meant."""
        if target.cgroup is None:
            return
        if target.cgroup_id is None:
            raise Gone(f"{target.cgroup!r}: which cgroup of that name is not said")
        memory = CgroupReclaim(cgroup=target.cgroup, cgroup_id=target.cgroup_id)
        self._files.read(memory, "memory.current")

    def _check_node(self, node: int) -> None:
        if node not in self._nodes:
            raise ActError(f"node{node} has no memory that pages could be moved to")
        if self._nodes == {node}:
            raise ActError(f"node{node} has all the memory there is: nothing can be moved to it")

    def _join(self, target: Scheme, value: str) -> None:
        if target not in self._started:
            SHARED.join()
        self._started[target] = value

    def _leave(self, target: Scheme) -> None:
        if target in self._started:
            del self._started[target]
            SHARED.leave()


def build(machine: Machine) -> Actuator:
    return SchemeActuator(machine)


@contextmanager
def _explained(target: Scheme) -> Iterator[None]:
    try:
        with explained(target):
            yield
    except NotOursError as error:
        raise ActError(str(error)) from None
    except ActError as error:
        if was(error, errno.EINVAL):
            raise ActError(f"{describe(target)}: this kernel's DAMON does not take it") from error
        if was(error, errno.EBUSY):
            raise ActError(f"{describe(target)}: DAMON is busy with others' commands: try again") from error
        raise


def _place(target: Scheme) -> int | None:
    """Where this scheme runs, if it does."""
    if sysfs.count() <= max(SCHEMES):
        return None
    return next((number for number in SCHEMES if scheme_files.is_of(number, target)), None)


def _value(target: Scheme) -> str:
    number = _place(target)
    return OFF if number is None else scheme_files.asked(number, target)


def _start(target: Scheme, asked: Asked) -> None:
    with sysfs.TURN:
        number = _place(target)
        if number is None:
            number = next((number for number in SCHEMES if not sysfs.running(number)), None)
        if number is None:
            raise ActError(f"{len(SCHEMES)} DAMON schemes are at work, and more are not run: end one first")
        sysfs.stop(number)
        try:
            scheme_files.fill(number, target, asked)
            sysfs.command(number, "on")
        except BaseException:
            scheme_files.empty(number)
            raise


def _empty(target: Scheme) -> None:
    with sysfs.TURN:
        if (number := _place(target)) is not None:
            scheme_files.empty(number)
