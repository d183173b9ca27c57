"""DAMON schemes, as steps of the kinds of hint that they serve."""

from llamas_bpf.contracts.action import Scheme, SchemeName
from llamas_bpf.contracts.workload import Workload
from llamas_bpf.plan.here import CannotPlan, Here, Step

#: Of each second, a tenth of one processor's time; and memory that is looked at, of which at most all moves.
_MS, _BYTES = 100, 256 << 20
#: So much of a second may pass with somebody waiting for memory: a thousandth, which programs hardly feel.
_WAITING_US = 1000


def migrate(hot: bool, workload: Workload, node: str, here: Here) -> Step:
    """Move a workload's hot, or cold, pages to this node (a number) from all others."""
    name: SchemeName = "migrate_hot" if hot else "migrate_cold"
    return Step(_of(workload, name, here), f"target_nid={node} ms={_MS} bytes={_BYTES}")


def page_out(workload: Workload, bytes_per_s: int, here: Here) -> Step:
    """Swap out a workload's cold pages for as long as nobody misses them."""
    quota = f"ms={_MS} bytes={bytes_per_s} some_mem_psi_us={_WAITING_US}"
    return Step(_of(workload, "pageout", here), quota)


def sort_by_heat() -> list[Step]:
    """All hot pages to the young end of the reclaim lists, all cold ones to the old."""
    names: tuple[SchemeName, ...] = ("lru_prio", "lru_deprio")
    return [Step(Scheme(knob=name), f"ms={_MS} bytes={_BYTES}") for name in names]


def _of(workload: Workload, name: SchemeName, here: Here) -> Scheme:
    if not here.has_cgroup(workload, "memory"):
        raise CannotPlan(
            f"{workload.id} has no cgroup with the memory controller: pages are told apart by it"
        )
    of = here.reclaim(workload)
    return Scheme(knob=name, cgroup=of.cgroup, cgroup_id=of.cgroup_id)
