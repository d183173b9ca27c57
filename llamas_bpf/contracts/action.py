"""What a hint means here: typed targets and values. Never a path: a forged journal must not write."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

CgroupKnobName = Literal["cpu.weight", "cpuset.cpus", "cpuset.mems", "memory.high"]
SystemKnobName = Literal["numa.demotion_enabled", "kernel.numa_balancing"]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class CgroupKnob(_Frozen):
    """A file of a cgroup v2. ``cgroup_id`` tells a re-created cgroup from the one that was meant."""

    kind: Literal["cgroup"] = "cgroup"
    cgroup: str = Field(pattern=r"^(/[^/\x00]+)+$")
    cgroup_id: int
    knob: CgroupKnobName


class CgroupReclaim(_Frozen):
    """One-shot: ``memory.reclaim`` of a cgroup v2; the value is the number of bytes."""

    kind: Literal["reclaim"] = "reclaim"
    cgroup: str = Field(pattern=r"^(/[^/\x00]+)+$")
    cgroup_id: int


class Affinity(_Frozen):
    """The CPUs that every thread of one process may use; the value is a CPU list such as ``0-3,8``."""

    kind: Literal["affinity"] = "affinity"
    pid: int = Field(gt=1)
    start_ticks: int


class SystemKnob(_Frozen):
    """A machine-wide setting of memory tiering."""

    kind: Literal["system"] = "system"
    knob: SystemKnobName


Target = Annotated[CgroupKnob | CgroupReclaim | Affinity | SystemKnob, Field(discriminator="kind")]


class Action(_Frozen):
    """``value`` is what is to be written, in the kernel's own notation for that target.

    ``hint_id`` is the decision it came from, as the store numbers them; ``id`` is ``HINT_ID.N``.
    ``workload`` is None for a machine-wide action.
    """

    id: str
    hint_id: int
    workload: str | None
    target: Target
    value: str
    ttl_s: int


class Refusal(_Frozen):
    """An action, or a hint that could not become one, that will not be taken, and why in one sentence."""

    hint_id: int
    check: str
    sentence: str
    workload: str | None = None
    action: Action | None = None


class Applied(_Frozen):
    """What became of an accepted action.

    ``unchanged``: the knob already held the value, so nothing was written. ``dry_run``: only said.
    ``failed``: the kernel, or the target's disappearance, said no; ``detail`` has the sentence.
    ``old`` and ``new`` are what the kernel said before and after. ``at_ns`` is CLOCK_MONOTONIC.
    """

    action: Action
    status: Literal["applied", "unchanged", "dry_run", "failed"]
    old: str | None
    new: str | None
    at_ns: int
    detail: str = ""
