"""Would it take the last CPU of another workload that is pinned to it?"""

from llamas_bpf.guard.case import Case
from llamas_bpf.guard.values import numbers

ORDER = 62

_KNOBS = ("affinity", "cpuset.cpus")


def check(case: Case) -> str | None:
    if case.knob not in _KNOBS:
        return None
    wanted = numbers(case.action.value)
    if len(wanted) != 1 or case.prolongs:
        return None
    there = sorted(_only_on(case, wanted))
    most = case.limits.capacity.pinned_per_cpu
    if len(there) < most:
        return None
    (cpu,) = wanted
    return (
        f"CPU {cpu} is the only one of {', '.join(there)}, and pinned_per_cpu in limits.toml is {most}:"
        f" {case.who} needs another, or more than one"
    )


def _only_on(case: Case, wanted: frozenset[int]) -> set[str]:
    """The other workloads that have these CPUs and no more."""
    given: dict[str, frozenset[int]] = {}
    for action in case.settings:
        if action.target.knob in _KNOBS and action.workload not in (None, case.action.workload):
            id_ = str(action.workload)
            given[id_] = given.get(id_, frozenset()) | numbers(action.value)
    return {id_ for id_, cpus in given.items() if cpus == wanted and id_ in case.window.rows}
