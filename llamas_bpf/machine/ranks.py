"""Tiers by what is known of each memory, where that tells more than the kernel's own tiers.

Without HMAT the kernel puts all ordinary memory into one tier, however fast it is; a text or a measurement
tells it apart. What the kernel itself does between tiers, such as demotion, goes by its own all the same.
"""

from collections.abc import Iterable, Sequence
from itertools import groupby

from llamas_bpf.contracts.machine import Machine, MemoryTier, NodeFeatures

#: From here on one memory is clearly slower than another.
CLEARLY = 1.25
#: Ordinary memory of its own processors: what a node is taken for of which nothing is known.
ORDINARY_NS, ORDINARY_BYTES_PER_S = 100.0, 100e9


def by_rank(machine: Machine) -> Machine:
    """The same, with its tiers, and the tier of each node, by its ``features``."""
    tiers = ranked(machine.tiers, machine.features)
    rank = {node: tier.rank for tier in tiers for node in tier.nodes}
    nodes = tuple(each.model_copy(update={"tier": rank.get(each.id, each.tier)}) for each in machine.nodes)
    return machine.model_copy(update={"tiers": tiers, "nodes": nodes})


def ranked(tiers: Sequence[MemoryTier], features: Iterable[NodeFeatures]) -> tuple[MemoryTier, ...]:
    """The fastest first, each with nodes of one of the kernel's tiers only: those of like speed.

    Speed is the read latency that counts, else the read bandwidth; of a node without either, the kernel's
    tier tells: each one down is taken for one more ordinary latency.
    """
    figures = {each.node: each for each in features}
    slowness = {
        node: _slowness(figures.get(node)) or ORDINARY_NS * (1 + tier.rank)
        for tier in tiers
        for node in tier.nodes
    }
    alike = _alike(slowness)
    of_kernel = {node: tier for tier in tiers for node in tier.nodes}
    places = sorted((alike[node], tier.rank, node) for node, tier in of_kernel.items())
    groups = [[node for *_, node in group] for _, group in groupby(places, key=lambda place: place[:2])]
    return tuple(
        MemoryTier(rank=rank, kernel_name=of_kernel[nodes[0]].kernel_name, nodes=tuple(nodes))
        for rank, nodes in enumerate(groups)
    )


def _slowness(told: NodeFeatures | None) -> float | None:
    """In ns."""
    figures = told.figures if told else {}
    if (latency := figures.get("read_latency_ns")) and latency.value:
        return latency.value
    if (bandwidth := figures.get("read_bandwidth_bytes_per_s")) and bandwidth.value:
        return ORDINARY_NS * ORDINARY_BYTES_PER_S / bandwidth.value
    return None


def _alike(slowness: dict[int, float]) -> dict[int, int]:
    """A number for each node: the same for those that are not clearly slower than the fastest of them."""
    numbers: dict[int, int] = {}
    number, fastest = -1, 0.0
    for node, ns in sorted(slowness.items(), key=lambda each: each[1]):
        if number < 0 or ns >= CLEARLY * fastest:
            number, fastest = number + 1, ns
        numbers[node] = number
    return numbers
