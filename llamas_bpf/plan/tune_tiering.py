"""The kernel's own handling of memory, machine-wide: demotion (ABI/testing/sysfs-kernel-mm-numa), promotion
(admin-guide/sysctl/kernel.rst), reclaim (admin-guide/sysctl/vm.rst, admin-guide/mm/multigen_lru.rst), zswap,
huge pages, and interleaving by weight."""

from collections.abc import Callable

from llamas_bpf.contracts.action import InterleaveWeight, SystemKnob, SystemKnobName
from llamas_bpf.contracts.hint import TuneTiering
from llamas_bpf.plan import schemes
from llamas_bpf.plan.here import CannotPlan, Here, Step

#: NUMA_BALANCING_MEMORY_TIERING, a bit of kernel.numa_balancing; bit 0 is balancing between like nodes.
TIERING = 2
MIB = 1 << 20
#: The kernel counts in ticks and rounds up to the next: this is a whole number of them at 50 to 1000 Hz, so
#: that what is read back is what was written (mm/vmscan.c, min_ttl_ms_store()).
TICKS_MS = 20


def plan(hint: TuneTiering, here: Here) -> list[Step]:
    steps = [step for part in _PARTS for step in part(hint, here)]
    if not steps:
        raise CannotPlan("the hint gives no setting: name one, such as demotion or swappiness")
    return steps


def _demotion(hint: TuneTiering, here: Here) -> list[Step]:
    if hint.demotion is None:
        return []
    if hint.demotion:
        _check_tiers(here)
    return [_step("numa.demotion_enabled", "true" if hint.demotion else "false")]


def _promotion_rate(hint: TuneTiering, here: Here) -> list[Step]:
    """Before promotion itself, which so never runs faster. The kernel's MB is 1 << 20 bytes, and the limit is
    of each node that is promoted to (kernel/sched/fair.c, should_numa_migrate_memory())."""
    if hint.promotion_bytes_per_s is None:
        return []
    _check_tiers(here)
    nodes = max(sum(bool(node.cpus) for node in here.machine.nodes), 1)
    of_each = hint.promotion_bytes_per_s // MIB // nodes
    if of_each == 0:
        raise CannotPlan(f"promotion can be limited to {nodes} MiB/s at least: 1 for each node with CPUs")
    return [_step("kernel.numa_balancing_promote_rate_limit_MBps", of_each)]


def _promotion(hint: TuneTiering, here: Here) -> list[Step]:
    if hint.promotion is None:
        return []
    if hint.promotion:
        _check_tiers(here)
    now = here.situation.digest.machine.get("tiering", {}).get("numa_balancing") or 0
    return [_step("kernel.numa_balancing", now | TIERING if hint.promotion else now & ~TIERING)]


def _reclaim(hint: TuneTiering, here: Here) -> list[Step]:
    steps = []
    if hint.swappiness is not None:
        steps.append(_step("vm.swappiness", hint.swappiness))
    if hint.zone_reclaim is not None:
        steps.append(_step("vm.zone_reclaim_mode", int(hint.zone_reclaim)))
    if hint.watermark_scale_factor is not None:
        steps.append(_step("vm.watermark_scale_factor", hint.watermark_scale_factor))
    if hint.working_set_ttl_ms is not None:
        ticks = -(-hint.working_set_ttl_ms // TICKS_MS)
        steps.append(_step("lru_gen.min_ttl_ms", ticks * TICKS_MS))
    return steps


def _forms(hint: TuneTiering, here: Here) -> list[Step]:
    """How pages are kept: compressed in place of swapped out, or as huge ones."""
    steps = []
    if hint.zswap is not None:
        steps.append(_step("zswap.enabled", "Y" if hint.zswap else "N"))
    if hint.huge_pages is not None:
        steps.append(_step("transparent_hugepage.enabled", hint.huge_pages))
    return steps


def _interleave(hint: TuneTiering, here: Here) -> list[Step]:
    """Undoing the first weight may give all nodes back the kernel's own, so all of them end together."""
    if hint.interleave_weights is None:
        return []
    weights = {here.node(one.node): one.weight for one in hint.interleave_weights}
    targets = [one.action.target for one in here.situation.in_force]
    held = {target.node for target in targets if isinstance(target, InterleaveWeight)}
    if held - set(weights):
        names = ", ".join(f"node{node}" for node in sorted(held - set(weights)))
        raise CannotPlan(f"a weight of {names} is in force: give one for it too, or wait for its end")
    return [Step(InterleaveWeight(node=node), str(weight)) for node, weight in weights.items()]


def _by_heat(hint: TuneTiering, here: Here) -> list[Step]:
    return schemes.sort_by_heat() if hint.sort_by_heat else []


def _check_tiers(here: Here) -> None:
    """Of the kernel's own, which it goes by: what texts or measurements tell apart may be one tier to it."""
    if len({tier.kernel_name for tier in here.machine.tiers}) < 2:
        raise CannotPlan(
            "the kernel knows one memory tier here: there is no other that it would move pages to"
        )


def _step(knob: SystemKnobName, value: int | str) -> Step:
    return Step(SystemKnob(knob=knob), str(value))


_PARTS: tuple[Callable[[TuneTiering, Here], list[Step]], ...] = (
    _demotion,
    _promotion_rate,
    _promotion,
    _reclaim,
    _forms,
    _interleave,
    _by_heat,
)
