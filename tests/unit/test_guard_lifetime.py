"""For how long the guard lets something be in force."""

from dataclasses import replace

import pytest
from guarding import held, knob, window

from llamas_bpf.guard import Guard, Limits


def said(ttl_s: int, held_s: float | None = None, value: str = "200", **limits: int) -> str | None:
    """The sentence of a refusal, of something in force for so long already."""
    where = window(number=1000)
    if held_s is not None:
        since = where.digest.end_ns - int(held_s * 1e9)
        entry = held(knob("cpu.weight", "200")).model_copy(update={"at_ns": since})
        where = replace(where, in_force=(entry,))
    guard = Guard(Limits.model_validate(limits))
    _, refused = guard.check([knob("cpu.weight", value, ttl_s=ttl_s)], where, {1: 1.0})
    assert {one.check for one in refused} <= {"lifetime"}
    return refused[0].sentence if refused else None


def test_nothing_is_prolonged_for_ever() -> None:
    assert said(100, held_s=200, max_ttl_s=300) is None
    assert said(100, held_s=201, max_ttl_s=300) == (
        "it has been in force for 201 s, and with 100 s more it would be longer than the 300 s that are"
        " allowed: once it has ended it may be given anew"
    )


def test_another_value_is_another_setting() -> None:
    assert said(100, held_s=201, value="150", max_ttl_s=300) is None


@pytest.mark.parametrize(("ttl_s", "free"), [(29, False), (30, True)])
def test_what_is_set_lasts_until_it_can_be_judged(ttl_s: int, free: bool) -> None:
    words = f"it would end after {ttl_s} s, before it could be judged: at least 30 s are asked for"
    assert said(ttl_s) == (None if free else words)


def test_where_nothing_may_last_that_long_the_longest_is_long_enough() -> None:
    assert said(5, max_ttl_s=5) is None
