"""Tiers by trusted figures, beside the kernel's own."""

from llamas_bpf.contracts.machine import MemoryTier, NodeFeatures, Told
from llamas_bpf.machine.ranks import ranked

ONE = (MemoryTier(rank=0, kernel_name="memory_tier4", nodes=(0, 1, 2)),)
TWO = (
    MemoryTier(rank=0, kernel_name="memory_tier4", nodes=(0, 1)),
    MemoryTier(rank=1, kernel_name="memory_tier22", nodes=(2,)),
)


def latency(node: int, **told: float) -> NodeFeatures:
    return NodeFeatures(node=node, figures={"read_latency_ns": Told(**told)})


def nodes(tiers: tuple[MemoryTier, ...]) -> list[tuple[int, ...]]:
    assert [tier.rank for tier in tiers] == list(range(len(tiers)))
    return [tier.nodes for tier in tiers]


def test_what_nothing_is_known_of_stays_as_the_kernel_has_it() -> None:
    assert ranked(ONE, ()) == ONE
    assert ranked(TWO, ()) == TWO
    many = tuple(MemoryTier(rank=rank, kernel_name=f"memory_tier{rank}", nodes=(rank,)) for rank in range(9))
    assert ranked(many, ()) == many


def test_a_text_about_one_node_puts_it_below_or_above_ordinary_memory() -> None:
    assert nodes(ranked(ONE, [latency(2, text=400)])) == [(0, 1), (2,)]
    assert nodes(ranked(ONE, [latency(2, text=60)])) == [(2,), (0, 1)]
    assert {tier.kernel_name for tier in ranked(ONE, [latency(2, text=60)])} == {"memory_tier4"}


def test_like_speeds_stay_together() -> None:
    assert nodes(ranked(ONE, [latency(0, text=100), latency(1, text=124), latency(2, text=110)])) == [
        (0, 1, 2)
    ]
    assert nodes(ranked(ONE, [latency(0, text=100), latency(1, text=125), latency(2, text=110)])) == [
        (0, 2),
        (1,),
    ]


def test_measured_goes_before_hmat_and_hmat_before_text() -> None:
    assert nodes(ranked(ONE, [latency(2, text=60, hmat=300)])) == [(0, 1), (2,)]
    assert nodes(ranked(ONE, [latency(2, text=60, hmat=300, measured=50)])) == [(2,), (0, 1)]


def test_what_the_kernel_tells_apart_is_never_thrown_together() -> None:
    same = [latency(node, hmat=100) for node in (0, 1, 2)]
    assert ranked(TWO, same) == TWO


def test_a_text_can_turn_the_kernels_guess_around() -> None:
    turned = ranked(TWO, [latency(2, text=50)])
    assert [(tier.kernel_name, tier.nodes) for tier in turned] == [
        ("memory_tier22", (2,)),
        ("memory_tier4", (0, 1)),
    ]


def test_bandwidth_tells_where_latency_is_not_known() -> None:
    wide = NodeFeatures(node=2, figures={"read_bandwidth_bytes_per_s": Told(text=1.2e12)})
    narrow = NodeFeatures(node=2, figures={"read_bandwidth_bytes_per_s": Told(text=20e9)})
    assert nodes(ranked(ONE, [wide])) == [(2,), (0, 1)]
    assert nodes(ranked(ONE, [narrow])) == [(0, 1), (2,)]
