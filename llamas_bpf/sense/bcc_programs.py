"""The programs for BCC: what they are made of, where each attaches, and what they cannot tell."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from llamas_bpf.sense.probes import OBJECTS, Target

# Of perf_event_open(2): PERF_TYPE_SOFTWARE, and PERF_COUNT_SW_PAGE_FAULTS_MIN and _MAJ of it.
SOFTWARE, MINOR_FAULTS, MAJOR_FAULTS = 1, 5, 6
_SOFTWARE_NAMES = {MINOR_FAULTS: "minor-faults", MAJOR_FAULTS: "major-faults"}


@dataclass(frozen=True)
class Program:
    """One file of ``bpf/bcc``: its functions by tracepoint and by software event, and which leave records.

    ``window_end`` is the function that counts the stays that are going on.
    """

    file: str
    tracepoints: Mapping[str, str]
    recording: tuple[str, ...]
    lacks: str
    software: Mapping[int, str] = field(default_factory=dict)
    window_end: str = ""

    @property
    def hooks(self) -> tuple[str, ...]:
        """As libbpf names them."""
        events = [f"perf_event/{_SOFTWARE_NAMES[event]}" for event in self.software]
        return (*(f"tracepoint/{name.replace(':', '/')}" for name in self.tracepoints), *events)


_NO_START = "through bcc a process is known by its pid alone, not by when it started"

PROGRAMS: dict[str, Program] = {
    "sched": Program(
        "sched.c",
        {
            "sched:sched_switch": "on_sched_switch",
            "sched:sched_wakeup": "on_sched_wakeup",
            "sched:sched_wakeup_new": "on_sched_wakeup_new",
        },
        ("on_sched_switch",),
        f"scheduling: {_NO_START}; page faults without an exception, as of get_user_pages(), are not counted",
        {MINOR_FAULTS: "on_minor_fault", MAJOR_FAULTS: "on_major_fault"},
        "on_window_end",
    ),
    "faults": Program(
        "faults.c",
        {
            "exceptions:page_fault_user": "on_page_fault_user",
            "exceptions:page_fault_kernel": "on_page_fault_kernel",
        },
        ("on_page_fault_user", "on_page_fault_kernel"),
        f"fault details: {_NO_START}",
    ),
    "lifecycle": Program(
        "lifecycle.c",
        {
            "task:task_newtask": "on_task_newtask",
            "sched:sched_process_exec": "on_sched_process_exec",
            "sched:sched_process_exit": "on_sched_process_exit",
        },
        ("on_task_newtask", "on_sched_process_exec", "on_sched_process_exit"),
        f"births and deaths of processes: {_NO_START}; parents are told at birth only",
    ),
}


def text(program: Program, objects: Path = OBJECTS) -> str:
    """Its C, whole: BCC rewrites map accesses in its main text only. Raises ``OSError``."""
    parts = [objects / "events.h", objects / "figures.h", objects / "bcc" / "probe.h"]
    return "\n".join(path.read_text() for path in [*parts, objects / "bcc" / program.file])


def macros(target: Target, ring_bytes: int) -> list[str]:
    """What ``probe.h`` wants to be told."""
    page = os.sysconf("SC_PAGE_SIZE")
    values = {
        "OWN_TGID": target.own_tgid,
        "BY_CGROUP": int(target.by_cgroup),
        "MOST_WORKLOADS": target.most_workloads,
        "PAGE_SIZE": page,
        "RING_PAGES": ring_bytes // page,
    }
    return [f"-D{name}={value}" for name, value in values.items()]


def kernel_tree(objects: Path = OBJECTS) -> Path:
    """The few headers that BCC itself needs."""
    return objects / "bcc" / "kernel"
