"""A journal that is well-formed and lies. It is root's own, so it may say what root could do anyway: set a
known knob of a cgroup, or of a process, that is still the one it names. Never anything else."""

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from acting import action, fake_cgroup, here, knob

from llamas_bpf import process_stat
from llamas_bpf.act import Actuation, Journal, rollback
from llamas_bpf.act.errors import ActError, JournalError
from llamas_bpf.act.journal import LARGEST_BYTES, NAME
from llamas_bpf.contracts.action import Affinity
from llamas_bpf.contracts.decision import Restored

HOT = "llamas-bpf/hot"
Line = dict[str, Any]


class Scene:
    """A cgroup tree in which cpu.weight was set to 50, and the journal of it."""

    def __init__(self, root: Path) -> None:
        self.mount, self.state = root / "cgroup", root / "state"
        fake_cgroup(self.mount)
        fake_cgroup(self.mount, "/others")
        journal = Journal(self.state)
        actuation = Actuation(here(self.mount), journal, dry_run=False)
        actuation.apply([action(knob(self.mount), "50", id_="17.1")])
        journal.close()
        self.before = self.tree()

    def tree(self) -> dict[str, bytes]:
        return {str(path): path.read_bytes() for path in self.mount.rglob("*") if path.is_file()}

    def lines(self) -> list[Line]:
        return [json.loads(line) for line in (self.state / NAME).read_text().splitlines()]

    def forge(self, *lines: Line | bytes) -> None:
        texts = [line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines]
        (self.state / NAME).write_bytes(b"".join(text + b"\n" for text in texts))

    def rollback(self) -> list[Restored]:
        return rollback(self.state, here(self.mount))


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


def put(*path: str, value: Any) -> Callable[[Line], None]:
    def change(line: Line) -> None:
        for part in path[:-1]:
            line = line[part]
        line[path[-1]] = value

    return change


AT_TARGET = ("action", "target")


@pytest.mark.parametrize(
    "change",
    [
        put(*AT_TARGET, "cgroup_id", value=10**400),
        put(*AT_TARGET, "cgroup_id", value=-1),
        put(*AT_TARGET, "cgroup_id", value="x"),
        put(*AT_TARGET, "cgroup_id", value=None),
        put(*AT_TARGET, "cgroup", value="/" + "a" * 10_000_000),
        put(*AT_TARGET, "cgroup", value="/a" * 100_000),
        put(*AT_TARGET, "cgroup", value="/llamas-bpf/hot/"),
        put(*AT_TARGET, "cgroup", value="/llamas-bpf/hot\n"),
        put(*AT_TARGET, "cgroup", value="/llamas-bpf/h\x00t"),
        put(*AT_TARGET, "cgroup", value="/others"),
        put(*AT_TARGET, "cgroup", value=["/llamas-bpf/hot"]),
        put(*AT_TARGET, "knob", value="cpu.weight/../memory.high"),
        put(*AT_TARGET, "knob", value="cgroup.procs"),
        put(*AT_TARGET, "knob", value="cgroup.kill"),
        put(*AT_TARGET, value={"kind": "affinity", "knob": "affinity", "pid": 10**300, "start_ticks": 1}),
        put(*AT_TARGET, value={"kind": "affinity", "knob": "affinity", "pid": 1, "start_ticks": 1}),
        put(*AT_TARGET, value={"kind": "affinity", "knob": "affinity", "pid": -1, "start_ticks": 1}),
        put(*AT_TARGET, value={"kind": "affinity", "knob": "affinity", "pid": 2, "start_ticks": -1}),
        put(*AT_TARGET, value={"kind": "system", "knob": "../etc/passwd"}),
        put(*AT_TARGET, value={"kind": "system", "knob": "vm.swappiness", "path": "/etc/passwd"}),
        put(*AT_TARGET, value={"kind": "interleave", "node": 10**9}),
        put("action", "value", value="51"),
        put("action", "value", value=51),
        put("action", "ttl_s", value=1e400),
        put("action", "id", value=17),
        put("at_ns", value="soon"),
        put("at_s", value=float("nan")),
        put("at_s", value=float("inf")),
        put("boot_id", value="00000000-0000-0000-0000-000000000000"),
        put("boot_id", value=None),
        put("old", value="100"),
        put("old", value={"value": None}),
        put("old", value={"value": "\u00bd"}),
        put("old", value={"value": "1", "threads": [{"tid": 1, "start_ticks": 0, "cpus": "0"}]}),
        put("old", "path", value="/etc/passwd"),
        put("entry", value="undone"),
    ],
)
def test_a_lie_writes_nothing(scene: Scene, change: Callable[[Line], None]) -> None:
    """Of the one line that counts; the second, which says that 50 was taken, is left out."""
    intent = scene.lines()[0]
    change(intent)
    scene.forge(intent)
    try:
        restored = scene.rollback()
    except JournalError as error:
        assert "nothing was changed" in str(error)
        assert str(error).isprintable()
        assert len(str(error)) < 1000
    else:
        assert [entry.value for entry in restored] in ([None], []), restored
        assert all(entry.target.isprintable() and (entry.skipped or "").isprintable() for entry in restored)
    assert scene.tree() == scene.before


@pytest.mark.parametrize(
    "line",
    [
        b"\x00" * 100,
        b"\xff\xfe",
        b"",
        b"null",
        b"[]",
        b"{}",
        b'{"entry":"intent"}',
        b'{"entry":"undone","entry":"intent"}',
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"9" * 100_000,
        b'"\\ud800"',
    ],
    ids=lambda line: repr(line[:20]),
)
def test_no_entry(scene: Scene, line: bytes) -> None:
    scene.forge(*scene.lines(), line)
    with pytest.raises(JournalError, match=r"line 3 is not ours.*nothing was changed"):
        scene.rollback()
    assert scene.tree() == scene.before


def test_the_most_that_a_forged_one_does_is_what_its_owner_could(scene: Scene) -> None:
    """The knob it names, of the very cgroup it names, to a value of its choosing; as root, any may be set."""
    lines = scene.lines()
    lines[0]["old"]["value"] = "9999"
    scene.forge(*lines)
    assert [entry.value for entry in scene.rollback()] == ["9999"]
    changed = {name for name, text in scene.tree().items() if text != scene.before[name]}
    assert changed == {str(scene.mount / HOT / "cpu.weight")}


def test_nothing_that_a_knob_could_not_hold_is_shown_raw(scene: Scene) -> None:
    """A forged value that is written, and a file that cannot take it."""
    lines = scene.lines()
    lines[0]["old"]["value"] = "\x1b[2J\u202e"
    scene.forge(*lines)
    (entry,) = scene.rollback()
    assert entry.failed
    assert "not a value that could be written" in (entry.skipped or "")
    assert (entry.skipped or "").isprintable()
    assert scene.tree() == scene.before


def test_a_directory_is_no_journal(scene: Scene) -> None:
    (scene.state / NAME).unlink()
    (scene.state / NAME).mkdir()
    with pytest.raises(JournalError, match="Is a directory"):
        scene.rollback()
    assert scene.tree() == scene.before


def test_a_hundred_megabytes_of_the_same_is_one_setting(scene: Scene) -> None:
    """And once it is put back, as little as any."""
    lines = [json.dumps(line).encode() + b"\n" for line in scene.lines()]
    padding = b" " * 100_000
    with (scene.state / NAME).open("wb") as file:
        for _ in range(1000):
            file.write(lines[0][:-1] + padding + b"\n")
    assert [entry.value for entry in scene.rollback()] == ["100"]
    assert (scene.state / NAME).stat().st_size == 0


def test_a_hole_of_zeros_at_the_end_is_a_torn_end(scene: Scene) -> None:
    """As some file systems leave after a power cut."""
    with (scene.state / NAME).open("ab") as file:
        file.truncate(100 << 20)
    assert [entry.value for entry in scene.rollback()] == ["100"]


def test_one_of_a_size_that_nobody_writes_is_refused(scene: Scene) -> None:
    with (scene.state / NAME).open("ab") as file:
        file.truncate(LARGEST_BYTES + 1)
    with pytest.raises(JournalError, match=r"256 MiB is larger than any"):
        scene.rollback()
    assert scene.tree() == scene.before


def test_intents_for_the_same_over_and_over(scene: Scene) -> None:
    """As of a controller that the kernel refused ever since. They say no more than the first and the last."""
    intent = scene.lines()[0]
    many = [intent | {"action": intent["action"] | {"value": str(10 + n % 500)}} for n in range(5000)]
    scene.forge(*scene.lines(), *many)
    journal = Journal(scene.state)
    (hold,) = journal.holds.values()
    assert len(hold.ours) == 500
    assert hold.before is not None
    assert hold.before.before is None
    journal.close()
    assert [entry.value for entry in scene.rollback()] == ["100"]


def test_refused_for_days_it_neither_grows_nor_forgets(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each window another value is tried; neither it nor the one before can be written."""
    from llamas_bpf.act.cgroup_files import CgroupFiles

    def read_only(*_: object) -> None:
        raise ActError("Read-only file system")

    monkeypatch.setattr("llamas_bpf.act.journal.LONG_BYTES", 20_000)
    journal = Journal(scene.state)
    actuation = Actuation(here(scene.mount), journal, dry_run=False)
    with monkeypatch.context() as broken:
        broken.setattr(CgroupFiles, "write", read_only)
        for number in range(600):
            (done,) = actuation.apply([action(knob(scene.mount), str(60 + number % 7), id_=f"{number}.1")])
            assert done.status == "failed"
    assert journal.path.stat().st_size < 25_000
    journal.close()
    assert [entry.value for entry in scene.rollback()] == ["100"]


def test_what_failed_in_between_is_still_known_as_ours(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """It may have been written all the same, and survives the shortening of the journal."""
    intent = scene.lines()[0]
    later = [intent | {"action": intent["action"] | {"value": value}} for value in ("60", "70")]
    scene.forge(*scene.lines(), *later)
    monkeypatch.setattr("llamas_bpf.act.journal.LONG_BYTES", 1)
    journal = Journal(scene.state)
    journal.compact()
    journal.close()
    (scene.mount / HOT / "cpu.weight").write_text("60\n")
    assert [entry.value for entry in scene.rollback()] == ["100"]


def test_a_recycled_pid_is_another_process(scene: Scene) -> None:
    with subprocess.Popen(["sleep", "600"]) as process:
        stat = process_stat.read(process.pid)
        assert stat is not None
        before = os.sched_getaffinity(process.pid)
        mine = ",".join(map(str, sorted(before)))
        target = Affinity(pid=process.pid, start_ticks=stat.start_ticks - 1)
        intent, applied = scene.lines()
        intent["action"] |= {"target": target.model_dump(), "value": mine}
        scene.forge(intent | {"old": {"value": "0"}}, applied | {"target": target.model_dump(), "new": mine})
        (entry,) = scene.rollback()
        assert entry.skipped == f"process {process.pid} has ended, and its pid was given out again"
        assert os.sched_getaffinity(process.pid) == before
        process.kill()
