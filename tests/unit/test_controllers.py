"""What is enabled for a knob, and for how long, on files that stand for the kernel's."""

from pathlib import Path

import pytest
from acting import action, fake_cgroup, here, knob
from pydantic import ValidationError

from llamas_bpf.act import Actuation, Journal
from llamas_bpf.act.entries import Intent, Old, Settled, Undone
from llamas_bpf.act.holds import Holds, add, needless
from llamas_bpf.contracts.action import CgroupController, CgroupKnob, Target

ROOT, OUTER = (
    CgroupController(cgroup=path, cgroup_id=n, knob="cpu") for n, path in enumerate(("/", "/a"), start=1)
)
DEEP = CgroupKnob(cgroup="/a/b", cgroup_id=3, knob="cpu.weight")


def begun(*targets: Target) -> Holds:
    holds: Holds = {}
    for target in targets:
        one = action(target, "1")
        add(holds, Intent(boot_id="b", at_ns=0, at_s=0, action=one, found="", old=Old(value="")))
    return holds


def test_the_root_hands_on_controllers_but_has_no_knobs() -> None:
    assert ROOT.cgroup == "/"
    for cgroup in ("/", "a", "/a/", "//a"):
        with pytest.raises(ValidationError):
            CgroupKnob(cgroup=cgroup, cgroup_id=1, knob="cpu.weight")
    with pytest.raises(ValidationError):
        CgroupController(cgroup="//", cgroup_id=1, knob="cpu")


def test_controllers_are_needed_by_the_knobs_below() -> None:
    holds = begun(ROOT, OUTER, DEEP)
    assert needless(holds) == []
    add(holds, Undone(target=DEEP, reason="enough"))
    assert [hold.intent.target for hold in needless(holds)] == [OUTER, ROOT]


def test_the_deepest_is_disabled_first_although_killed_before_it_was_noted() -> None:
    holds = begun(ROOT, OUTER, DEEP)
    add(holds, Settled(target=ROOT, new="on"))
    add(holds, Undone(target=DEEP, reason="enough"))
    assert [hold.intent.target for hold in needless(holds)] == [OUTER, ROOT]


@pytest.mark.parametrize(
    "other",
    [
        DEEP.model_copy(update={"knob": "cpuset.cpus"}),
        DEEP.model_copy(update={"cgroup": "/ab/c"}),
        DEEP.model_copy(update={"cgroup": "/a"}),
    ],
)
def test_other_knobs_need_others(other: CgroupKnob) -> None:
    assert OUTER in [hold.intent.target for hold in needless(begun(ROOT, OUTER, other))]


def test_one_that_cannot_be_enabled_ends_it(tmp_path: Path) -> None:
    """The file keeps what was written, which is not what the kernel says of an enabled controller."""
    fake_cgroup(tmp_path, "/hot")
    (tmp_path / "hot/cpu.weight").unlink()
    for path in (tmp_path, tmp_path / "hot"):
        for name in ("cgroup.controllers", "cgroup.subtree_control"):
            (path / name).write_text("\n")
    actuation = Actuation(here(tmp_path), Journal(tmp_path / "state"), dry_run=False)
    wanted = action(knob(tmp_path, path="/hot"), "300")
    (done,) = actuation.apply([wanted])
    assert (done.action, done.status) == (wanted, "failed")
    assert "controller cpu below /: on was written, and off is there" in done.detail
    assert not (tmp_path / "hot/cpu.weight").exists()
    assert actuation.in_force() == ()
    assert Journal(tmp_path / "state").holds == {}
