"""Pages that are used come up from the slower tier while promotion is on, no faster than allowed."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from acting import action
from guest_workloads import EXEC, MIB, anon_bytes, knob

from llamas_bpf.act import Actuation
from llamas_bpf.contracts.action import SystemKnob, SystemKnobName, Target
from llamas_bpf.contracts.workload import Launched
from llamas_bpf.launched import launched

pytest_plugins = ("acting_in_guest",)

PROGRAM = str(Path(__file__).parent / "heat_program.py")
BALANCING: SystemKnobName = "kernel.numa_balancing"
RATE: SystemKnobName = "kernel.numa_balancing_promote_rate_limit_MBps"
FILES = [Path("/proc/sys/kernel") / name.removeprefix("kernel.") for name in (BALANCING, RATE)]
#: How often the kernel looks who uses what: it begins sooner and looks more often than on a large machine.
SCAN = Path("/sys/kernel/debug/sched/numa_balancing")
OFTEN = {"scan_delay_ms": "50", "scan_period_min_ms": "100", "scan_period_max_ms": "200"}
HOT_MIB, ALL_MIB = 30, 100
SLOW_NODE = 2
#: In so many rounds of half a second it has come up, or never will.
ROUNDS = 180


@pytest.fixture
def looking_often() -> Iterator[None]:
    before = {name: (SCAN / name).read_text() for name in OFTEN}
    for name, value in OFTEN.items():
        (SCAN / name).write_text(value)
    yield
    for name, value in before.items():
        (SCAN / name).write_text(value)


@contextmanager
def using() -> Iterator[Launched]:
    """A workload that uses 30 of its 100 MiB. Started with ``--mems`` it would keep its pages where they are:
    the kernel promotes none of a task with a policy of its own (mm/mempolicy.c, vma_policy_mof())."""
    command = [*EXEC, "--name", "used", "--", sys.executable, PROGRAM, str(HOT_MIB), str(ALL_MIB), "small"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"up\n"
        yield next(entry for entry in launched() if entry.name == "used")
        process.communicate(timeout=120)
        assert process.returncode == 0


def fast_bytes(workload: Launched) -> int:
    sizes = anon_bytes(workload)
    return sum(sizes.values()) - sizes[f"N{SLOW_NODE}"]


def wait_until_risen(workload: Launched, size: float) -> int:
    """How much is on the faster nodes when it is so much, or after long enough."""
    for _ in range(ROUNDS):
        if fast_bytes(workload) >= size:
            break
        time.sleep(0.5)
    return fast_bytes(workload)


def set_to(actuation: Actuation, target: Target, value: str, id_: str) -> None:
    (done,) = actuation.apply([action(target, value, id_=id_, workload=None)])
    assert done.status == "applied", done.detail


@pytest.mark.slow
@pytest.mark.needs("numa_balancing", "lower memory tier", "node2")
@pytest.mark.usefixtures("looking_often")
def test_what_is_used_is_promoted_and_no_faster_than_allowed(actuation: Actuation) -> None:
    before = [path.read_bytes() for path in FILES]
    with using() as workload:
        set_to(actuation, knob(workload, "cpuset.cpus"), "0", "1.1")  # so that it is promoted to one node
        set_to(actuation, knob(workload, "cpuset.mems"), str(SLOW_NODE), "2.1")
        actuation.undo("2", "its pages are down")
        low = fast_bytes(workload)
        assert low < 4 * MIB

        set_to(actuation, SystemKnob(knob=RATE), "1", "3.1")
        began = time.monotonic()
        set_to(actuation, SystemKnob(knob=BALANCING), "2", "4.1")
        assert wait_until_risen(workload, low + 0.5 * MIB) >= low + 0.5 * MIB
        time.sleep(3)
        slowly, took = fast_bytes(workload) - low, time.monotonic() - began
        # The kernel counts in whole seconds of its own; and a little is just in use.
        assert slowly <= (took + 2) * MIB

        lifted = time.monotonic()
        actuation.undo("3", "as fast as it goes")
        risen = wait_until_risen(workload, low + 0.9 * HOT_MIB * MIB) - low
        left = anon_bytes(workload)[f"N{SLOW_NODE}"]
        print(
            f"\n{slowly / MIB:.1f} MiB came up in {took:.1f} s at 1 MiB/s, {risen / MIB:.1f} MiB"
            f" {time.monotonic() - lifted:.1f} s later without a limit, {left / MIB:.1f} MiB stayed"
        )
        assert risen >= 0.9 * HOT_MIB * MIB
        assert left >= 0.9 * (ALL_MIB - HOT_MIB) * MIB
        actuation.restore_all("end")
    assert [path.read_bytes() for path in FILES] == before
