"""Memory that is bad at something, by its text, is not given to who does that."""

from dataclasses import replace

import pytest
from acting import action
from guarding import LIMITS, knob, refusal, window
from situations import machine

from llamas_bpf.contracts.action import Action, Scheme
from llamas_bpf.contracts.machine import NodeFeatures
from llamas_bpf.contracts.profile import Binding, DeviceProfile, Threshold, Trait
from llamas_bpf.contracts.situation import Situation
from llamas_bpf.guard.case import Case
from llamas_bpf.guard.checks import unsuited
from llamas_bpf.guard.window import Window

HOT = action(Scheme(knob="migrate_hot", cgroup="/w1", cgroup_id=1), "target_nid=2 ms=10 bytes=4096")
COLD = action(Scheme(knob="migrate_cold", cgroup="/w1", cgroup_id=1), "target_nid=2 ms=10 bytes=4096")


def beside_bad(*bad_at: Trait, does: tuple[Trait, ...] = ()) -> Situation:
    """Node 2's text, ``slow``, says that it is bad at these."""
    memory = NodeFeatures(node=2, profile="slow", bad_at=bad_at)
    return replace(window(does=does), machine=machine().model_copy(update={"features": (memory,)}))


def test_it_is_refused_in_words() -> None:
    there = beside_bad("latency", "writes", does=("writes",))
    assert refusal(knob("cpuset.mems", "2"), there) == (
        "unsuited",
        "node2 is bad at writes, which hot (w1) does: its text, slow, says so",
    )


@pytest.mark.parametrize(
    ("one", "there"),
    [
        (knob("cpuset.mems", "1"), beside_bad("writes", does=("writes",))),
        (knob("cpuset.mems", "2"), beside_bad("writes", does=("reads",))),
        (knob("cpuset.mems", "2"), beside_bad("writes")),
        (knob("cpuset.cpus", "0"), beside_bad("writes", does=("writes",))),
    ],
)
def test_elsewhere_or_for_others_it_is_not(one: Action, there: Situation) -> None:
    assert refusal(one, there) is None


@pytest.mark.parametrize(("most", "refused"), [(0.05, True), (0.2, False)])
def test_a_memory_is_avoided_from_where_its_text_says(most: float, refused: bool) -> None:
    """A tenth of it is used."""
    limit = Threshold(figure="used_ratio", side="above", value=most, action="avoid")
    text = DeviceProfile(
        name="small", text_hash="", reader="offline", binding=Binding(node=2), thresholds=(limit,)
    )
    there = replace(window(), machine=machine().model_copy(update={"profiles": (text,)}))
    sentence = "10% of node2 is used, and its text, small, says to avoid it above 5%"
    assert refusal(knob("cpuset.mems", "2"), there) == (("unsuited", sentence) if refused else None)


def test_hot_pages_are_kept_from_memory_that_is_bad_at_frequent_use() -> None:
    there = beside_bad("frequent_access")
    cases = [Case(one, there, LIMITS, 1.0, Window(there)) for one in (HOT, COLD)]
    assert {case.knob: unsuited.check(case) for case in cases} == {
        "migrate_hot": "node2 is bad at frequent_access, and hot pages are what is used often: its text,"
        " slow, says so",
        "migrate_cold": None,
    }


def test_cold_pages_are_kept_from_memory_that_is_bad_at_rare_use_or_too_full() -> None:
    limit = Threshold(figure="used_ratio", side="above", value=0.05, action="avoid")
    text = DeviceProfile(
        name="small", text_hash="", reader="offline", binding=Binding(node=2), thresholds=(limit,)
    )
    full = replace(window(), machine=machine().model_copy(update={"profiles": (text,)}))
    found = [
        unsuited.check(Case(COLD, there, LIMITS, 1.0, Window(there)))
        for there in (beside_bad("rare_access"), full, beside_bad("writes", does=("writes",)))
    ]
    assert found == [
        "node2 is bad at rare_access, and cold pages are what is hardly used: its text, slow, says so",
        "10% of node2 is used, and its text, small, says to avoid it above 5%",
        None,
    ]
