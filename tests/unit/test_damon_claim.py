"""Whose kdamonds these are."""

from pathlib import Path

import pytest

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
        ([7, None, None], True),  # killed while making them
        ([None, None, None], False),  # it may be anybody who is about to set them up
        ([7, 7], False),
        ([7, 7, 8], False),
        ([], False),
    ],
)
def test_ours_are_those_with_our_tag(tags: list[int | None], ours: bool) -> None:
    assert OURS.holds(tags) is ours


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
