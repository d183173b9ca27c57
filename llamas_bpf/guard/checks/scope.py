"""Is it about something that the operator has given into our hands, and about the one it says?"""

from pathlib import PurePosixPath

from llamas_bpf.contracts.action import (
    Affinity,
    CgroupKnob,
    CgroupReclaim,
    Pages,
    Priority,
    Scheme,
)
from llamas_bpf.contracts.workload import ProcessId, Workload
from llamas_bpf.guard.case import Case
from llamas_bpf.guard.limits import Limits

ORDER = 30


def check(case: Case) -> str | None:
    if case.machine_wide:
        return _of_the_machine(case)
    workload = case.workload
    if case.action.workload is None:
        return f"{case.knob} is about one workload, and the action names none"
    if workload is None:
        return f"{case.action.workload} is not among the workloads of this window"
    if not _is_of(case, workload):
        return f"the target does not belong to {case.who}"
    if covers(case.limits, workload):
        return None
    return (
        f"{case.who} was not started with `llamas-bpf exec`, and no pattern of cgroups in limits.toml's"
        " [scope] covers it"
    )


def _of_the_machine(case: Case) -> str | None:
    if case.limits.scope.machine_wide:
        return None
    return (
        f"{case.knob} is a setting of the whole machine, and limits.toml does not allow those"
        " (machine_wide in [scope])"
    )


def covers(limits: Limits, workload: Workload) -> bool:
    """Whether the operator has given this workload into our hands."""
    return workload.started_by_exec or _added(workload.cgroup, limits.scope.cgroups)


def _is_of(case: Case, workload: Workload) -> bool:
    match case.target:
        case Affinity() | Priority() | Pages():
            return ProcessId(case.target.pid, case.target.start_ticks) in workload.processes
        case CgroupKnob() | CgroupReclaim() | Scheme():
            return (case.target.cgroup, case.target.cgroup_id) == (workload.cgroup, workload.cgroup_id)
        case _:  # a controller too: act switches it on for the knob that needs it
            return False


def _added(cgroup: str | None, patterns: tuple[str, ...]) -> bool:
    # For a pattern that begins with /, match() wants the whole path, and * stays within one level.
    return cgroup is not None and any(PurePosixPath(cgroup).match(pattern) for pattern in patterns)
