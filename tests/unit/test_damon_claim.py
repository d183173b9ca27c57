"""Whose kdamonds these are."""

import errno
import os
from pathlib import Path

import pytest

from llamas_bpf import machine
from llamas_bpf.act.actuators.scheme import SchemeActuator
from llamas_bpf.act.entries import Old
from llamas_bpf.act.errors import ActError, Gone
from llamas_bpf.contracts.action import Scheme
from llamas_bpf.damon import availability, sysfs
from llamas_bpf.damon import claim as claims
from llamas_bpf.damon.claim import Claim, ClaimFile
from llamas_bpf.damon.errors import NotOursError
from llamas_bpf.heat import damon

OURS = Claim("boot", 7, 3)


@pytest.mark.parametrize(
    ("tags", "ours"),
    [
        ([7, 7, 7], True),
        # Killed while making them.
        ([None, None, None], True),
        ([60_000_000, None, None], True),
        ([7, None, None], True),
        ([7, 60_000_000, None], True),
        ([7, 7, 60_000_000], True),
        ([60_000_000, 60_000_000, None], False),
        ([7, None, 7], False),
        ([None, 7, 7], False),
        ([7, 7], False),
        ([7, 7, 8], False),
        ([], False),
    ],
)
def test_ours_are_those_with_our_tag(tags: list[int | None], ours: bool) -> None:
    assert OURS.holds(tags) is ours


def test_what_was_taken_is_whole() -> None:
    assert OURS.is_whole([7, 7, 7])
    assert not OURS.is_whole([None, None, None])


def test_a_claim_that_cannot_be_read_is_not_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> int:
        raise OSError(errno.EMFILE, "Too many open files")

    assert claims.last(tmp_path / "none") is None
    monkeypatch.setattr(os, "open", full)
    with pytest.raises(OSError, match="Too many open files"):
        claims.last(tmp_path / "damon.json")


def test_undoing_does_not_let_go_of_what_lost_its_claim(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kdamonds = tmp_path / "kdamonds"
    intervals = kdamonds / "0/contexts/0/monitoring_attrs/intervals"
    intervals.mkdir(parents=True)
    (kdamonds / "nr_kdamonds").write_text("1\n")
    monkeypatch.setattr(sysfs, "KDAMONDS", kdamonds)
    monkeypatch.setattr(availability, "last_claim", lambda: None)
    tool, scheme, old = SchemeActuator(machine.read()), Scheme(knob="lru_prio"), Old(value="off")
    (intervals / "update_us").write_text(f"{10**12 + 5}\n")
    with pytest.raises(ActError, match="does not say so any more") as refused:
        tool.put_back(scheme, old, ["ms=1 bytes=4096"])
    assert not isinstance(refused.value, Gone)
    (intervals / "update_us").write_text("60000000\n")
    with pytest.raises(Gone, match="set up anew by somebody else"):
        tool.put_back(scheme, old, ["ms=1 bytes=4096"])


def test_a_claim_is_read_back(tmp_path: Path) -> None:
    path = tmp_path / "damon.json"
    file = ClaimFile(path)
    assert claims.last(path) is None
    claim = file.write("boot", 3)
    assert claims.last(path) == claim
    assert file.write("boot", 3).tag != claim.tag
    file.withdraw()
    assert claims.last(path) is None
    file.close()


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"tag": 1}', '{"boot_id": "b", "tag": 1, "kdamonds": 1, "x": 2}']
)
def test_what_is_no_claim(tmp_path: Path, text: str) -> None:
    path = tmp_path / "damon.json"
    path.write_text(text)
    assert claims.last(path) is None


def test_one_at_a_time(tmp_path: Path) -> None:
    path = tmp_path / "damon.json"
    first = ClaimFile(path)
    with pytest.raises(NotOursError, match="another llamas-bpf"):
        ClaimFile(path)
    first.close()
    ClaimFile(path).close()


def test_bytes_of_addresses_are_no_more_than_is_resident() -> None:
    found = damon.heat(working_set=30, hot=20, cold=500, resident=100)
    assert found is not None
    assert (found.working_set_bytes, found.hot_bytes, found.cold_bytes) == (30, 20, 70)
    found = damon.heat(working_set=300, hot=200, cold=0, resident=100)
    assert found is not None
    assert (found.working_set_bytes, found.hot_bytes, found.cold_bytes) == (100, 100, 0)
    assert damon.heat(0, 0, 0, resident=100) is None


def test_what_cannot_be_used_is_said_and_not_raised(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sysfs, "KDAMONDS", tmp_path / "kdamonds")
    assert "CONFIG_DAMON_SYSFS" in str(availability.why_not())
