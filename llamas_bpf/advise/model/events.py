"""What a window came to, line by line and in words: a model's history."""

from collections import Counter
from collections.abc import Iterable, Sequence

from llamas_bpf.advise.confined.messages import Event
from llamas_bpf.advise.model.quoting import quoted
from llamas_bpf.contracts.action import Applied, Refusal
from llamas_bpf.contracts.decision import Decision, Events, Restored
from llamas_bpf.contracts.digest import Digest
from llamas_bpf.contracts.outcome import Outcome

#: Of a window. A decision about many processes comes to the same with each: that is told once.
_MOST = 64
_CHARS = 300

#: Of a hint: what is said otherwise, or not worth a line.
_NOT_SAID = {"kind", "workload", "reason", "confidence", "expect", "ttl_s"}

_Line = tuple[str, int | None, str | None, str]


def events(last: Events, digests: Iterable[Digest]) -> list[Event]:
    """Hints first, verdicts last, then what was left out. Whatever may quote the system's names is quoted;
    a workload's name is that in the first of the digests that has it.
    """
    lines = _kept(last)
    names = _names({workload for _, _, workload, _ in lines if workload}, digests)
    return [
        Event.model_validate(
            {
                "kind": kind,
                "decision": decision,
                "workload": workload,
                "name": names.get(workload or ""),
                "text": quoted(text, _CHARS),
            }
        )
        for kind, decision, workload, text in lines
    ]


def _names(wanted: set[str], digests: Iterable[Digest]) -> dict[str, str]:
    names: dict[str, str] = {}
    for digest in digests:
        if wanted <= names.keys():
            break
        for one in digest.workloads:
            if one.id in wanted:
                names.setdefault(one.id, quoted(one.name))
    return names


def _kept(last: Events) -> list[_Line]:
    hints, refusals, applied, restored, verdicts = (
        list(dict.fromkeys(lines))
        for lines in (
            map(_hint, last.decisions),
            map(_refusal, last.refusals),
            map(_applied, last.applied),
            map(_restored, last.restored),
            map(_verdict, last.outcomes),
        )
    )
    left_out = _fair([verdicts, refusals, restored, applied, hints])
    told = " ".join(f"{kind}: {count}" for kind, count in left_out.items())
    more: list[_Line] = [("left_out", None, None, f"lines that had no room: {told}")] if told else []
    return [*hints, *refusals, *applied, *restored, *verdicts, *more]


def _fair(kinds: Sequence[list[_Line]]) -> Counter[str]:
    """Cut to what there is room for: each kind, the most telling first, may take half of what is left of it,
    or more where the others need less. Gives how many lines went, by kind."""
    room, left_out = _MOST, Counter[str]()
    for place, lines in enumerate(kinds):
        others = sum(map(len, kinds[place + 1 :]))
        cut = max(room // 2, room - others)
        left_out.update(kind for kind, *_ in lines[cut:])
        del lines[cut:]
        room -= len(lines)
    return left_out


def _hint(decision: Decision) -> _Line:
    hint = decision.hint
    told = hint.model_dump(mode="json", exclude=_NOT_SAID, exclude_none=True)
    words = " ".join([hint.kind, *(f"{name}={value}" for name, value in told.items())])
    about = getattr(hint, "workload", None)
    return "hint", decision.id, about, f"{decision.advisor}: {words}: {hint.reason}"


def _refusal(refusal: Refusal) -> _Line:
    return "refusal", refusal.hint_id, refusal.workload, f"{refusal.check}: {refusal.sentence}"


def _applied(applied: Applied) -> _Line:
    action = applied.action
    became = f"{applied.status}: {applied.detail}" if applied.detail else applied.status
    text = f"{action.target.knob} from {applied.old} to {action.value}: {became}"
    return "action", action.hint_id, action.workload, text


def _restored(restored: Restored) -> _Line:
    became = f"left as it is: {restored.skipped}" if restored.skipped else f"back to {restored.value}"
    return "restored", _decision(restored.action_id), None, f"{became}: {restored.reason}"


def _verdict(outcome: Outcome) -> _Line:
    undone = ", undone" if outcome.undone else ""
    text = f"{outcome.verdict}{undone}: {outcome.reason}"
    return "verdict", _decision(outcome.action_id), outcome.workload, text


def _decision(action_id: str) -> int | None:
    """``12`` of the action ``12.1``."""
    number = action_id.partition(".")[0]
    return int(number) if number.isascii() and number.isdigit() and len(number) < 19 else None
