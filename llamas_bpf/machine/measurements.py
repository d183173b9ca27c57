"""What was measured of this machine's memory, as it is kept, and whether it may count."""

from collections.abc import Iterable, Mapping
from itertools import combinations
from pathlib import Path

from llamas_bpf.contracts.machine import Machine, NodeFeatures, NumaNode
from llamas_bpf.contracts.measured import Measured, Pair, Speed
from llamas_bpf.errors import ConfigError
from llamas_bpf.machine import kept

NAME = "measured.json"

#: A node's size differs from boot to boot, by what the kernel needs for itself or a host has not given yet.
_SAME_SIZE = 0.25
#: Two figures differ if they are further apart than this, and than what they wobble by.
_APART = 1.3
#: What firmware or text says differs so much that it could not be missed.
_TOLD_APART = 1.5
_AGAIN = "run llamas-bpf devices measure again"
_EMULATOR = "TCGTCGTCGTCG"


def load(state: Path) -> Measured | None:
    """None where nothing was measured. Raises ConfigError where the file is damaged."""
    return kept.read(state / NAME, Measured)


def save(state: Path, measured: Measured) -> Measured:
    """Kept with what was measured of other nodes before, under the same kernel. Gives both."""
    try:
        before = load(state)
    except ConfigError:
        before = None  # it is replaced
    if before and (before.kernel, before.hypervisor) == (measured.kernel, measured.hypervisor):
        now = {pair.node for pair in measured.pairs}
        others = [pair for pair in before.pairs if pair.node not in now]
        pairs = sorted([*others, *measured.pairs], key=lambda pair: (pair.node, pair.cpu_node))
        measured = measured.model_copy(update={"pairs": tuple(pairs)})
    kept.write(state / NAME, measured)
    return measured


def best(pairs: Iterable[Pair]) -> dict[int, Pair]:
    """Each node from the CPUs that are nearest to it, as HMAT tells it too."""
    found: dict[int, Pair] = {}
    for pair in pairs:
        other = found.get(pair.node)
        if other is None or pair.read_latency_ns.median < other.read_latency_ns.median:
            found[pair.node] = pair
    return found


def current(state: Path, here: Machine) -> tuple[Measured | None, str]:
    """What was measured of this machine; else why what there is is not of it."""
    try:
        measured = load(state)
    except ConfigError as error:
        return None, str(error)
    why = outdated(measured, here.kernel, here.nodes) if measured else ""
    return (None if why else measured), why


def outdated(measured: Measured, kernel: str, nodes: Iterable[NumaNode]) -> str:
    """Why this was measured on what counts as another machine; empty if it was on this one."""
    if measured.kernel != kernel:
        return f"measured under Linux {measured.kernel}, and this is {kernel}: {_AGAIN}"
    sizes = {node.id: node.total_bytes for node in nodes}
    for pair in measured.pairs:
        if abs(sizes.get(pair.node, 0) - pair.node_bytes) > _SAME_SIZE * pair.node_bytes:
            return f"node{pair.node} had another size when it was measured: {_AGAIN}"
    return ""


def doubt(measured: Measured, told: Mapping[int, NodeFeatures]) -> str:
    """Why these figures are not of the memory, and must not outrank ``told``; empty if they may."""
    if measured.hypervisor == _EMULATOR:
        return "measured in an emulated machine, whose time is not that of its memory"
    nearest = best(measured.pairs)
    if any(_differ(nearest[a], nearest[b]) for a, b in combinations(nearest, 2)):
        return ""
    if measured.hypervisor:
        what = "where all nodes are as fast as each other" if len(nearest) > 1 else "with one node to go by"
        return f"measured in a virtual machine ({measured.hypervisor}) {what}"
    if any(_told_apart(told[a], told[b]) for a, b in combinations(nearest, 2) if {a, b} <= told.keys()):
        return "measured as equally fast, which firmware or text say they are not"
    return ""


def _differ(a: Pair, b: Pair) -> bool:
    return any(
        _apart(getattr(a, figure), getattr(b, figure))
        for figure in ("read_latency_ns", "read_bandwidth_bytes_per_s", "write_bandwidth_bytes_per_s")
    )


def _apart(a: Speed, b: Speed) -> bool:
    low, high = sorted((a, b), key=lambda speed: speed.median)
    noise = 1 + 2 * (low.spread_ratio + high.spread_ratio)
    return high.median / low.median > max(_APART, noise)


def _told_apart(a: NodeFeatures, b: NodeFeatures) -> bool:
    for figure in a.figures.keys() & b.figures.keys() - {"capacity_bytes", "granularity_bytes"}:
        one, other = a.figures[figure].value, b.figures[figure].value
        if one and other and max(one, other) > _TOLD_APART * min(one, other):
            return True
    return False
