"""DAMON schemes: their words, and where the memory is that they are about."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llamas_bpf.act import physical_memory, scheme_value
from llamas_bpf.act.errors import ActError
from llamas_bpf.act.scheme_value import Asked, Goal
from llamas_bpf.contracts.action import Scheme, SchemeName

IOMEM = """\
00000000-00000fff : Reserved
00001000-0009fbff : System RAM
000f0000-000fffff : Reserved
  000f0000-000fffff : System ROM
00100000-1ffdcfff : System RAM
  01000000-0213ffff : Kernel code
100000000-13fffffff : System RAM
140000000-17fffffff : Persistent Memory
  140000000-17fffffff : dax0.0
    140000000-17fffffff : System RAM (kmem)
"""
ZONEINFO = """\
Node 0, zone      DMA
  per-node stats
      nr_inactive_anon 1
  pages free     3840
        spanned  4095
        present  3998
  start_pfn:           1
Node 0, zone    DMA32
  pages free     100
        spanned  126942
  start_pfn:           4096
Node 0, zone   Normal
  pages free     0
        spanned  0
        present  0
Node 2, zone   Normal
  pages free     9
        spanned  262144
  start_pfn:           1048576
"""
NODES, COUNTS = st.integers(0, 9999), st.integers(1, 10**18 - 1)
GOALS = st.none() | st.builds(Goal, st.just("some_mem_psi_us"), COUNTS)
GOALS |= st.builds(Goal, st.sampled_from(["node_mem_used_bp", "node_mem_free_bp"]), COUNTS, NODES)


PAGED_OUT = st.builds(Asked, st.none(), COUNTS, COUNTS, GOALS)
HOT = st.builds(Asked, NODES, COUNTS, COUNTS, GOALS, looks=st.integers(1, 10))
COLD = st.builds(Asked, NODES, COUNTS, COUNTS, GOALS, idle_s=st.integers(1, 86_400))


@given(
    st.tuples(st.just("pageout"), PAGED_OUT)
    | st.tuples(st.just("migrate_hot"), HOT)
    | st.tuples(st.just("migrate_cold"), COLD)
)
def test_what_is_written_is_read(scheme: tuple[SchemeName, Asked]) -> None:
    name, asked = scheme
    assert scheme_value.parse(Scheme(knob=name), str(asked)) == asked


@pytest.mark.parametrize(
    ("name", "when", "why"),
    [
        ("migrate_cold", "looks=7", "has no looks"),
        ("migrate_hot", "idle_s=7", "has no idle_s"),
        ("migrate_hot", "looks=5", "leave it out"),
        ("migrate_cold", "idle_s=5", "leave it out"),
        ("migrate_hot", "looks=11", "not a scheme"),
        ("migrate_hot", "looks=0", "not a scheme"),
        ("migrate_cold", "idle_s=1000000", "not a scheme"),
    ],
)
def test_when_it_is_hot_or_cold(name: SchemeName, when: str, why: str) -> None:
    with pytest.raises(ActError, match=why):
        scheme_value.parse(Scheme(knob=name), f"target_nid=2 {when} ms=1 bytes=1")


NOT_GOALS = ("nid=0", "some_mem_psi_us=1 nid=0", "node_mem_used_bp=1", "x=1")
NOT_QUOTAS = ("", "off", "ms=1", "bytes=1", "bytes=1 ms=1", "ms=0 bytes=1", "ms=01 bytes=1", "ms=1\nbytes=1")


@pytest.mark.parametrize("text", [*NOT_QUOTAS, *(f"ms=1 bytes=1 {goal}" for goal in NOT_GOALS)])
def test_what_is_no_scheme(text: str) -> None:
    with pytest.raises(ActError, match="pageout: not a scheme: write it like"):
        scheme_value.parse(Scheme(knob="pageout"), text)


def test_memory_is_whole_pages_of_ram() -> None:
    assert physical_memory.of_iomem(IOMEM) == [
        (0x1000, 0x9F000),
        (0x100000, 0x1FFDD000),
        (0x100000000, 0x140000000),
        (0x140000000, 0x180000000),
    ]


def test_a_nodes_memory_is_what_its_zones_span() -> None:
    assert physical_memory.of_node(ZONEINFO, 0) == [(0x1000, 0x1000000), (0x1000000, 0x1FFDE000)]
    assert physical_memory.of_node(ZONEINFO, 2) == [(0x100000000, 0x140000000)]
    assert physical_memory.of_node(ZONEINFO, 1) == []
