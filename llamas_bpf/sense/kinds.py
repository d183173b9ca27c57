"""What can be watched, and by which BPF objects: of each kind the first that this kernel allows is used.

Adding a probe is a ``bpf/NAME.bpf.c`` (its counts are ``struct NAME_count`` of ``events.h``) and a line here.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Source:
    """One BPF object. ``lacks`` says what it cannot tell that a better source could."""

    object: str
    lacks: str = ""


@dataclass(frozen=True)
class Kind:
    """``gives`` names it for people; ``record`` is the struct in its ring, "" without one; ``counts`` says
    whether it counts by key; ``sampled``, whether its ring holds one event in so many."""

    gives: str
    sources: tuple[Source, ...]
    record: str = ""
    counts: bool = False
    sampled: bool = False


KINDS: dict[str, Kind] = {
    "sched": Kind("scheduling", (Source("sched"),), "sched_event", counts=True, sampled=True),
    "faults": Kind(
        "fault details",
        (
            Source("faults"),
            Source("faults_perf", lacks="writes and kernel-mode faults are not told from others"),
        ),
        "fault_event",
        sampled=True,
    ),
    "lifecycle": Kind("births and deaths of processes", (Source("lifecycle"),), "lifecycle_event"),
    "migrations": Kind("migrations between CPUs", (Source("migrations"),), counts=True),
    "fault_times": Kind("fault durations", (Source("fault_times"),), counts=True),
    "numa_hints": Kind("NUMA hint faults", (Source("numa_hints"),), counts=True),
    "reclaim": Kind("reclaim stalls", (Source("reclaim"),), counts=True),
    "oom": Kind("OOM kills", (Source("oom"),), counts=True),
    "kswapd": Kind("kswapd's work", (Source("kswapd"),), counts=True),
    "page_migrations": Kind("page migrations", (Source("page_migrations"),), counts=True),
}
