"""What a text calls hot and cold is what DAMON is told: from the words to the scheme."""

import pytest
from situations import hot, machine, situation

from llamas_bpf.act import scheme_value
from llamas_bpf.contracts.hint import HINT, Advice
from llamas_bpf.guard import values
from llamas_bpf.machine.texts.reading import read
from llamas_bpf.machine.texts.text import parse
from llamas_bpf.plan import plan


def scheme(pages: str, words: str, node: int = 2) -> str:
    """What is planned for a node of which these words are the text; without what is always so."""
    text = read(parse("memory", f"+++\nnode = {node}\n+++\nA memory.\n{words}\n".encode()))
    there = situation([hot()], of=machine().model_copy(update={"profiles": (text,)}))
    hint = HINT.validate_python(
        {"kind": "place_memory", "workload": "w1", "nodes": ["node2"], "pages": pages}
        | {"reason": "because", "confidence": 1}
    )
    advice = Advice(advisor="test", hints=[hint], known_ids=frozenset({"w1", "node2"}))
    (action,), _ = plan(advice, [1], there)
    assert str(scheme_value.parse(action.target, action.value)) == action.value  # type: ignore[arg-type]
    assert values.scheme_words(action.value)
    return action.value.removeprefix("target_nid=2 ").removesuffix("ms=100 bytes=268435456").strip()


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("Migrate a page here when it is touched more than 2 times a second.", "looks=3"),
        ("Migrate a page here when it is touched more than 100 times a second.", "looks=9"),
        ("Migrate a page here when it is touched more than 4 times a second.", ""),
        ("Migrate a page away when it is touched more than 2 times a second.", ""),
        ("Migrate a page here when it is touched less than 2 times a second.", ""),
        ("It is good for data that is used often.", ""),
    ],
)
def test_what_is_hot(words: str, found: str) -> None:
    assert scheme("hot", words) == found
    assert scheme("cold", words) == ""
    assert scheme("hot", words, node=1) == ""


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("Move pages here when they have been idle for 60 seconds.", "idle_s=60"),
        ("Move pages here when they have been idle for 2 minutes.", "idle_s=120"),
        ("Move pages here when they have been idle for 5 seconds.", ""),
        ("Move pages here when they have been idle for 48 hours.", "idle_s=86400"),
        ("Move pages away when they have been idle for 60 seconds.", ""),
        ("Migrate a page here when it is touched less than 0.1 times a second.", "idle_s=10"),
    ],
)
def test_what_is_cold(words: str, found: str) -> None:
    assert scheme("cold", words) == found
    assert scheme("hot", words) == ""
