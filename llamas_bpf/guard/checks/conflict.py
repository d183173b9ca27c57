"""Does it contradict what is in force, or what was accepted before it in this window?

What helped is not changed until its time is over, and what is not judged yet is kept by ``trial``. A setting
that came to nothing may be set otherwise by a newer decision about the same knob, which corrects it
(``cooldown`` keeps it from swinging): to hold on to it would keep a mistake for as long as it was meant to
last. Any setting in force, whatever its verdict, refuses another knob that would give what it takes, or the
reverse.
"""

import math

from llamas_bpf.contracts.action import Action, CgroupKnob, CgroupKnobName
from llamas_bpf.contracts.knobs import KNOBS
from llamas_bpf.guard.case import Case
from llamas_bpf.guard.values import amount, numbers, scheme_words, shown

ORDER = 64

#: What takes memory away, and so works against memory.low.
_TAKES_AWAY = ("memory.reclaim", "pageout", "pages.pageout", "pages.cold")


def check(case: Case) -> str | None:
    return _same_target(case) or _protected_and_capped(case) or _elsewhere(case)


def _same_target(case: Case) -> str | None:
    action = case.action
    other = case.window.accepted.get(action.target)
    if other and other.hint_id != action.hint_id:
        return f"decision {other.hint_id} of this window sets {case.knob} of {case.who} to {other.value}"
    other = case.window.in_force.get(action.target)
    if other and other.value != action.value and other.id in case.situation.proven:
        return (
            f"decision {other.hint_id} set {case.knob} of {case.who} to {other.value}, which helped:"
            " it stays until its time is over"
        )
    return None


def _protected_and_capped(case: Case) -> str | None:
    """What is protected (memory.low) must not be more than what is allowed (memory.high), nor be taken."""
    if case.knob == "memory.low":
        return _low_above_high(case, case.action.value, _beside(case, "memory.high"))
    if case.knob == "memory.high":
        return _low_above_high(case, _beside(case, "memory.low"), case.action.value)
    if case.knob in _TAKES_AWAY:
        for other in case.settings:
            if (
                other.workload == case.action.workload
                and other.target.knob == "memory.low"
                and other.value != "0"
            ):
                kept = _shown("memory.low", other.value)
                return (
                    f"decision {other.hint_id} protects {kept} of {case.who}, and {case.knob} would take it"
                )
    return None


def _low_above_high(case: Case, low: str | None, high: str | None) -> str | None:
    knob = KNOBS["memory.high"]
    kept = amount(knob, low) if low is not None else None
    most = amount(knob, high) if high is not None else None
    if kept is None or most is None or kept <= most:
        return None
    return (
        f"{case.who} would have {shown(knob, kept)} protected (memory.low), more than the"
        f" {shown(knob, most)} it may use (memory.high)"
    )


def _elsewhere(case: Case) -> str | None:
    """CPUs and nodes that one setting gives and another takes away."""
    for other in case.settings:
        if other.workload != case.action.workload or other.workload is None:
            continue
        if other.target.knob == case.knob:  # of another process, which may well be elsewhere
            continue
        mine, theirs = _places(case.action), _places(other)
        if mine and theirs and mine[0] == theirs[0] and not mine[1] & theirs[1]:
            return (
                f"decision {other.hint_id} has {other.target.knob} of {case.who} at {other.value}, and"
                f" {case.action.value} of {case.knob} has nothing in common with that"
            )
    return None


def _places(action: Action) -> tuple[str, frozenset[int]] | None:
    """``cpus`` or ``nodes``, and which; None for what is about neither."""
    match action.target.knob:
        case "affinity" | "cpuset.cpus":
            return "cpus", numbers(action.value)
        case "cpuset.mems" | "pages.move":
            return "nodes", numbers(action.value)
        case "migrate_hot" | "migrate_cold":
            node = (scheme_words(action.value) or {}).get("target_nid")
            return None if node is None else ("nodes", frozenset({node}))
        case _:
            return None


def _beside(case: Case, name: CgroupKnobName) -> str | None:
    """Another knob of the same cgroup: as it will be, else as it is."""
    if not isinstance(case.target, CgroupKnob):
        return None
    target = case.target.model_copy(update={"knob": name})
    for action in case.settings:
        if action.target == target:
            return action.value
    return case.present(target)


def _shown(name: str, value: str) -> str:
    found = amount(KNOBS[name], value)
    return shown(KNOBS[name], math.inf if found is None else found)
