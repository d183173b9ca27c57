"""From a decision's windows before and after to a verdict and the sentence that explains it."""

from collections.abc import Sequence
from dataclasses import dataclass

from llamas_bpf.contracts.hint import Expect
from llamas_bpf.contracts.outcome import Change, Verdict
from llamas_bpf.learn.noise import FEWEST, change, moved
from llamas_bpf.learn.readings import SAFETY, Readings
from llamas_bpf.shown import figure


@dataclass(frozen=True)
class Judgement:
    verdict: Verdict
    expected: Change | None
    safety: list[Change]
    reason: str


def judge(
    expect: Expect | None,
    before: Sequence[Readings],
    after: Sequence[Readings],
    killed: Change | None = None,
) -> Judgement:
    """Harm outweighs help: what was hoped for is no use at the price of a safety metric, and a safety metric
    that rises is harm even where that was hoped for.

    ``killed``: processes were killed for want of memory, more than before; that needs no further windows.
    """
    if killed:
        return Judgement("harmed", None, [killed], _told(killed))
    if min(len(before), len(after)) < FEWEST:
        reason = f"{len(before)} windows before and {len(after)} after are too few to tell"
        return Judgement("neutral", None, [], reason)
    changes: dict[str, Change] = {}
    signs: dict[str, int] = {}
    for metric in dict.fromkeys((*SAFETY, *([expect.metric] if expect else []))):
        was, now = [[window[metric] for window in windows] for windows in (before, after)]
        if found := change(metric, was, now):
            changes[metric], signs[metric] = found, moved(found, was, now)
    verdict, reason = _decide(expect, changes, signs)
    expected = changes.pop(expect.metric, None) if expect else None
    return Judgement(verdict, expected, list(changes.values()), reason)


def _decide(expect: Expect | None, changes: dict[str, Change], signs: dict[str, int]) -> tuple[Verdict, str]:
    worse = [changes[metric] for metric in SAFETY if signs.get(metric, 0) > 0]
    if worse:
        return "harmed", "; ".join(_told(found) for found in worse)
    if expect is None:
        return "neutral", "nothing was promised, and no safety metric rose"
    expected = changes.get(expect.metric)
    if expected is None:
        return "neutral", f"{expect.metric} is not known here, and no safety metric rose"
    hoped = 1 if expect.direction == "up" else -1
    if signs[expect.metric] == hoped:
        return "helped", f"{_told(expected)}, as hoped, and no safety metric rose"
    if signs[expect.metric] == -hoped:
        return "harmed", f"{_told(expected)}, but should have gone {expect.direction}"
    return "neutral", f"{_told(expected)}: too little to tell from noise; no safety metric rose"


def _told(found: Change) -> str:
    before, after, noise = (figure(found.metric, value) for value in (found.before, found.after, found.noise))
    if before == after:
        return f"{found.metric} stayed at {before} (noise {noise})"
    way = "rose" if found.after > found.before else "fell"
    return f"{found.metric} {way} from {before} to {after} (noise {noise})"
