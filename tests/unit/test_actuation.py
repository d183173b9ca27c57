"""What is in force, for how long, and what comes back: on files that stand for the kernel's."""

from pathlib import Path

import pytest
from acting import action, fake_cgroup, here, knob

from llamas_bpf.act import Actuation, Journal, rollback
from llamas_bpf.act.errors import ActError
from llamas_bpf.errors import ConfigError

HOT = "llamas-bpf/hot"
SECOND = 1_000_000_000


@pytest.fixture
def mount(tmp_path: Path) -> Path:
    fake_cgroup(tmp_path / "cgroup")
    return tmp_path / "cgroup"


@pytest.fixture
def actuation(mount: Path, tmp_path: Path) -> Actuation:
    return Actuation(here(mount), Journal(tmp_path / "state"), dry_run=False)


def content(mount: Path, name: str, cgroup: str = HOT) -> str:
    return (mount / cgroup / name).read_text()


def test_set_seen_undone_seen(mount: Path, actuation: Actuation) -> None:
    wanted = [
        action(knob(mount, "cpu.weight"), "300", id_="17.1"),
        action(knob(mount, "cpuset.mems"), "0-1", id_="17.2"),
        action(knob(mount, "memory.high"), "8192", id_="18.1"),
    ]
    done = actuation.apply(wanted)
    assert [(one.status, one.old, one.new) for one in done] == [
        ("applied", "100", "300"),
        ("applied", "", "0-1"),
        ("applied", "max", "8192"),
    ]
    assert [one.action.id for one in actuation.in_force()] == ["17.1", "17.2", "18.1"]
    restored = actuation.undo("17", "it harmed")
    assert [(one.action_id, one.value, one.reason) for one in restored] == [
        ("17.2", "", "it harmed"),
        ("17.1", "100", "it harmed"),
    ]
    assert (content(mount, "cpu.weight"), content(mount, "cpuset.mems").strip()) == ("100", "")
    assert actuation.undo("1", "a prefix of 18 is another decision") == []
    assert [one.value for one in actuation.undo("18.1", "no more")] == ["max"]
    assert actuation.in_force() == ()


def test_no_change_is_no_action(mount: Path, actuation: Actuation) -> None:
    (done,) = actuation.apply([action(knob(mount), "100")])
    assert (done.status, done.old, done.new) == ("unchanged", "100", "100")
    assert actuation.in_force() == ()


def test_a_dry_run_writes_nothing(mount: Path, tmp_path: Path) -> None:
    dry = Actuation(here(mount), None, dry_run=True)
    (done,) = dry.apply([action(knob(mount), "50")])
    assert done.status == "dry_run"
    assert (done.old, done.new) == ("100", None)
    assert done.detail == "would write 50 to /llamas-bpf/hot cpu.weight (100)"
    assert content(mount, "cpu.weight") == "100\n"
    assert dry.in_force() == ()
    assert dry.restore_all("end") == []
    assert not (tmp_path / "state").exists()
    with pytest.raises(ConfigError, match="journal"):
        Actuation(here(mount), None, dry_run=False)


def test_a_dry_run_leaves_a_journal_alone(mount: Path, actuation: Actuation, tmp_path: Path) -> None:
    actuation.apply([action(knob(mount), "50")])
    dry = Actuation(here(mount), Journal(tmp_path / "state"), dry_run=True)
    assert dry.restore_all("end") == []
    assert content(mount, "cpu.weight") == "50"


def test_its_time_is_over_and_a_repeated_hint_starts_it_anew(mount: Path, actuation: Actuation) -> None:
    one = action(knob(mount), "50", ttl_s=10)
    (first,) = actuation.apply([one])
    assert actuation.expire(first.at_ns + 9 * SECOND) == []
    (second,) = actuation.apply([one.model_copy(update={"id": "2.1", "ttl_s": 60})])
    assert second.status == "unchanged"
    assert actuation.expire(first.at_ns + 11 * SECOND) == []
    (restored,) = actuation.expire(second.at_ns + 61 * SECOND)
    assert (restored.action_id, restored.value, restored.reason) == ("1.1", "100", "its time is over")
    assert content(mount, "cpu.weight") == "100"


def test_a_later_action_supersedes_and_the_first_value_comes_back(mount: Path, actuation: Actuation) -> None:
    actuation.apply([action(knob(mount), "50", id_="1.1")])
    (second,) = actuation.apply([action(knob(mount), "60", id_="2.1")])
    assert (second.old, second.new) == ("50", "60")
    assert [(one.action.id, one.old, one.new) for one in actuation.in_force()] == [("2.1", "100", "60")]
    assert actuation.undo("1", "superseded") == []
    assert [one.value for one in actuation.undo("2", "enough")] == ["100"]
    assert content(mount, "cpu.weight") == "100"


def test_of_two_in_one_window_the_last_counts(mount: Path, actuation: Actuation) -> None:
    done = actuation.apply([action(knob(mount), "50", id_="1.1"), action(knob(mount), "60", id_="2.1")])
    assert [one.status for one in done] == ["failed", "applied"]
    assert "2.1 of the same window" in done[0].detail
    assert [one.value for one in actuation.restore_all("end")] == ["100"]


def test_back_to_the_first_value_by_a_later_action(mount: Path, actuation: Actuation) -> None:
    actuation.apply([action(knob(mount), "50", id_="1.1")])
    (done,) = actuation.apply([action(knob(mount), "100", id_="2.1")])
    assert done.status == "applied"
    assert [(one.value, one.skipped) for one in actuation.restore_all("end")] == [("100", None)]


def test_others_hands(mount: Path, actuation: Actuation) -> None:
    actuation.apply([action(knob(mount), "50")])
    (mount / HOT / "cpu.weight").write_text("77\n")
    (restored,) = actuation.restore_all("end")
    assert restored.value is None
    assert restored.skipped == "someone else has set it to 77 since: it is left at that"
    assert content(mount, "cpu.weight") == "77\n"
    (again,) = actuation.apply([action(knob(mount), "60", id_="2.1")])
    assert again.status == "failed"
    assert "left alone" in again.detail
    assert content(mount, "cpu.weight") == "77\n"


def test_others_hands_are_seen_when_the_next_action_comes(mount: Path, actuation: Actuation) -> None:
    actuation.apply([action(knob(mount), "50")])
    (mount / HOT / "cpu.weight").write_text("77\n")
    (again,) = actuation.apply([action(knob(mount), "60", id_="2.1")])
    assert (again.status, again.old) == ("failed", "77")
    assert actuation.in_force() == ()
    assert content(mount, "cpu.weight") == "77\n"


def test_others_hands_are_seen_once_a_window_and_said_once(mount: Path, actuation: Actuation) -> None:
    actuation.apply([action(knob(mount), "50"), action(knob(mount, "memory.high"), "4096", id_="2.1")])
    assert actuation.reconcile() == []
    (mount / HOT / "cpu.weight").write_text("77\n")
    (said,) = actuation.reconcile()
    assert (said.action_id, said.skipped) == (
        "1.1",
        "someone else has set it to 77 since: it is left at that",
    )
    assert actuation.reconcile() == []
    assert [one.action.id for one in actuation.in_force()] == ["2.1"]
    assert actuation.apply([action(knob(mount), "60", id_="3.1")])[0].status == "failed"
    assert content(mount, "cpu.weight") == "77\n"


def test_put_back_by_another_is_put_back(mount: Path, actuation: Actuation) -> None:
    actuation.apply([action(knob(mount), "50")])
    (mount / HOT / "cpu.weight").write_text("100\n")
    assert [(one.value, one.skipped) for one in actuation.restore_all("end")] == [("100", None)]


def test_a_cgroup_of_the_same_name_is_another(mount: Path, actuation: Actuation) -> None:
    target = knob(mount)
    actuation.apply([action(target, "50")])
    (mount / HOT).rename(mount / "old")
    fake_cgroup(mount)
    (mount / HOT / "cpu.weight").write_text("50\n")
    (done,) = actuation.apply([action(target, "60", id_="2.1")])
    (restored,) = actuation.restore_all("end")
    for sentence in (done.detail, restored.skipped or ""):
        assert "another one of the same name" in sentence
    assert content(mount, "cpu.weight") == "50\n"
    assert actuation.in_force() == ()


def test_one_that_fails_does_not_stop_the_others(mount: Path, actuation: Actuation) -> None:
    fake_cgroup(mount, "/other")
    gone = knob(mount, path="/other")
    actuation.apply(
        [action(knob(mount, path="/other"), "40", id_="1.1"), action(knob(mount), "50", id_="2.1")]
    )
    (mount / "other").rename(mount / "moved")
    done = actuation.apply([action(gone, "30", id_="3.1"), action(knob(mount), "60", id_="4.1")])
    assert [one.status for one in done] == ["failed", "applied"]
    restored = actuation.restore_all("end")
    assert {one.action_id: one.value for one in restored} == {"1.1": None, "4.1": "100"}
    assert ["no such thing" in (one.skipped or "") for one in restored] == [False, True]


def test_what_cannot_be_put_back_now_stays_in_force(
    mount: Path, actuation: Actuation, monkeypatch: pytest.MonkeyPatch
) -> None:
    from llamas_bpf.act.actuators.cgroup import CgroupActuator

    actuation.apply([action(knob(mount), "50")])
    with monkeypatch.context() as broken:

        def busy(*_: object) -> None:
            raise ActError("busy")

        broken.setattr(CgroupActuator, "write", busy)
        (failed,) = actuation.restore_all("end")
        assert failed.failed
        assert "tried again: busy" in (failed.skipped or "")
        assert len(actuation.in_force()) == 1
        (done,) = actuation.apply([action(knob(mount), "60", id_="2.1")])
        assert done.status == "failed"
        assert len(actuation.in_force()) == 1
    assert [one.value for one in actuation.restore_all("end")] == ["100"]


def test_a_value_the_kernel_did_not_take_is_taken_back(
    mount: Path, actuation: Actuation, monkeypatch: pytest.MonkeyPatch
) -> None:
    from llamas_bpf.act.cgroup_files import CgroupFiles

    write = CgroupFiles.write

    def rounding(self: CgroupFiles, target: object, name: str, value: str, flags: int = 0) -> None:
        write(self, target, name, "55" if value == "50" else value, flags)  # type: ignore[arg-type]

    monkeypatch.setattr(CgroupFiles, "write", rounding)
    (done,) = actuation.apply([action(knob(mount), "50")])
    assert done.status == "failed"
    assert "50 was written, and 55 is there" in done.detail
    assert content(mount, "cpu.weight") == "100"
    assert actuation.in_force() == ()


def test_rolling_back_some_of_it(mount: Path, actuation: Actuation, tmp_path: Path) -> None:
    actuation.apply(
        [action(knob(mount), "50", id_="17.1"), action(knob(mount, "memory.high"), "4096", id_="18.1")]
    )
    assert [one.action_id for one in rollback(tmp_path / "state", here(mount), "17")] == ["17.1"]
    assert [one.action_id for one in rollback(tmp_path / "state", here(mount))] == ["18.1"]
    assert rollback(tmp_path / "state", here(mount)) == []
    assert rollback(tmp_path / "never", here(mount)) == []
    assert not (tmp_path / "never").exists()


def test_a_superseding_action_that_fails_leaves_the_one_before_it(
    mount: Path, actuation: Actuation, monkeypatch: pytest.MonkeyPatch
) -> None:
    from llamas_bpf.act.cgroup_files import CgroupFiles

    write = CgroupFiles.write

    def refusing(self: CgroupFiles, target: object, name: str, value: str, flags: int = 0) -> None:
        if value == "60":
            raise ActError("no")
        write(self, target, name, value, flags)  # type: ignore[arg-type]

    monkeypatch.setattr(CgroupFiles, "write", refusing)
    actuation.apply([action(knob(mount), "50", id_="1.1")])
    (done,) = actuation.apply([action(knob(mount), "60", id_="2.1")])
    assert (done.status, done.old, done.detail) == ("failed", "50", "no")
    assert [(one.action.id, one.new) for one in actuation.in_force()] == [("1.1", "50")]
    assert [one.value for one in actuation.restore_all("end")] == ["100"]


def test_a_link_in_a_knobs_place_leads_nowhere(mount: Path, actuation: Actuation, tmp_path: Path) -> None:
    """In cgroupfs nobody can make one; in a directory that only looks like it, anybody could."""
    outside = tmp_path / "outside"
    outside.write_text("100\n")
    (mount / HOT / "cpu.weight").unlink()
    (mount / HOT / "cpu.weight").symlink_to(outside)
    (done,) = actuation.apply([action(knob(mount), "300")])
    assert done.status == "failed"
    assert outside.read_text() == "100\n"
    assert actuation.in_force() == ()


def test_a_link_that_takes_a_knobs_place_later_is_not_followed(
    mount: Path, actuation: Actuation, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    outside.write_text("300\n")
    assert actuation.apply([action(knob(mount), "300")])[0].status == "applied"
    (mount / HOT / "cpu.weight").unlink()
    (mount / HOT / "cpu.weight").symlink_to(outside)
    (restored,) = actuation.undo("1", "it harmed")
    assert restored.skipped
    assert outside.read_text() == "300\n"


def test_what_is_there_now_can_be_asked_without_a_journal(mount: Path) -> None:
    dry = Actuation(here(mount), None, dry_run=True)
    weight = knob(mount, "cpu.weight")
    assert dry.present(weight) == "100"
    assert dry.present(weight.model_copy(update={"cgroup_id": 1})) is None
