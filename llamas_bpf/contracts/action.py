"""What a hint means here: typed targets and values. Never a path: a forged journal must not write."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

CgroupKnobName = Literal[
    "cpu.weight",
    "cpu.max",
    "cpu.uclamp.min",
    "cpu.uclamp.max",
    "cpuset.cpus",
    "cpuset.mems",
    "memory.high",
    "memory.low",
    "memory.swap.max",
    "memory.zswap.max",
]
SystemKnobName = Literal[
    "numa.demotion_enabled",
    "kernel.numa_balancing",
    "kernel.numa_balancing_promote_rate_limit_MBps",
    "vm.swappiness",
    "vm.zone_reclaim_mode",
    "vm.watermark_scale_factor",
    "lru_gen.min_ttl_ms",
    "zswap.enabled",
    "transparent_hugepage.enabled",
]
SchemeName = Literal["migrate_hot", "migrate_cold", "pageout", "lru_prio", "lru_deprio"]
PagesName = Literal["pages.move", "pages.cold", "pages.pageout"]
Controller = Literal["cpu", "cpuset", "memory"]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _OfCgroup(_Frozen):
    """``cgroup_id`` tells a re-created cgroup from the one that was meant."""

    cgroup: str = Field(pattern=r"^(/[^/\x00]+)+$")
    cgroup_id: int


class _OfProcess(_Frozen):
    """``start_ticks`` tells a later process with the same pid from the one that was meant."""

    pid: int = Field(gt=1)
    start_ticks: int


class CgroupKnob(_OfCgroup):
    """A file of a cgroup v2 (Documentation/admin-guide/cgroup-v2.rst)."""

    kind: Literal["cgroup"] = "cgroup"
    knob: CgroupKnobName


class CgroupController(_OfCgroup):
    """A controller that a cgroup's children get: its ``cgroup.subtree_control``. The value is ``on``.

    Of the root, too, whose path is ``/``: it has no knobs, but hands on controllers.
    """

    cgroup: str = Field(pattern=r"^(/|(/[^/\x00]+)+)$")
    kind: Literal["controller"] = "controller"
    knob: Controller


class CgroupReclaim(_OfCgroup):
    """One-shot: ``memory.reclaim`` of a cgroup v2; the value is the number of bytes."""

    kind: Literal["reclaim"] = "reclaim"
    knob: Literal["memory.reclaim"] = "memory.reclaim"


class Affinity(_OfProcess):
    """The CPUs that every thread of one process may use; the value is a CPU list such as ``0-3,8``."""

    kind: Literal["affinity"] = "affinity"
    knob: Literal["affinity"] = "affinity"


class Priority(_OfProcess):
    """Nice and policy of every thread of one process; the value is such as ``10 batch``."""

    kind: Literal["priority"] = "priority"
    knob: Literal["priority"] = "priority"


class Pages(_OfProcess):
    """One-shot: pages of one process. The value is a node list to move them to, or a number of bytes."""

    kind: Literal["pages"] = "pages"
    knob: PagesName


#: How often DAMON looks in a second, and what is hot, and cold, where no text says so.
LOOKS, HOT_LOOKS, COLD_S = 10, 5, 5


class Scheme(_Frozen):
    """A DAMON operation scheme (Documentation/mm/damon/design.rst) on the memory of a cgroup, or of all.

    The value is words ``KEY=NUMBER``: ``target_nid``, and the quota's ``ms`` and ``bytes`` a second; before
    these, where it is not ``HOT_LOOKS``, in at least how many of a second's ``LOOKS`` what is hot was found
    used (``looks``), or, where it is not ``COLD_S``, for how many seconds what is cold was not (``idle_s``).
    """

    kind: Literal["scheme"] = "scheme"
    knob: SchemeName
    cgroup: str | None = Field(default=None, pattern=r"^(/[^/\x00]+)+$")
    cgroup_id: int | None = None


class InterleaveWeight(_Frozen):
    """How many pages in a row a node gets (ABI/testing/sysfs-kernel-mm-mempolicy-weighted-interleave)."""

    kind: Literal["interleave"] = "interleave"
    knob: Literal["weighted_interleave"] = "weighted_interleave"
    node: int = Field(ge=0, le=1023)


class SystemKnob(_Frozen):
    """A machine-wide setting of memory."""

    kind: Literal["system"] = "system"
    knob: SystemKnobName


Target = Annotated[
    CgroupKnob
    | CgroupController
    | CgroupReclaim
    | Affinity
    | Priority
    | Pages
    | Scheme
    | InterleaveWeight
    | SystemKnob,
    Field(discriminator="kind"),
]

#: Kinds that move or give back pages, once: there is nothing to take back.
ONE_SHOTS = frozenset({"reclaim", "pages"})


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
    """An action, or a hint that could not become one, that will not be taken, and why in one sentence.

    ``check`` says who refused: a check of the guard; ``plan``; ``advice``, where only the operator can do it.
    """

    hint_id: int
    check: str
    sentence: str
    workload: str | None = None
    action: Action | None = None


class Applied(_Frozen):
    """What became of an accepted action.

    ``unchanged``: the knob already held the value, or not a page would move. ``dry_run``: only said.
    ``failed``: the kernel, or the target's disappearance, said no; ``detail`` has the sentence.
    ``old`` and ``new`` are what the kernel said before and after. ``at_ns`` is CLOCK_MONOTONIC.
    """

    action: Action
    status: Literal["applied", "unchanged", "dry_run", "failed"]
    old: str | None
    new: str | None
    at_ns: int
    detail: str = ""
