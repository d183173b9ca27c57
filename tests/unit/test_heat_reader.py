"""The best source there is, and the next one when it stops being usable."""

import errno
import time
from collections.abc import Callable, Sequence

from llamas_bpf.contracts.machine import Machine
from llamas_bpf.contracts.workload import ProcessId, Workload
from llamas_bpf.heat.reader import Reader
from llamas_bpf.heat.source import Heat, Kind, Source, UnusableError

MACHINE = Machine(
    kernel="6.12",
    boot_id="one",
    cpus=(),
    nodes=(),
    tiers=(),
    cgroup_mount=None,
    cgroup_controllers=(),
    capabilities=(),
)
ONE = Workload("w1", "one", None, None, (ProcessId(1, 1),))
GONE = Workload("w2", "gone", None, None, (ProcessId(2, 1),))


class Told:
    """A source that says what it was given."""

    def __init__(self, name: str, answer: Callable[[], dict[str, Heat]], limits: str = "") -> None:
        self.name, self.limits, self.closed = name, limits, 0
        self._answer = answer

    def refresh(self, workloads: Sequence[Workload]) -> dict[str, Heat]:
        return self._answer()

    def close(self) -> None:
        self.closed += 1


def kind(source: Source | str) -> Kind:
    """A source, or why there is none."""

    def opened(_machine: Machine) -> Source:
        if isinstance(source, str):
            raise UnusableError(source)
        return source

    return Kind("any", lambda: None, opened)


def until(right: Callable[[], bool]) -> None:
    ends = time.monotonic() + 100
    while not right():
        assert time.monotonic() < ends
        time.sleep(0.001)


def heat(name: str) -> Heat:
    return Heat(3.0, 2.0, 1.0, name)


def test_the_first_that_can_be_used() -> None:
    second = Told("second", lambda: {"w1": heat("second")}, limits="second tells little")
    third = Told("third", dict)
    reader = Reader(MACHINE, [kind("no first: do this"), kind(second), kind(third)])
    assert reader.source == "second"
    assert reader.degradations == ("no first: do this", "second tells little")
    until(lambda: reader.read([ONE], 1) == {"w1": heat("second")})
    reader.close()
    assert (second.closed, third.closed) == (1, 0)


def test_without_any() -> None:
    reader = Reader(MACHINE, [kind("no first: do this")])
    assert reader.source == ""
    assert reader.degradations[0] == "no first: do this"
    assert "not known" in reader.degradations[1]
    assert reader.read([ONE], 1) == {}
    reader.close()


def test_one_that_was_lost_is_left_for_the_next() -> None:
    def lost() -> dict[str, Heat]:
        raise UnusableError("somebody took it")

    first, second = Told("first", lost), Told("second", lambda: {"w1": heat("second")})
    reader = Reader(MACHINE, [kind(first), kind(second)])
    assert reader.source == "first"
    until(lambda: reader.read([ONE], 1) == {"w1": heat("second")})
    assert (reader.source, reader.degradations) == ("second", ("somebody took it",))
    assert first.closed == 1
    reader.close()


def test_only_those_that_are_asked_for() -> None:
    source = Told("source", lambda: {"w1": heat("source"), "w2": heat("source")})
    reader = Reader(MACHINE, [kind(source)])
    until(lambda: len(reader.read([ONE, GONE], 1)) == 2)
    assert reader.read([ONE], 1) == {"w1": heat("source")}
    reader.close()


def test_a_mistake_of_ours_is_told_and_ends_no_window() -> None:
    def mistaken() -> dict[str, Heat]:
        raise KeyError("what")

    source, second = Told("first", mistaken), Told("second", dict)
    reader = Reader(MACHINE, [kind(source), kind(second)])

    def left() -> bool:
        reader.read([ONE], 1)
        return reader.source == "second"

    until(left)
    assert "first failed, please report it: KeyError: 'what'" in reader.degradations
    reader.close()
    assert source.closed == second.closed == 1


def test_one_that_cannot_be_ended_ends_no_window() -> None:
    def lost() -> dict[str, Heat]:
        raise UnusableError("it is busy")

    class Stuck(Told):
        def close(self) -> None:
            raise OSError(errno.EBUSY, "busy")

    reader = Reader(
        MACHINE, [kind(Stuck("first", lost)), kind(Stuck("second", lambda: {"w1": heat("second")}))]
    )
    until(lambda: reader.read([ONE], 1) == {"w1": heat("second")})
    assert "first could not be ended: [Errno 16] busy" in reader.degradations
    reader.close()
    assert "second could not be ended: [Errno 16] busy" in reader.degradations
