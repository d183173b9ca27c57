"""DAMON schemes, as steps of the kinds of hint that they serve."""

import math

from llamas_bpf.contracts.action import COLD_S, HOT_LOOKS, LOOKS, Scheme, SchemeName
from llamas_bpf.contracts.machine import Machine
from llamas_bpf.contracts.workload import Workload
from llamas_bpf.plan.here import CannotPlan, Here, Step

#: Of each second, a tenth of one processor's time; and memory that is looked at, of which at most all moves.
_MS, _BYTES = 100, 256 << 20
#: So much of a second may pass with somebody waiting for memory: a thousandth, which programs hardly feel.
_WAITING_US = 1000
#: Whoever waits longer for pages to be cold sees none move: no scheme is in force for more than a day.
_LONGEST_S = 86_400


def migrate(hot: bool, workload: Workload, node: str, here: Here) -> Step:
    """Move a workload's hot, or cold, pages to this node (a number) from all others."""
    name: SchemeName = "migrate_hot" if hot else "migrate_cold"
    words = [f"target_nid={node}", *_when(hot, int(node), here.machine), f"ms={_MS}", f"bytes={_BYTES}"]
    return Step(_of(workload, name, here), " ".join(words))


def page_out(workload: Workload, bytes_per_s: int, here: Here) -> Step:
    """Swap out a workload's cold pages for as long as nobody misses them."""
    quota = f"ms={_MS} bytes={bytes_per_s} some_mem_psi_us={_WAITING_US}"
    return Step(_of(workload, "pageout", here), quota)


def sort_by_heat() -> list[Step]:
    """All hot pages to the young end of the reclaim lists, all cold ones to the old."""
    names: tuple[SchemeName, ...] = ("lru_prio", "lru_deprio")
    return [Step(Scheme(knob=name), f"ms={_MS} bytes={_BYTES}") for name in names]


def _when(hot: bool, node: int, machine: Machine) -> list[str]:
    """What the node's text calls hot, or cold, as far as ``LOOKS`` a second can tell; nothing where it does
    not say, or says what is so anyway."""
    said = [
        each
        for text in machine.profiles
        if text.binding.node == node
        for each in text.thresholds
        if each.action == "migrate_here"
    ]
    touches = [(each.side, each.value) for each in said if each.figure == "page_accesses_per_s"]
    if hot:
        # More often than that is found at each look; one may be missed.
        looks = [math.floor(min(value + 1, LOOKS - 1)) for side, value in touches if side == "above"]
        return [f"looks={min(looks)}"] if looks and min(looks) != HOT_LOOKS else []
    idle_s = [each.value for each in said if (each.figure, each.side) == ("page_idle_s", "above")]
    # Less often than once a second is not at all for so long; what is touched more often is not cold.
    idle_s += [1 / value for side, value in touches if side == "below" and 0 < value < 1]
    if not idle_s:
        return []
    least_s = math.ceil(min(max(min(idle_s), 1), _LONGEST_S))
    return [f"idle_s={least_s}"] if least_s != COLD_S else []


def _of(workload: Workload, name: SchemeName, here: Here) -> Scheme:
    if not here.has_cgroup(workload, "memory"):
        raise CannotPlan(
            f"{workload.id} has no cgroup with the memory controller: pages are told apart by it"
        )
    of = here.reclaim(workload)
    return Scheme(knob=name, cgroup=of.cgroup, cgroup_id=of.cgroup_id)
