"""What the kernel means by a file's text, and what systemd is given in its place."""

from typing import Any, get_args

import pytest

from llamas_bpf.act.cgroup_values import DEFAULTS, same
from llamas_bpf.act.errors import ActError
from llamas_bpf.act.unit_properties import PROPERTIES, UNSET, in_steps
from llamas_bpf.contracts.action import CgroupKnobName


@pytest.mark.parametrize(
    ("knob", "now", "value", "expected"),
    [
        ("cpu.weight", "100", "100", True),
        ("cpu.weight", "100", "10000", False),
        ("cpu.max", "50000 100000", "50000", True),
        ("cpu.max", "50000 20000", "50000", True),
        ("cpu.max", "50000 20000", "50000 100000", False),
        ("cpu.max", "max 100000", "max", True),
        ("cpu.max", "50000 100000", "max", False),
        ("cpu.uclamp.min", "50.00", "50", True),
        ("cpu.uclamp.min", "50.25", "50", False),
        ("cpu.uclamp.max", "max", "100", True),
        ("cpu.uclamp.max", "99.99", "max", False),
        ("cpuset.cpus", "0-1", "1,0", True),
        ("cpuset.cpus", "", "0", False),
        ("cpuset.cpus", "0", "0-99999999999", False),
        ("cpuset.mems", "0,2", "2,0", True),
        ("memory.high", "67108864", "67108869", True),
        ("memory.high", "67108864", "67108863", False),
        ("memory.high", "max", str(1 << 63), True),
        ("memory.low", "0", "4095", True),
        ("memory.zswap.max", "max", "0", False),
        ("memory.high", "max", "a lot", False),
    ],
)
def test_the_same_to_the_kernel(knob: CgroupKnobName, now: str, value: str, expected: bool) -> None:
    assert same(knob, now, value, 4096) is expected


def test_every_knob_has_a_default() -> None:
    assert set(get_args(CgroupKnobName)) <= set(DEFAULTS)


@pytest.mark.parametrize(
    ("knob", "value", "steps"),
    [
        ("cpu.weight", "300", [[("CPUWeight", ("t", 300))]]),
        (
            "cpu.max",
            "10001 30000",
            [[("CPUQuotaPerSecUSec", ("t", 333367)), ("CPUQuotaPeriodUSec", ("t", 30000))]],
        ),
        ("cpuset.cpus", "0,9", [[("AllowedCPUs", ("ay", b"\x01\x02"))]]),
        ("cpuset.mems", "2", [[("AllowedMemoryNodes", ("ay", b"\x04"))]]),
        ("memory.high", "8192", [[("MemoryHigh", ("t", 8192))]]),
        ("memory.low", "0", [[("MemoryLow", ("t", 0))]]),
    ],
)
def test_a_value_as_properties(knob: CgroupKnobName, value: str, steps: list[Any]) -> None:
    assert in_steps(knob, value) == steps


def test_the_kernels_default_is_no_setting() -> None:
    unset = {knob: in_steps(knob, DEFAULTS[knob])[-1] for knob in PROPERTIES if knob != "memory.low"}  # type: ignore[arg-type]
    assert {value for steps in unset.values() for _, (_, value) in steps} == {UNSET, b""}


@pytest.mark.parametrize(("knob", "value"), [("cpu.weight", "0"), ("cpu.max", "x"), ("memory.high", "-1")])
def test_what_is_no_value_is_refused(knob: CgroupKnobName, value: str) -> None:
    with pytest.raises(ActError, match="not a value"):
        in_steps(knob, value)


def test_what_systemd_keeps_gives_every_quota_again() -> None:
    for period in (1_000, 30_000, 99_999, 100_000, 1_000_000):
        for quota in (1_000, 1_001, 33_333, 99_999, 1_234_567):
            (((_, (_, per_second)), _),) = in_steps("cpu.max", f"{quota} {period}")
            assert per_second * period // 1_000_000 == quota
