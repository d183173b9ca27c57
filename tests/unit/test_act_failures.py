"""One that fails, or that someone else changes meanwhile: on files that stand for the kernel's."""

import errno
from pathlib import Path

import pytest
from acting import action, fake_cgroup, here, knob

from llamas_bpf.act import Actuation, Journal, rollback
from llamas_bpf.act.actuators.cgroup import CgroupActuator
from llamas_bpf.act.cgroup_files import CgroupFiles
from llamas_bpf.act.errors import ActError
from llamas_bpf.contracts.action import CgroupKnob, CgroupKnobName, CgroupReclaim

HOT = "llamas-bpf/hot"
SECOND = 1_000_000_000


@pytest.fixture
def mount(tmp_path: Path) -> Path:
    fake_cgroup(tmp_path / "cgroup")
    return tmp_path / "cgroup"


@pytest.fixture
def actuation(mount: Path, tmp_path: Path) -> Actuation:
    return Actuation(here(mount), Journal(tmp_path / "state"), dry_run=False)


def content(mount: Path, name: str) -> str:
    return (mount / HOT / name).read_text()


def test_whatever_ends_one_undoing_the_others_are_undone_and_kept_account_of(
    mount: Path, actuation: Actuation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names: tuple[CgroupKnobName, ...] = ("cpu.weight", "memory.high", "cpuset.mems")
    wanted = zip(names, ("50", "4096", "0"), strict=True)
    actuation.apply(
        [action(knob(mount, name), value, id_=f"{n}.1") for n, (name, value) in enumerate(wanted)]
    )
    read = CgroupActuator.read

    def unreadable(self: CgroupActuator, target: CgroupKnob) -> object:
        if target.knob == "memory.high":
            raise FileNotFoundError("/sys/devices/system/node/possible")
        if target.knob == "cpuset.mems":
            raise ValueError("not a number")
        return read(self, target)

    with monkeypatch.context() as broken:
        broken.setattr(CgroupActuator, "read", unreadable)
        assert actuation.reconcile() == []
        assert [one.failed for one in actuation.restore_all("end")] == [True, True, False]
        (done,) = actuation.apply([action(knob(mount, "memory.high"), "8192", id_="9.1")])
        assert done.status == "failed"
    assert content(mount, "cpu.weight") == "100"
    kept = [entry.action_id for entry in rollback(tmp_path / "state", here(mount))]
    assert kept == ["2.1", "1.1"]


def test_an_undoing_that_keeps_failing_is_tried_again_and_said_once(
    mount: Path, actuation: Actuation, monkeypatch: pytest.MonkeyPatch
) -> None:
    (done,) = actuation.apply([action(knob(mount), "50", ttl_s=1)])
    late, tries = done.at_ns + 2 * SECOND, []

    def busy(*_: object) -> None:
        tries.append(1)
        raise ActError("busy")

    with monkeypatch.context() as broken:
        broken.setattr(CgroupActuator, "write", busy)
        assert [len(actuation.expire(late)) for _ in range(3)] == [1, 0, 0]
    assert len(tries) == 3
    assert [one.value for one in actuation.expire(late)] == ["100"]


def test_a_failed_action_takes_nothing_back_from_someone_else(
    mount: Path, actuation: Actuation, monkeypatch: pytest.MonkeyPatch
) -> None:
    actuation.apply([action(knob(mount), "50", id_="1.1")])

    def overtaken(self: CgroupFiles, *_: object) -> None:
        (mount / HOT / "cpu.weight").write_text("77\n")
        raise ActError("no")

    with monkeypatch.context() as broken:
        broken.setattr(CgroupFiles, "write", overtaken)
        (done,) = actuation.apply([action(knob(mount), "60", id_="2.1")])
    assert done.status == "failed"
    assert "someone else has set it to 77" in done.detail
    assert actuation.in_force() == ()
    assert content(mount, "cpu.weight") == "77\n"


def test_superseding_one_does_not_change_the_order_of_undoing(mount: Path, actuation: Actuation) -> None:
    actuation.apply(
        [action(knob(mount), "50", id_="1.1"), action(knob(mount, "memory.high"), "4096", id_="2.1")]
    )
    actuation.apply([action(knob(mount), "60", id_="3.1")])
    assert [one.action_id for one in actuation.restore_all("end")] == ["2.1", "3.1"]


def test_reclaim_that_takes_nothing_is_no_action(
    mount: Path, actuation: Actuation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """EAGAIN at once, and as much in use as before."""
    (mount / HOT / "memory.current").write_text("1000000\n")
    (mount / HOT / "memory.reclaim").write_text("")
    number = knob(mount).cgroup_id
    target = CgroupReclaim(cgroup="/" + HOT, cgroup_id=number, knob="memory.reclaim")
    taken = 0

    def refusing(self: CgroupFiles, *_: object) -> None:
        (mount / HOT / "memory.current").write_text(f"{1000000 - taken}\n")
        raise ActError("less than asked") from OSError(errno.EAGAIN, "less than asked")

    monkeypatch.setattr(CgroupFiles, "write", refusing)
    (done,) = actuation.apply([action(target, "4096")])
    assert (done.status, done.new) == ("unchanged", "1000000")
    taken = 4096
    (done,) = actuation.apply([action(target, "8192", id_="2.1")])
    assert (done.status, done.new) == ("applied", "995904")
