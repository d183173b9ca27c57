"""Who a row, a hint or an action is about."""

from dataclasses import dataclass

from llamas_bpf.contracts.profile import Trait


@dataclass(frozen=True)
class ProcessId:
    """A process that cannot be mistaken for a later one with the same pid.

    ``start_ticks`` is field 22 of /proc/PID/stat (proc_pid_stat(5)), in clock ticks since boot.
    """

    pid: int
    start_ticks: int


@dataclass(frozen=True)
class Workload:
    """A cgroup v2, a process, or the process tree that ``exec`` started.

    ``id`` (``w3``) is given once per controller run and never reused, so a late answer cannot
    name the wrong workload. ``cgroup`` is a path below the cgroup v2 mount, starting with ``/``;
    None for processes and process trees. ``name`` comes from the system and is not to be trusted.
    ``does``: what the operator said that it does, in the words of device texts (``matrix_compute``).
    ``near``: the devices (``gpu0``) that it has open, as far as was looked. ``cpu_node``: the NUMA node on
    whose CPUs it last ran for most of its time; None where there is but one, or it was not seen to run.
    """

    id: str
    name: str
    cgroup: str | None
    cgroup_id: int | None
    processes: tuple[ProcessId, ...]
    started_by_exec: bool = False
    does: tuple[Trait, ...] = ()
    near: tuple[str, ...] = ()
    cpu_node: int | None = None


@dataclass(frozen=True)
class Launched:
    """What ``exec`` wrote down about a workload it started, in ``/run/llamas-bpf/workloads/NAME.json``.

    ``cgroup`` is None where cgroup v2 has no usable controller: then the workload is the tree below ``root``.
    """

    name: str
    boot_id: str
    root: ProcessId
    cgroup: str | None
    cgroup_id: int | None
    does: tuple[Trait, ...] = ()
