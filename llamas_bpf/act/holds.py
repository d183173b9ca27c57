"""What is in force: the sum of the journal's entries."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from llamas_bpf.act.entries import Entry, Failed, Intent, Old, Settled, ThreadValue, Undone
from llamas_bpf.contracts.action import ONE_SHOTS, CgroupController, CgroupKnob, Target


@dataclass(frozen=True)
class Hold:
    """One target in our hands.

    ``intent`` is the newest action on it; its ``old`` is what was there before the first. ``ours`` are
    the values that may be there by our hand, each once, newest last. ``before`` is what this one superseded
    and comes back if it fails: the last one known to be taken, or the first where none is.
    """

    intent: Intent
    ours: tuple[str, ...]
    settled: bool = False
    before: "Hold | None" = None


Holds = dict[Target, Hold]


def add(holds: Holds, entry: Entry) -> None:
    """Bring ``holds`` (oldest action first) up to date with one more entry."""
    if entry.target.kind in ONE_SHOTS:
        return  # moves pages once; there is nothing to take back
    before = holds.get(entry.target)  # in its place: what came first is needed by what came later
    match entry:
        case Intent():
            ours = _with(before.ours if before else (), entry.action.value)
            # Of a row that all failed only the end: it may grow for as long as the kernel refuses.
            superseded = (before.before or before) if before else None
            holds[entry.target] = Hold(entry, ours, before=superseded)
        case Settled() if before:
            intent = before.intent
            if entry.threads or entry.beside:
                old = intent.old
                changes = {"threads": old.threads + entry.threads, "became": entry.beside or old.became}
                intent = intent.model_copy(update={"old": old.model_copy(update=changes)})
            # What was superseded comes back if this one is taken back.
            superseded = None if entry.taken else before.before
            holds[entry.target] = Hold(intent, _with(before.ours, entry.new), True, superseded)
        case Failed() if before and before.before:
            # With the threads that were met on the way: they have what the one before it gives.
            intent = before.before.intent.model_copy(update={"old": before.intent.old})
            holds[entry.target] = replace(before.before, intent=intent)
        case Settled() | Failed() | Undone():
            holds.pop(entry.target, None)


def needless(holds: Holds) -> list[Hold]:
    """Controllers that none of our knobs needs any more, deepest first: one that a child still hands on is in
    use. By their paths: a crash between writing and noting leaves holds in another order."""
    knobs = [target for target in holds if isinstance(target, CgroupKnob)]
    found = {
        target: hold
        for target, hold in holds.items()
        if isinstance(target, CgroupController) and not any(_needs(knob, target) for knob in knobs)
    }
    deepest = sorted(found, key=lambda target: target.cgroup.rstrip("/").count("/"), reverse=True)
    return [found[target] for target in deepest]


def _needs(knob: CgroupKnob, controller: CgroupController) -> bool:
    below = controller.cgroup.rstrip("/") + "/"
    return knob.cgroup.startswith(below) and knob.knob.startswith(controller.knob + ".")


def before_us(holds: Holds, target: Target, now: Old) -> Old:
    """What is there; or was, where the threads come from a process that is in our hands."""
    if not now.threads:
        return now
    olds = [hold.intent.old for held, hold in holds.items() if held.kind == target.kind]
    had = {thread.key: thread for old in olds for thread in old.threads}
    if not any(thread.key in had for thread in now.threads):
        return now
    threads = tuple(had.get(thread.key, thread) for thread in now.threads)
    return now.model_copy(update={"value": threads[0].value, "threads": threads})


def unknown(holds: Holds, target: Target, threads: Iterable[ThreadValue]) -> tuple[ThreadValue, ...]:
    """Those of which nothing is kept yet; one that has a value of ours had what its process had."""
    hold = holds.get(target)
    if hold is None:
        return ()
    known = {thread.key for thread in hold.intent.old.threads}
    return tuple(one for one in threads if one.key not in known and one.value not in hold.ours)


def _with(values: tuple[str, ...], newest: str) -> tuple[str, ...]:
    return (*(value for value in values if value != newest), newest)


def as_entries(holds: Holds) -> list[Entry]:
    """The shortest journal that says the same."""
    return [entry for hold in holds.values() for entry in _entries(hold)]


def _entries(hold: Hold) -> list[Entry]:
    superseded = _entries(hold.before) if hold.before else []
    taken = hold.before is None
    # With the values of those that failed in between.
    values = hold.ours if hold.settled or hold.before else ()
    settled = [Settled(target=hold.intent.target, new=value, taken=taken) for value in values]
    return [*superseded, hold.intent, *settled]
