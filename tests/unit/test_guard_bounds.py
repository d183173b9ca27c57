"""The limits of each knob, how limits.toml says them, and which texts are values at all."""

import tomllib
from pathlib import Path
from typing import get_args

import pytest
from acting import action
from guarding import knob, refusal
from hypothesis import example, given
from hypothesis import strategies as st
from situations import MIB

from llamas_bpf import policies
from llamas_bpf.config import Config
from llamas_bpf.contracts.action import Action, CgroupController, CgroupReclaim, Scheme, SystemKnob, Target
from llamas_bpf.contracts.knobs import KNOBS
from llamas_bpf.errors import ConfigError
from llamas_bpf.guard import Limits, load_limits
from llamas_bpf.guard.values import amount, is_list


@pytest.mark.parametrize(
    ("one", "words"),
    [
        (knob("cpu.weight", "49"), "cpu.weight would become 49, and limits.toml allows 50 to 200"),
        (knob("cpu.weight", "201"), "allows 50 to 200"),
        (knob("memory.high", "0"), "would become 0 B, and limits.toml allows 32 MiB to 1 GiB"),
        (knob("memory.high", "max"), "would become max, and limits.toml allows 32 MiB to 1 GiB"),
        (knob("memory.low", "4096"), "limits.toml has no bounds for memory.low"),
        (knob("cpuset.cpus", ""), "stands still"),
        (knob("cpuset.cpus", "0-99"), "would become 100 CPUs, and limits.toml allows 1 CPU to 64 CPUs"),
        (knob("cpuset.mems", "all"), "takes a list of nodes"),
        (knob("cpuset.mems", "1-0"), "takes a list of nodes"),
        (action(SystemKnob(knob="kernel.numa_balancing"), "4", workload=None), "takes 0, 1, 2, 3"),
        (action(SystemKnob(knob="numa.demotion_enabled"), "\x1b[2J", workload=None), r"\\x1b"),
        (action(CgroupReclaim(cgroup="/w1", cgroup_id=1), str(65 * MIB)), "allows 4 KiB to 64 MiB"),
    ],
)
def test_bounds(one: Action, words: str) -> None:
    check, sentence = refusal(one) or ("", "")
    assert check == "bounds"
    assert words in sentence


def test_the_packaged_limits_bound_every_knob_there_is() -> None:
    limits = Limits()
    for name, about in KNOBS.items():
        assert (name in limits.switches, name in limits.bounds) == (
            about.takes == "words",
            about.takes != "words",
        ), name
    # A controller is none: it comes with the knob that needs it.
    kinds = set(get_args(get_args(Target)[0])) - {CgroupController}
    of_kinds = [kind.model_fields["knob"].annotation for kind in kinds]
    assert {name for names in of_kinds for name in get_args(names)} == KNOBS.keys()


@pytest.mark.parametrize(
    ("name", "value", "bounded"),
    [
        ("cpu.max", "50000 100000", 0.5),
        ("cpu.max", "max 100000", float("inf")),
        ("cpu.max", "50000", None),
        ("cpu.max", "50000 999", None),
        ("cpu.max", "50000 2000000", None),
        ("cpu.uclamp.min", "12.34", 12.34),
        ("cpu.uclamp.max", "max", float("inf")),
        ("cpu.uclamp.max", "12.345", None),
        ("memory.high", "max", float("inf")),
        ("cpu.weight", "max", None),
        ("affinity", "0-3,8", 5),
        ("affinity", "3-0", None),
        ("affinity", "1,1", 1),
        ("affinity", "8,0", None),
        ("affinity", "0-99999," * 1000 + "5", None),
        ("cpuset.mems", "", None),
        ("priority", "10 batch", 10),
        ("priority", "-5 other", None),
        ("priority", "5 fifo", None),
        ("priority", "19 batch", 19),
        ("priority", "0 idle", 20),
        ("priority", "20 other", None),
        ("migrate_cold", "target_nid=2 ms=1000 bytes=4096", 4096),
        ("migrate_cold", "target_nid=2 ms=1001 bytes=4096", None),
        ("migrate_cold", "target_nid=2 ms=10 bytes=4096", 4096),
        ("migrate_cold", "target_nid=2 ms=10", None),
        ("migrate_cold", "bytes=4096 bytes=1", None),
        ("migrate_cold", "bytes=4096 x=1", None),
        ("migrate_cold", "bytes=4096  ms=1", None),
    ],
)
def test_what_of_a_value_is_bounded(name: str, value: str, bounded: float | None) -> None:
    assert amount(KNOBS[name], value) == bounded


@pytest.mark.parametrize(
    "value", ["+1", "-1", " 1", "1 ", "1_0", "1e2", "0x10", "１００", "9" * 30, "", "1\n", "٣", "²"]
)
@pytest.mark.parametrize("name", [name for name, about in KNOBS.items() if about.takes != "words"])
def test_only_plain_digits_are_a_number(name: str, value: str) -> None:
    assert amount(KNOBS[name], value) is None


@given(st.text(alphabet="0123456789,- x", max_size=30) | st.text(max_size=8))
@example("0-99999," * 200 + "1")
def test_what_is_taken_for_a_list_is_read_as_the_kernel_reads_it(text: str) -> None:
    if not is_list(text):
        return
    ends = [int(end) for part in text.split(",") for end in part.split("-")]
    assert ends == sorted(ends)
    assert text.isascii()


def test_a_scheme_may_not_go_without_a_quota_in_bytes() -> None:
    target = Scheme(knob="pageout", cgroup="/w1", cgroup_id=1)
    assert amount(KNOBS[target.knob], "ms=10") is None


def test_the_packaged_limits_are_the_defaults(tmp_path: Path) -> None:
    packaged = load_limits(Config(policies=tmp_path))
    given = Limits()
    for section in Limits.model_fields:
        if section not in ("scope", "protect"):
            assert getattr(packaged, section) == getattr(given, section), section
    assert not packaged.scope.machine_wide
    written = tomllib.loads((policies.packaged() / "limits.toml").read_text())
    assert written.keys() == Limits.model_fields.keys()


def test_a_section_of_ones_own_takes_the_place_of_the_whole_packaged_one(tmp_path: Path) -> None:
    (tmp_path / "limits.toml").write_text('[bounds]\n"cpu.weight" = { min = 5, max = 6 }\n')
    limits = load_limits(Config(policies=tmp_path))
    assert list(limits.bounds) == ["cpu.weight"]
    assert limits.switches == Limits().switches


def test_no_limits_no_enforcing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("llamas_bpf.policies.packaged", lambda: tmp_path)
    with pytest.raises(ConfigError, match=r"refusing to enforce without limits\.toml"):
        load_limits(Config(policies=tmp_path))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[scope]\ncgroup = []", "unknown key scope.cgroup; did you mean cgroups?"),
        (
            '[bounds]\n"cpu.wieght" = { min = 1, max = 2 }',
            "unknown knob cpu.wieght; did you mean cpu.weight?",
        ),
        ("[bounds]\nqqq = { min = 1, max = 2 }", "unknown knob qqq; known knobs: cpu.weight, cpu.max"),
        ("[bounds]\ncpu_weight = { min = 1, max = 2 }", 'cpu_weight is now called "cpu.weight"'),
        ("[bounds]\nmemory_high_bytes = { min = 1, max = 2 }", 'is now called "memory.high"'),
        ('[bounds]\n"zswap.enabled" = ["Y"]', "zswap.enabled belongs in [switches]"),
        ('[switches]\n"cpu.weight" = ["1"]', "cpu.weight belongs in [bounds]"),
        ('[switches]\n"zswap.enabled" = ["yes"]', "zswap.enabled does not take yes; it takes Y, N"),
        ('[bounds]\n"cpu.weight" = { min = 5, max = 2 }', "min 5 is above max 2"),
        ('[bounds]\n"cpu.weight" = { min = 5 }', "cpu.weight.max"),
        ('[bounds]\n"cpu.weight" = { min = -5, max = 2 }', "cpu.weight.min"),
        ('[bounds]\n"cpu.weight" = { min = 1, max = 2, factr = 2 }', "factr; did you mean factor?"),
        ('[bounds]\n"cpu.weight" = 5', "bounds.cpu.weight"),
        ('[protect]\nusers = ["no-such-user"]', "there is no user 'no-such-user'"),
        ('[protect]\nexecutables = ["sshd"]', "whole path"),
        ('[scope]\ncgroups = ["/a/../b"]', "whole path"),
        ("min_confidence = 2", "min_confidence"),
        ("min_confidence = true", "min_confidence: Input should be a valid number"),
        ("min_confidence = '0.5'", "min_confidence: Input should be a valid number"),
        ("min_confidence = nan", "min_confidence: "),
        ("[scope]\nmachine_wide = 'yes'", "scope.machine_wide: Input should be a valid boolean"),
        ("[scope]\nmachine_wide = 1", "scope.machine_wide: Input should be a valid boolean"),
        ('[switches]\n"zswap.enabled" = "Y"', "switches.zswap.enabled: Input should be a valid array"),
        ('[switches]\n"zswap.enabled" = [1]', "switches.zswap.enabled.0: Input should be a valid string"),
        ('[bounds]\n"cpu.weight" = { min = 1, max = nan }', "cpu.weight.max"),
        ('[bounds]\n"cpu.weight" = { min = "1", max = 2 }', "cpu.weight.min"),
        ("max_ttl_s = 1" + "0" * 5000, "not valid TOML"),
    ],
)
def test_mistakes_in_limits_are_named(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "limits.toml").write_text(text)
    with pytest.raises(ConfigError) as caught:
        load_limits(Config(policies=tmp_path))
    assert words in str(caught.value)
