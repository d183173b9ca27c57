"""Whether `bench devices` tells good readers of device texts from bad ones, and the packaged truths fit."""

import re
from pathlib import Path
from typing import Any

import pytest

from llamas_bpf.bench import device_truth, devices
from llamas_bpf.bench.device_grounding import ungrounded
from llamas_bpf.bench.device_quantities import Quantities
from llamas_bpf.bench.device_score import Score, score
from llamas_bpf.bench.device_truth import Case, Truth
from llamas_bpf.contracts.profile import DeviceProfile, Doubt
from llamas_bpf.errors import ConfigError
from llamas_bpf.machine.texts import text

TEXT = """The expander has 64 GB and answers reads after 1.5 µs. Non-volatile; good for reads, bad for writes.
It draws 20 W. Move pages away when they are touched more than 100 times a second."""
TRUTH = Truth.model_validate(
    {
        "kind": "memory",
        "read_latency_ns": 1500,
        "capacity_bytes": 64e9,
        "persistent": True,
        "power": "20 W",
        "good_at": ["reads"],
        "bad_at": ["writes"],
        "thresholds": [
            {"figure": "page_accesses_per_s", "side": "above", "value": 100, "action": "migrate_away"}
        ],
        "absent": ["good_at.frequent_access"],
        "maybe": ["write_latency_ns"],
    }
)
CASE = Case("expander", "seen", TEXT.encode(), TRUTH)
CASES = device_truth.load(device_truth.PACKAGED)


def profile(words: str, **fields: Any) -> DeviceProfile:
    """With ``words`` as the evidence of every field."""
    names = [name for name in fields if name not in ("good_at", "bad_at", "cpu_classes", "thresholds")]
    names += [f"{side}.{trait}" for side in ("good_at", "bad_at") for trait in fields.get(side, ())]
    for entries in ("cpu_classes", "thresholds"):
        names += [f"{entries}.{place}" for place in range(len(fields.get(entries, ())))]
    about = {"name": "a", "text_hash": "b", "reader": "test", "evidence": dict.fromkeys(names, words)}
    return DeviceProfile.model_validate(about | fields)


def from_truth(case: Case) -> DeviceProfile:
    """What a reader without fault gives."""
    fields = case.truth.model_dump(exclude={"absent", "maybe"}, exclude_unset=True)
    single = {
        name: value[0] if isinstance(value, list) and name not in ("good_at", "bad_at") else value
        for name, value in fields.items()
        if name not in ("cpu_classes", "thresholds")
    }
    entries = {name: fields[name] for name in ("cpu_classes", "thresholds") if name in fields}
    first_word = re.findall(r"\w+", case.raw.decode())[0]
    return profile(first_word, **single, **entries)


def scored(**fields: Any) -> Score:
    return score(CASE, profile("The expander has", **fields))


def test_there_are_texts_to_develop_on_and_others() -> None:
    splits = [case.split for case in CASES]
    assert {split: splits.count(split) for split in splits} == {
        "fresh": 120,
        "held_out": 30,
        "seen": 30,
        "unseen": 30,
    }
    assert len({case.raw for case in CASES}) == 210


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_text_is_one_that_an_operator_may_write(case: Case) -> None:
    assert text.parse(case.name, case.raw).body


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_reader_without_fault_loses_nothing(case: Case) -> None:
    found = score(case, from_truth(case))
    assert (found.wrong, found.missed, found.unwanted, found.ungrounded) == ([], [], [], [])
    assert found.present


def test_a_reader_of_nothing_misses_everything() -> None:
    found = scored()
    assert len(found.missed) == found.present == 8
    assert score(CASE, None) == found


def test_what_is_wrong_is_no_hit() -> None:
    found = scored(kind="gpu", read_latency_ns=1600, capacity_bytes=64 << 30, persistent=False, power="9 W")
    assert found.wrong == ["kind", "read_latency_ns", "capacity_bytes", "persistent", "power"]
    assert not found.found


def test_two_percent_are_near_enough_but_still_made_up() -> None:
    found = scored(read_latency_ns=1490)
    assert (found.found, found.ungrounded) == (["read_latency_ns"], ["read_latency_ns"])


def test_a_trait_on_the_wrong_side_is_wrong() -> None:
    assert scored(good_at=["writes"], bad_at=["random_access"]).wrong == ["bad_at.writes"]


def test_a_threshold_must_be_right_in_all_its_parts() -> None:
    right = TRUTH.thresholds[0].model_dump()
    assert scored(thresholds=[right]).found == ["thresholds.page_accesses_per_s"]
    found = scored(thresholds=[right | {"side": "below"}])
    assert found.unwanted == ["thresholds.0"]
    assert "thresholds.page_accesses_per_s" in found.missed


def test_a_processor_class_is_known_by_its_figures() -> None:
    truth = Truth.model_validate({"cpu_classes": [{"name": "P", "count": 8, "max_hz": 5e9}]})
    case = Case("a", "b", b"8 P-cores at 5 GHz, 4 E-cores", truth)
    same = profile("8 P-cores", cpu_classes=[{"name": "performance", "count": 8, "max_hz": 5e9}])
    assert score(case, same).found == ["cpu_classes.P"]
    other = profile("8 P-cores", cpu_classes=[{"name": "P", "count": 4, "max_hz": 5e9}])
    assert score(case, other).wrong == ["cpu_classes.P"]


def test_what_the_text_does_not_state_is_unwanted() -> None:
    found = scored(write_latency_ns=1500, read_bandwidth_bytes_per_s=1e9, good_at=["frequent_access"])
    assert found.unwanted == ["good_at.frequent_access", "read_bandwidth_bytes_per_s"]


def test_what_may_be_left_out_counts_only_when_it_is_set() -> None:
    truth = Truth.model_validate({"capacity_bytes": [64e9, 32e9], "maybe": ["capacity_bytes"]})
    case = Case("a", "b", TEXT.encode(), truth)
    assert score(case, None).present == 0
    assert score(case, profile("64 GB", capacity_bytes=64e9)).found == ["capacity_bytes"]
    assert score(case, profile("64 GB", capacity_bytes=65e10)).wrong == ["capacity_bytes"]


@pytest.mark.parametrize(
    "fields",
    [
        {"capacity_bytes": 128e9},
        {"capacity_bytes": 1.5e9},  # a number of the text with another's unit
        {"read_latency_ns": 64},
        {"read_bandwidth_bytes_per_s": 64e9},
        {"power": "30 W"},
        {"good_at": ["other: painting"]},
        {"cpu_classes": [{"name": "a", "count": 8}]},
        {"cpu_classes": [{"name": "a", "max_hz": 1e9}]},
        {"thresholds": [{"figure": "page_idle_s", "side": "above", "value": 100, "action": "avoid"}]},
    ],
)
def test_what_is_made_up_is_found(fields: dict[str, Any]) -> None:
    assert len(ungrounded(profile("The expander", **fields), TEXT)) == 1


def test_evidence_must_be_the_texts_own_words() -> None:
    assert ungrounded(profile("the  EXPANDER\nhas", read_latency_ns=1500), TEXT) == []
    assert ungrounded(profile("the extender has", read_latency_ns=1500), TEXT) == ["read_latency_ns"]
    silent = profile("-", persistent=True).model_copy(update={"evidence": {}})
    assert ungrounded(silent, TEXT) == ["persistent"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("300ns", 300),
        ("half a microsecond", 500),
        ("1,200 ns", 1200),
        ("1,5 µs", 1500),
        ("0.002 msec", 2000),
        ("170-250 ns", 170),
        ("five hundred and twelve nanoseconds", 512),
        ("| read latency (ns) |\n| 88 |", 88),
    ],
)
def test_times_are_understood_as_people_write_them(text: str, value: float) -> None:
    assert Quantities(text).has("time", value)
    assert not Quantities(text).has("time", value * 1.01)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("100 Gbit/s", 12.5e9),
        ("25 GB/s", 25e9),
        ("25 GBps", 25e9),
        ("200 Gbps", 25e9),
        ("2 GiB per second", 2 << 30),
        ("ten gigabytes a second", 10e9),
        ("read_bandwidth_gb_per_s: 211", 211e9),
    ],
)
def test_rates_are_understood_as_people_write_them(text: str, value: float) -> None:
    assert Quantities(text).has("rate", value)
    assert not Quantities(text).has("bytes", value)


def test_an_unknown_unit_is_not_another_one() -> None:
    assert not Quantities("4 jiffies, and 7 ns").has("time", 4)
    assert not Quantities("DDR4 at 7 ns").has("time", 4)


def test_each_frontend_is_marked_by_split() -> None:
    def fails(name: str, raw: bytes) -> DeviceProfile:
        raise ConfigError(f"{name}: no")

    def invents(name: str, raw: bytes) -> DeviceProfile:
        return profile("nowhere in the text", read_latency_ns=0.123)

    def knows(name: str, raw: bytes) -> DeviceProfile:
        return from_truth(next(case for case in CASES if case.name == name))

    steps: list[str] = []
    results = devices.measure({"fails": fails, "invents": invents, "knows": knows}, CASES, steps.append)
    assert len(steps) == 630
    reached = {name: mark.reached for name, mark in results.marks().items()}
    assert reached == {
        "fails.fresh.found": False,
        "fails.held_out.found": False,
        "fails.seen.found": False,
        "fails.unseen.found": False,
        "fails.ungrounded": True,
        "invents.fresh.found": False,
        "invents.held_out.found": False,
        "invents.seen.found": False,
        "invents.unseen.found": False,
        "invents.ungrounded": False,
        "knows.fresh.found": True,
        "knows.held_out.found": True,
        "knows.seen.found": True,
        "knows.unseen.found": True,
        "knows.ungrounded": True,
    }
    assert list(results.failures()) == [
        f"fails gave nothing for 210 of 210 texts; the first time: {CASES[0].name}: no"
    ]
    told = results.as_json()["frontends"]["fails"]
    assert told["totals"]["seen"]["errors"] == 30
    assert told["texts"][0]["error"].endswith(": no")


def test_ones_own_texts_need_a_truth_that_fits(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no NAME"):
        device_truth.load(tmp_path)
    (tmp_path / "a.toml").write_text("kind = 'memory'")
    with pytest.raises(ConfigError, match=r"a\.md: no such file"):
        device_truth.load(tmp_path)
    (tmp_path / "a.md").write_text("A memory.")
    assert [case.name for case in device_truth.load(tmp_path)] == ["a"]
    (tmp_path / "a.toml").write_text("read_latency = 3")
    with pytest.raises(ConfigError, match=r"a\.toml: unknown key read_latency; did you mean read_latency_ns"):
        device_truth.load(tmp_path)
    (tmp_path / "a.toml").write_text("absent = ['read_latency']")
    with pytest.raises(ConfigError, match="read_latency is no feature"):
        device_truth.load(tmp_path)


def test_doubts_are_not_features() -> None:
    doubted = profile("64 GB").model_copy(
        update={"doubts": (Doubt(field="capacity_bytes", words="64 GB", why="two values"),)}
    )
    assert score(CASE, doubted) == scored()


@pytest.mark.parametrize(
    ("text", "values"),
    [("4 KB blocks", (4000, 4096)), ("512 gigs", (512e9,)), ("one gig", (1e9,)), ("2 tera", (2e12,))],
)
def test_sizes_are_found_in_slang_and_where_two_meanings_are_usual(
    text: str, values: tuple[float, ...]
) -> None:
    assert all(Quantities(text).has("bytes", value) for value in values)
    assert not Quantities(text).has("bytes", values[0] * 1.01)
