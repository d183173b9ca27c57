"""What measuring memory finds here, and that it leaves everything else as it was."""

import os
from pathlib import Path

import pytest

from llamas_bpf import machine
from llamas_bpf.contracts.machine import Cache
from llamas_bpf.errors import ConfigError
from llamas_bpf.machine import measure
from llamas_bpf.native.memory_speed import Area

MIB = 1 << 20
SPAN_NS = 10_000_000


def test_the_memory_is_on_its_node_while_it_is_held_and_no_longer() -> None:
    before = Path("/proc/self/statm").read_text().split()[1]
    with Area(0, 64 * MIB) as area:
        assert area.elsewhere() == 0
        assert "bind:0" in Path("/proc/self/numa_maps").read_text()
        assert int(Path("/proc/self/statm").read_text().split()[1]) - int(before) > 63 * MIB // 4096
    assert "bind:0" not in Path("/proc/self/numa_maps").read_text()


def test_small_memory_is_reached_faster_than_large() -> None:
    """A chain within the first caches, and one that fits no cache: the figures are of what they say."""
    with Area(0, 16 << 10) as small, Area(0, 256 * MIB) as large:
        near, far = min(small.chase(0, SPAN_NS, 5)), min(large.chase(0, SPAN_NS, 5))
        assert 0.1 < near < far / 4
        assert min(large.stream([0], False, SPAN_NS, 3)) > 0
        assert min(large.stream([0], True, SPAN_NS, 3)) > 0
        # The writing has ended the chain: it is laid anew.
        assert min(large.chase(0, SPAN_NS, 3)) > near


@pytest.mark.parametrize(("node", "cpu"), [(999, 0), (-1, 0), (0, 4000)])
def test_what_is_not_there_is_refused(node: int, cpu: int) -> None:
    with pytest.raises(OSError, match="Invalid argument"), Area(node, 4 * MIB) as area:
        area.chase(cpu, SPAN_NS, 1)


def test_a_stream_begins_on_all_processors_or_none() -> None:
    with Area(0, 4 * MIB) as area, pytest.raises(OSError, match="Invalid argument"):
        area.stream([0, 4000], False, SPAN_NS, 1)


def test_measuring_here_finds_figures_and_changes_nothing_of_this_process() -> None:
    here = machine.read()
    affinity = os.sched_getaffinity(0)
    pairs = measure.wanted(here, here.nodes[0].id)
    oom = Path("/proc/self/oom_score_adj")
    before, said, during = oom.read_text(), [], set()

    def step(what: str) -> None:
        said.append(what)
        during.add(oom.read_text())

    found = measure.measure(here, pairs, step)
    # Should memory run out, it would be ours that goes.
    assert (during, oom.read_text()) == ({"1000\n"}, before)
    assert len(said) == measure.steps(pairs)
    assert [(pair.node, pair.cpu_node) for pair in found.pairs] == [(a.id, b.id) for a, b in pairs]
    assert found.kernel == os.uname().release
    assert bool(found.hypervisor) == (" hypervisor" in Path("/proc/cpuinfo").read_text())
    for pair in found.pairs:
        assert pair.buffer_bytes >= 2 * pair.cache_bytes
        # From a toy's to a supercomputer's: these are of memory, not of something else.
        assert 1 < pair.read_latency_ns.median < 100_000
        assert 10 * MIB < pair.read_bandwidth_bytes_per_s.median < 10e12
        assert 10 * MIB < pair.write_bandwidth_bytes_per_s.median < 10e12
    assert os.sched_getaffinity(0) == affinity
    assert "bind" not in Path("/proc/self/numa_maps").read_text()


def test_the_buffer_is_larger_than_all_the_caches_of_those_who_stream() -> None:
    here = machine.read()
    cpus = here.nodes[0].cpus
    half = Cache(level=3, kind="unified", size_bytes=24 * MIB, cpus=cpus)
    two = here.model_copy(update={"caches": (half, half)})
    (pair, *_) = measure.measure(two, measure.wanted(two, here.nodes[0].id)[:1], lambda _: None).pairs
    assert (pair.cache_bytes, pair.buffer_bytes >= 96 * MIB) == (48 * MIB, True)


def test_a_node_that_is_not_there_is_named_with_those_that_are() -> None:
    with pytest.raises(ConfigError, match=r"node 77 has no memory here.*nodes with memory are 0"):
        measure.wanted(machine.read(), 77)
