"""Would it go to memory that, by its text, is bad at what the workload does, or too full to be used well?

How much fits there is another matter: that the kernel tells, not a text.
"""

from llamas_bpf.guard.case import Case
from llamas_bpf.guard.values import numbers, scheme_words

ORDER = 64


def check(case: Case) -> str | None:
    wanted = _wanted(case)
    if not wanted:
        return None
    does = {
        trait: f"{trait}, which {case.who} does" for trait in (case.workload.does if case.workload else ())
    }
    if case.knob == "migrate_hot":
        does.setdefault("frequent_access", "frequent_access, and hot pages are what is used often")
    elif case.knob == "migrate_cold":  # what is done with the others is done elsewhere
        does = {"rare_access": "rare_access, and cold pages are what is hardly used"}
    for memory in case.situation.machine.features:
        for trait, why in does.items():
            if memory.node in wanted and trait in memory.bad_at:
                return f"node{memory.node} is bad at {why}: its text, {memory.profile}, says so"
    return next((sentence for node in sorted(wanted) if (sentence := _too_full(case, node))), None)


def _wanted(case: Case) -> frozenset[int]:
    """The nodes that memory would go to."""
    match case.knob:
        case "cpuset.mems" | "pages.move":
            return numbers(case.action.value)
        case "migrate_hot" | "migrate_cold":
            return frozenset({(scheme_words(case.action.value) or {}).get("target_nid", -1)})
    return frozenset()


def _too_full(case: Case, node: int) -> str | None:
    row = case.situation.digest.machine.get("nodes", {}).get(str(node), {})
    if not row.get("total_bytes") or row.get("free_bytes") is None or case.prolongs:
        return None
    used = 1 - row["free_bytes"] / row["total_bytes"]
    limits = [
        (limit.value, text.name)
        for text in case.situation.machine.profiles
        for limit in text.thresholds
        if text.binding.node == node and limit.action != "migrate_here"
        if (limit.figure, limit.side) == ("used_ratio", "above") and used > limit.value
    ]
    for most, name in limits[:1]:
        return f"{used:.0%} of node{node} is used, and its text, {name}, says to avoid it above {most:.0%}"
    return None
