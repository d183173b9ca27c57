"""What tuning the kernel's own tiering means on a machine."""

from typing import Any

import pytest
from acting import action
from situations import MIB, hot, machine, situation
from test_plan import sentence, values

from llamas_bpf.contracts.action import Applied, InterleaveWeight, SystemKnob

TUNE: dict[str, Any] = {"kind": "tune_tiering"}
RATE = "kernel.numa_balancing_promote_rate_limit_MBps"


def knobs(**fields: Any) -> list[tuple[str, str]]:
    return [(target.knob, value) for target, value in values(TUNE | fields)]


def weight(node: int, of: int) -> dict[str, Any]:
    return {"node": f"node{node}", "weight": of}


@pytest.mark.parametrize(
    ("field", "value", "knob", "written"),
    [
        ("swappiness", 0, "vm.swappiness", "0"),
        ("swappiness", 200, "vm.swappiness", "200"),
        ("zone_reclaim", True, "vm.zone_reclaim_mode", "1"),
        ("zone_reclaim", False, "vm.zone_reclaim_mode", "0"),
        ("watermark_scale_factor", 150, "vm.watermark_scale_factor", "150"),
        ("working_set_ttl_ms", 0, "lru_gen.min_ttl_ms", "0"),
        ("working_set_ttl_ms", 1000, "lru_gen.min_ttl_ms", "1000"),
        ("working_set_ttl_ms", 1001, "lru_gen.min_ttl_ms", "1020"),
        ("zswap", True, "zswap.enabled", "Y"),
        ("zswap", False, "zswap.enabled", "N"),
        ("huge_pages", "madvise", "transparent_hugepage.enabled", "madvise"),
    ],
)
def test_each_field_is_one_knob(field: str, value: object, knob: str, written: str) -> None:
    assert knobs(**{field: value}) == [(knob, written)]


def test_the_rate_is_shared_by_the_nodes_that_are_promoted_to_and_comes_first() -> None:
    """Two of the three nodes have CPUs; the kernel's limit is whole MiB/s for each of them."""
    assert knobs(promotion=True, promotion_bytes_per_s=65 * MIB) == [
        (RATE, "32"),
        ("kernel.numa_balancing", "2"),
    ]
    assert knobs(promotion_bytes_per_s=2 * MIB) == [(RATE, "1")]
    assert "2 MiB/s at least" in sentence(TUNE | {"promotion_bytes_per_s": 2 * MIB - 1})


@pytest.mark.parametrize("field", [{"demotion": True}, {"promotion": True}, {"promotion_bytes_per_s": MIB}])
def test_one_tier_has_nowhere_to_move_pages_to(field: dict[str, Any]) -> None:
    flat = situation([hot()], of=machine(tiers=((0, 1, 2),)))
    assert "one memory tier" in sentence(TUNE | field, flat)


def test_what_needs_no_tiers_is_planned_without_them() -> None:
    flat = situation([hot()], of=machine(tiers=((0, 1, 2),)))
    hint = TUNE | {"demotion": False, "promotion": False, "swappiness": 10}
    assert [target.knob for target, _ in values(hint, flat)] == [
        "numa.demotion_enabled",
        "kernel.numa_balancing",
        "vm.swappiness",
    ]


def test_several_fields_are_several_actions() -> None:
    assert knobs(huge_pages="never", swappiness=10, demotion=True, zswap=True) == [
        ("numa.demotion_enabled", "true"),
        ("vm.swappiness", "10"),
        ("zswap.enabled", "Y"),
        ("transparent_hugepage.enabled", "never"),
    ]


def test_weights_are_for_nodes_of_this_machine() -> None:
    given = TUNE | {"interleave_weights": [weight(0, 4), weight(2, 1)]}
    assert values(given) == [(InterleaveWeight(node=0), "4"), (InterleaveWeight(node=2), "1")]
    assert "node7 is not a node" in sentence(TUNE | {"interleave_weights": [weight(0, 4), weight(7, 1)]})
    assert "node5 was not among the ids" in sentence(TUNE | {"interleave_weights": [weight(5, 4)]})


def test_weights_in_force_are_weighed_anew_or_left() -> None:
    """Undoing the first of them gives all nodes back the kernel's own weights."""
    acts = [action(InterleaveWeight(node=node), "4", workload=None) for node in (0, 2)]
    acts.append(action(SystemKnob(knob="vm.swappiness"), "10", workload=None))
    force = [Applied(action=one, status="applied", old="auto 1", new="4", at_ns=0) for one in acts]
    where = situation([hot()], in_force=force)
    assert "node2 is in force" in sentence(TUNE | {"interleave_weights": [weight(0, 3)]}, where)
    all_of_them = TUNE | {"interleave_weights": [weight(0, 3), weight(1, 1), weight(2, 2)]}
    assert [value for _, value in values(all_of_them, where)] == ["3", "1", "2"]
