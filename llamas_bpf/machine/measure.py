"""How fast each node's memory is from the CPUs of each node, by trying. Takes seconds.

Only memory of this process is bound and filled, at most ``SHARE`` of what is free on its node.
"""

import os
import statistics
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path

from llamas_bpf.contracts.machine import Cache, Machine, NumaNode
from llamas_bpf.contracts.measured import Measured, Pair, Speed
from llamas_bpf.errors import ConfigError, LlamasError
from llamas_bpf.machine import nodes
from llamas_bpf.native.memory_speed import Area, hypervisor
from llamas_bpf.shown import figure

SHARE = 1 / 8
RUNS = 5
#: A buffer of so many times the caches is wanted, and of so many needed.
WANTED, NEEDED = 4, 2
LEAST_BYTES = 64 << 20
#: More threads than saturate any memory only take longer to start.
MOST_THREADS = 64
#: For all runs of all pairs together; a single run takes between these.
BUDGET_NS, LEAST_NS, MOST_NS = 15_000_000_000, 5_000_000, 100_000_000

Step = Callable[[str], None]


def wanted(machine: Machine, node: int | None = None) -> list[tuple[NumaNode, NumaNode]]:
    """Each memory node (or this one) with each node of CPUs. Raises ConfigError for a node without memory."""
    memory = [one for one in machine.nodes if one.total_bytes and node in (None, one.id)]
    if not memory:
        have = ", ".join(str(one.id) for one in machine.nodes if one.total_bytes)
        raise ConfigError(f"node {node} has no memory here, or is not there: nodes with memory are {have}")
    return [(one, near) for one in memory for near in machine.nodes if _cpus(machine, near)]


def steps(pairs: Sequence[tuple[NumaNode, NumaNode]]) -> int:
    """How often ``measure`` will call its ``step``."""
    return 2 * len(pairs)


def measure(machine: Machine, pairs: Sequence[tuple[NumaNode, NumaNode]], step: Step) -> Measured:
    """Times these pairs of ``wanted``. Raises LlamasError where a node's memory cannot be had."""
    span_ns = max(LEAST_NS, min(MOST_NS, BUDGET_NS // (len(pairs) * 3 * RUNS)))
    found: list[Pair] = []
    with _first_to_go():
        for node, those in groupby(pairs, key=lambda pair: pair[0]):
            found += _measure_node(machine, node, [near for _, near in those], span_ns, step)
    return Measured(
        kernel=machine.kernel, hypervisor=hypervisor(), at_s=round(time.time(), 3), pairs=tuple(found)
    )


@contextmanager
def _first_to_go() -> Iterator[None]:
    """Should memory run out after all, it is this process that ends, and nobody else's."""
    path = Path("/proc/self/oom_score_adj")
    before = path.read_text(encoding="ascii")
    path.write_text("1000", encoding="ascii")
    try:
        yield
    finally:
        path.write_text(before, encoding="ascii")


def _measure_node(
    machine: Machine, node: NumaNode, near: Sequence[NumaNode], span_ns: int, step: Step
) -> list[Pair]:
    cache = max(in_front(machine.caches, _cpus(machine, cpus)) for cpus in near)
    size = _size(node, cache)
    try:
        with Area(node.id, size) as area:
            _check_place(area, node)
            latency, read, write = {}, {}, {}
            # The chain is laid once, and the writing ends it.
            for cpus in near:
                step(f"latency of node{node.id} from node{cpus.id}")
                latency[cpus.id] = _speed(area.chase(_cpus(machine, cpus)[0], span_ns, RUNS))
            for cpus in near:
                step(f"bandwidth of node{node.id} from node{cpus.id}")
                those = _cpus(machine, cpus)
                read[cpus.id] = _speed(area.stream(those, False, span_ns, RUNS))
                write[cpus.id] = _speed(area.stream(those, True, span_ns, RUNS))
            _check_place(area, node)
    except OSError as error:
        raise LlamasError(
            f"node {node.id}: its memory cannot be used: {error.strerror} (is it among Mems_allowed_list in "
            "/proc/self/status?)"
        ) from error
    return [
        Pair(
            node=node.id,
            cpu_node=cpus.id,
            node_bytes=node.total_bytes,
            buffer_bytes=size,
            cache_bytes=cache,
            threads=len(_cpus(machine, cpus)),
            read_latency_ns=latency[cpus.id],
            read_bandwidth_bytes_per_s=read[cpus.id],
            write_bandwidth_bytes_per_s=write[cpus.id],
        )
        for cpus in near
    ]


def in_front(caches: Iterable[Cache], cpus: Collection[int]) -> int:
    """The bytes of these CPUs' last-level caches together: so much of what they stream could stay there."""
    theirs = [one for one in caches if not set(cpus).isdisjoint(one.cpus)]
    last = max((one.level for one in theirs), default=0)
    return sum(one.size_bytes for one in theirs if one.level == last)


def _size(node: NumaNode, cache_bytes: int) -> int:
    most = int(nodes.meminfo(node.id)["MemFree"] * SHARE)
    needed = max(NEEDED * cache_bytes, 1 << 20)
    if most < needed:
        raise LlamasError(
            f"node {node.id}: {figure('_bytes', most)} may be used, an eighth of what is free; to get "
            f"past the caches it takes {figure('_bytes', needed)}: free some memory there first"
        )
    return min(most, max(LEAST_BYTES, WANTED * cache_bytes)) >> 20 << 20


def _check_place(area: Area, node: NumaNode) -> None:
    if elsewhere := area.elsewhere():
        raise LlamasError(f"node {node.id}: {elsewhere} pages of the buffer are not on it: free memory there")


def _cpus(machine: Machine, node: NumaNode) -> list[int]:
    """Those that may be used: of a node that is isolated as a whole, these too."""
    isolated = {cpu.id for cpu in machine.cpus if cpu.isolated}
    allowed = os.sched_getaffinity(0) & set(node.cpus)
    return sorted(allowed - isolated or allowed)[:MOST_THREADS]


def _speed(runs: Iterable[float]) -> Speed:
    q1, median, q3 = statistics.quantiles(runs, n=4, method="inclusive")
    return Speed(median=round(median, 3), spread_ratio=round((q3 - q1) / median, 4))
