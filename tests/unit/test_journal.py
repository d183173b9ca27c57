"""A journal that is torn, forged, foreign or full: what is read from it, and that nothing is written."""

import json
import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from acting import action, fake_cgroup, here, knob
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from llamas_bpf.act import Actuation, Journal, rollback
from llamas_bpf.act.errors import JournalError
from llamas_bpf.act.journal import NAME
from llamas_bpf.contracts.action import CgroupKnob, CgroupReclaim


@pytest.fixture
def mount(tmp_path: Path) -> Path:
    fake_cgroup(tmp_path / "cgroup")
    return tmp_path / "cgroup"


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


def begin(mount: Path, state: Path) -> Actuation:
    """An enforcing actuation that has set cpu.weight to 50."""
    actuation = Actuation(here(mount), Journal(state), dry_run=False)
    done = actuation.apply([action(knob(mount), "50", id_="17.1")])
    assert [(one.status, one.old, one.new) for one in done] == [("applied", "100", "50")]
    return actuation


def weight(mount: Path) -> str:
    return (mount / "llamas-bpf/hot/cpu.weight").read_text().strip()


def lines(state: Path) -> list[Any]:
    return [json.loads(line) for line in (state / NAME).read_text().splitlines()]


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    """As on a full disk: files end here (setrlimit(2); Python ignores SIGXFSZ)."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_it_says_what_was_there_before_and_is_private(mount: Path, state: Path) -> None:
    begin(mount, state)
    intent, applied = lines(state)
    assert (intent["entry"], intent["old"]["value"], intent["action"]["value"]) == ("intent", "100", "50")
    assert intent["boot_id"] == here().boot_id
    assert (applied["entry"], applied["new"]) == ("applied", "50")
    assert (state / NAME).stat().st_mode & 0o777 == 0o600
    assert state.stat().st_mode & 0o777 == 0o700


def test_the_announcement_is_on_disk_once_before_any_write(
    mount: Path, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_cgroup(mount, "/llamas-bpf/other")
    order: list[str] = []
    actuation = Actuation(here(mount), Journal(state), dry_run=False)
    sync, write = os.fdatasync, os.write

    def synced(file: int) -> None:
        order.append("sync")
        sync(file)

    def watched(file: int, text: bytes) -> int:
        order.append("intent" if b'"intent"' in text else "entry" if text.startswith(b"{") else "kernel")
        return write(file, text)

    monkeypatch.setattr(os, "fdatasync", synced)
    monkeypatch.setattr(os, "write", watched)
    actuation.apply(
        [action(knob(mount), "50"), action(knob(mount, path="/llamas-bpf/other"), "60", id_="2.1")]
    )
    assert order == ["intent", "sync", "kernel", "kernel", "entry"]


def test_a_torn_end_was_never_promised(mount: Path, state: Path) -> None:
    begin(mount, state)
    whole = (state / NAME).read_bytes()
    for length in range(len(whole)):
        (state / NAME).write_bytes(whole[:length])
        journal = Journal(state)
        assert len(journal.holds) == (1 if whole[:length].count(b"\n") else 0)
        journal.close()
    assert weight(mount) == "50"


def test_a_torn_end_does_not_spoil_what_follows(mount: Path, state: Path) -> None:
    begin(mount, state)
    with (state / NAME).open("ab") as file:
        file.write(b'{"entry": "int')
    actuation = Actuation(here(mount), Journal(state), dry_run=False)
    actuation.apply([action(knob(mount, "memory.high"), "4096", id_="18.1")])
    assert [entry["entry"] for entry in lines(state)] == ["intent", "applied", "intent", "applied"]


def forged(mount: Path, state: Path, change: Any) -> list[str]:
    """What rolling back says of a journal in which one line is changed."""
    begin(mount, state)
    intent, applied = lines(state)
    change(intent)
    (state / NAME).write_text(json.dumps(intent) + "\n" + json.dumps(applied) + "\n")
    return [entry.skipped or "restored" for entry in rollback(state, here(mount))]


def target_of(intent: Any) -> Any:
    return intent["action"]["target"]


@pytest.mark.parametrize(
    "change",
    [
        lambda intent: target_of(intent).update(knob="memory.max"),
        lambda intent: target_of(intent).update(knob="../../../etc/passwd"),
        lambda intent: target_of(intent).update(cgroup="etc"),
        lambda intent: target_of(intent).update(cgroup="//etc"),
        lambda intent: target_of(intent).update(path="/etc/passwd"),
        lambda intent: target_of(intent).update(kind="file"),
        lambda intent: intent.update(entry="write"),
        lambda intent: intent.pop("old"),
        lambda intent: intent.update(extra=1),
    ],
)
def test_a_forged_line_writes_nothing(mount: Path, state: Path, change: Any) -> None:
    with pytest.raises(JournalError, match=r"line 1 is not ours.*nothing was changed"):
        forged(mount, state, change)
    assert weight(mount) == "50"


def test_a_forged_cgroup_leads_nowhere_else(mount: Path, state: Path, tmp_path: Path) -> None:
    fake_cgroup(tmp_path, "/elsewhere")
    (mount / "link").symlink_to(tmp_path / "elsewhere")
    outside = (tmp_path / "elsewhere").stat().st_ino
    for cgroup in ("/../elsewhere", "/llamas-bpf/../../elsewhere", "/link", "/./../elsewhere"):
        (state / NAME).unlink(missing_ok=True)
        said = forged(
            mount, state, lambda intent, c=cgroup: target_of(intent).update(cgroup=c, cgroup_id=outside)
        )
        assert said != ["restored"]
        (mount / "llamas-bpf/hot/cpu.weight").write_text("100\n")
    assert (tmp_path / "elsewhere/cpu.weight").read_text() == "100\n"


def test_a_link_is_no_journal(mount: Path, state: Path, tmp_path: Path) -> None:
    begin(mount, state)
    (state / NAME).rename(tmp_path / "elsewhere")
    (state / NAME).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(JournalError, match="symbolic link"):
        rollback(state, here(mount))
    (state / NAME).unlink()
    (state / NAME).hardlink_to(tmp_path / "elsewhere")
    with pytest.raises(JournalError, match="plain file of its own"):
        rollback(state, here(mount))
    (state / NAME).unlink()
    os.mkfifo(state / NAME)
    with pytest.raises(JournalError, match="plain file"):
        rollback(state, here(mount))
    assert weight(mount) == "50"


@pytest.mark.skipif(os.geteuid() != 0, reason="kernel feature: only root can give a file away")
def test_what_others_could_have_written_is_refused(mount: Path, state: Path) -> None:
    begin(mount, state)
    for path, change, words in (
        (state / NAME, lambda path: os.chown(path, 12345, 0), "belongs to uid 12345"),
        (state / NAME, lambda path: path.chmod(0o620), "can be written by others"),
        (state, lambda path: path.chmod(0o777), "can be written by others"),
        (state, lambda path: os.chown(path, 12345, 0), "belongs to uid 12345"),
    ):
        change(path)
        with pytest.raises(JournalError, match=words):
            rollback(state, here(mount))
        os.chown(path, 0, 0)
        path.chmod(0o700)
    assert weight(mount) == "50"
    assert [entry.value for entry in rollback(state, here(mount))] == ["100"]


def test_on_a_full_disk_nothing_is_changed(mount: Path, state: Path) -> None:
    actuation = begin(mount, state)
    size = (state / NAME).stat().st_size
    for room in (0, 10):
        with largest_file(size + room):
            done = actuation.apply([action(knob(mount, "memory.high"), "4096", id_="18.1")])
        assert [one.status for one in done] == ["failed"]
        assert "cannot be written" in done[0].detail
        assert "nothing was changed" in done[0].detail
        assert (mount / "llamas-bpf/hot/memory.high").read_text() == "max\n"
    assert [one.action.id for one in actuation.in_force()] == ["17.1"]
    # Giving back needs no room, and what was torn does no harm once there is room again.
    with largest_file(size):
        assert [entry.value for entry in actuation.restore_all("end")] == ["100"]
    assert weight(mount) == "100"
    assert not actuation.in_force()
    done = actuation.apply([action(knob(mount, "memory.high"), "4096", id_="19.1")])
    assert [one.status for one in done] == ["applied"]


def test_a_full_disk_between_intent_and_result_still_can_be_undone(mount: Path, state: Path) -> None:
    actuation = Actuation(here(mount), Journal(state), dry_run=False)
    probe = action(knob(mount), "50")
    actuation.apply([probe])
    intent = len((state / NAME).read_bytes().splitlines(keepends=True)[0])
    actuation.restore_all("try")
    with largest_file(intent + 5):
        (done,) = actuation.apply([probe])
    assert done.status == "applied"
    assert "cannot be written" in done.detail
    assert [entry.value for entry in rollback(state, here(mount))] == ["100"]
    assert weight(mount) == "100"


def test_a_directory_that_cannot_be_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(JournalError, match="cannot be used as a journal"):
        Journal(tmp_path / "file")


def test_nothing_in_force_is_an_empty_journal(mount: Path, state: Path) -> None:
    actuation = begin(mount, state)
    actuation.restore_all("end")
    assert (state / NAME).read_bytes() == b""
    assert (state / NAME).stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in state.iterdir()) == [NAME]


def test_a_long_journal_is_shortened_to_what_is_in_force(
    mount: Path, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("llamas_bpf.act.journal.LONG_BYTES", 4000)
    actuation = begin(mount, state)
    for number in range(50):
        actuation.apply([action(knob(mount), str(51 + number % 2), id_=f"{18 + number}.1")])
        assert (state / NAME).stat().st_size < 5000
    assert [entry.value for entry in rollback(state, here(mount))] == ["100"]
    assert weight(mount) == "100"


def test_a_one_shot_is_logged_and_not_undone(mount: Path, state: Path) -> None:
    hot = mount / "llamas-bpf/hot"
    (hot / "memory.current").write_text("5000\n")
    (hot / "memory.reclaim").touch()
    actuation = Actuation(here(mount), Journal(state), dry_run=False)
    target = CgroupReclaim(cgroup="/llamas-bpf/hot", cgroup_id=hot.stat().st_ino)
    (done,) = actuation.apply([action(target, "4096")])
    assert (done.status, done.old) == ("applied", "5000")
    assert [entry["entry"] for entry in lines(state)] == ["intent", "applied"]
    assert actuation.in_force() == ()
    assert rollback(state, here(mount)) == []


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(st.binary(max_size=200), st.integers(0, 2))
def test_garbage_never_writes(tmp_path_factory: pytest.TempPathFactory, garbage: bytes, place: int) -> None:
    root = tmp_path_factory.mktemp("garbage")
    fake_cgroup(root / "cgroup")
    begin(root / "cgroup", root / "state")
    whole = (root / "state" / NAME).read_bytes().splitlines(keepends=True)
    whole.insert(place, garbage + b"\n")
    (root / "state" / NAME).write_bytes(b"".join(whole))
    with pytest.raises(JournalError):
        rollback(root / "state", here(root / "cgroup"))
    assert weight(root / "cgroup") == "50"


def test_another_boots_settings_are_gone_with_it(mount: Path, state: Path) -> None:
    begin(mount, state)
    (entry,) = rollback(state, here(mount).model_copy(update={"boot_id": "later"}))
    assert entry.skipped == "the machine was started anew since, and with it this setting"
    assert weight(mount) == "50"
    assert rollback(state, here(mount)) == []


def test_a_targets_path_is_not_taken_from_the_journal(mount: Path, state: Path) -> None:
    """The directory that is opened is below the mount of this machine, whatever the mount was then."""
    begin(mount, state)
    (entry,) = rollback(state, here(mount.parent / "nowhere"))
    assert entry.skipped is not None
    assert isinstance(knob(mount), CgroupKnob)
