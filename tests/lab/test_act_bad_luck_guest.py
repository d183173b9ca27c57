"""Bad luck of the real kernel's making, in a guest. One target that fails never stops the others."""

from pathlib import Path
from typing import get_args

import pytest
from acting import action
from guest_workloads import MIB, directory, holding, knob
from knob_snapshot import differences, snapshot
from own_mounts import in_own_mounts

from llamas_bpf import machine
from llamas_bpf.act import Actuation, Journal, rollback
from llamas_bpf.contracts.action import Action, CgroupKnobName, SystemKnob

pytest_plugins = ("acting_in_guest",)

#: What an operator's container may have: /sys to be read only, here with its cgroups or without.
READ_ONLY = "mount --bind -o ro {0} {0} && mount -o remount,bind,ro {0}"


def acted(place: str, state: Path, *actions: Action) -> list[list[str]]:
    """Status and detail of each, by another process, to which this place is read-only."""

    def act() -> list[tuple[str, str]]:
        done = Actuation(machine.read(), Journal(state), dry_run=False).apply(actions)
        return [(one.status, one.detail) for one in done]

    told: list[list[str]] = in_own_mounts(READ_ONLY.format(place), act)
    return told


@pytest.mark.needs("demotion", "numa_balancing")
@pytest.mark.parametrize("place", ["/sys/kernel/mm", "/sys/fs/cgroup"])
def test_what_is_read_only_stays_and_the_rest_is_done(tmp_path: Path, place: str) -> None:
    """And is left as it is by the process that puts the rest back."""
    with holding(1, "readonly") as held:
        before = snapshot([directory(held)], [])
        wanted = [
            action(SystemKnob(knob="numa.demotion_enabled"), "true", "1.1", workload=None),
            action(knob(held, "cpu.weight"), "300", "2.1"),
            action(SystemKnob(knob="kernel.numa_balancing"), "2", "3.1", workload=None),
        ]
        failing = 0 if place == "/sys/kernel/mm" else 1
        done = acted(place, tmp_path / "state", *wanted)
        assert [status for status, _ in done] == [
            "failed" if number == failing else "applied" for number in range(3)
        ]
        assert "Read-only file system (remount it writable" in done[failing][1]
        changed = differences(before, snapshot([directory(held)], []))
        assert "/proc/sys/kernel/numa_balancing" in changed
        assert (str(directory(held) / "cpu.weight") in changed) == (failing == 0)
        assert all(entry.skipped is None for entry in rollback(tmp_path / "state", machine.read()))
        assert differences(before, snapshot([directory(held)], [])) == {}


def test_what_this_kernel_does_not_have_is_named_and_the_rest_is_done(actuation: Actuation) -> None:
    with holding(1, "lacking") as held:
        lacking = [name for name in get_args(CgroupKnobName) if not (directory(held) / name).exists()]
        if not lacking:
            pytest.skip("kernel feature: a knob that it lacks")
        absent = [action(knob(held, name), "max", f"{n}.1") for n, name in enumerate(lacking)]
        done = actuation.apply([*absent, action(knob(held, "cpu.weight"), "300", "99.1")])
        assert [one.status for one in done] == [*("failed" for _ in lacking), "applied"]
        for name, one in zip(lacking, done, strict=False):
            assert name in one.detail
            assert "this kernel was built without" in one.detail
        assert [one.value for one in actuation.restore_all("end")] == ["100"]


BOTH: tuple[CgroupKnobName, ...] = ("cpu.weight", "memory.high")


def test_a_workload_that_vanishes_between_hint_and_write(actuation: Actuation) -> None:
    with holding(1, "vanishing") as held:
        gone = [action(knob(held, name), "300", f"1.{n}") for n, name in enumerate(BOTH)]
    with holding(1, "staying") as held:
        done = actuation.apply([*gone, action(knob(held, "cpu.weight"), "300", "2.1")])
        assert [one.status for one in done] == ["failed", "failed", "applied"]
        assert all("no such thing here" in one.detail for one in done[:2])
        assert len(actuation.in_force()) == 1


def test_one_that_vanishes_while_it_is_in_force(actuation: Actuation) -> None:
    with holding(1, "staying") as stays:
        with holding(1, "vanishing") as goes:
            wanted = [action(knob(one, "cpu.weight"), "300", f"{n}.1") for n, one in enumerate((goes, stays))]
            assert [one.status for one in actuation.apply(wanted)] == ["applied", "applied"]
        restored = actuation.restore_all("end")
        assert [one.value for one in restored] == ["100", None]
        assert "no such thing here" in str(restored[1].skipped)
        assert not actuation.in_force()


def test_one_refused_value_of_several(actuation: Actuation) -> None:
    """EINVAL, ERANGE, EINVAL, and one that is taken."""
    with holding(1, "refused") as held:
        before = snapshot([directory(held)], [])
        wanted = [
            action(knob(held, "cpuset.cpus"), "4000", "1.1"),
            action(knob(held, "cpu.weight"), "20000", "2.1"),
            action(knob(held, "cpuset.mems"), "99", "3.1"),
            action(knob(held, "memory.high"), str(64 * MIB), "4.1"),
        ]
        done = actuation.apply(wanted)
        assert [one.status for one in done] == ["failed", "failed", "failed", "applied"]
        actuation.restore_all("end")
        assert differences(before, snapshot([directory(held)], [])) == {}
