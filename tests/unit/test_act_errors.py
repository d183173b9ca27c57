"""What the kernel's answers mean, and what is made of files that are not there."""

import errno
import os
from pathlib import Path

import pytest
from acting import action, fake_cgroup, here, knob

from llamas_bpf.act import Actuation, Journal, journal, possible
from llamas_bpf.act.errors import ActError, Gone, explained
from llamas_bpf.contracts.action import SystemKnob


@pytest.mark.parametrize(("number", "gone"), [("ENOENT", True), ("ESRCH", True), ("ENODEV", False)])
def test_no_such_device_means_gone_only_where_that_is_said(number: str, gone: bool) -> None:
    with pytest.raises(ActError) as found, explained(SystemKnob(knob="zswap.enabled")):
        raise OSError(getattr(errno, number), number)
    assert isinstance(found.value, Gone) == gone


def test_a_kernel_without_nodes_has_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(possible.POSSIBLE, "cpuset.mems", tmp_path / "possible")
    assert possible.possible("cpuset.mems") == "0"


def test_a_journal_that_cannot_be_shortened_leaves_no_file_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_cgroup(tmp_path / "cgroup")
    monkeypatch.setattr(journal, "LONG_BYTES", 1)
    kept = Journal(tmp_path / "state")
    Actuation(here(tmp_path / "cgroup"), kept, dry_run=False).apply([action(knob(tmp_path / "cgroup"), "50")])

    def full(file: int) -> None:
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(os, "fsync", full)
    before = len(list(Path("/proc/self/fd").iterdir()))
    kept._long = 1
    for _ in range(5):
        kept.compact()
    assert len(list(Path("/proc/self/fd").iterdir())) == before
