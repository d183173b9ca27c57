"""Who is believed about a memory, and when a measurement is not."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from measured import measured, pair
from situations import machine

from llamas_bpf.contracts.machine import NodeFeatures, NumaNode, Told
from llamas_bpf.contracts.measured import Measured
from llamas_bpf.contracts.profile import Binding, DeviceProfile
from llamas_bpf.errors import ConfigError
from llamas_bpf.machine import measurements, trust

FAST, SLOW = pair(0, latency_ns=90), pair(2, latency_ns=300)


def nodes(**hmat: Mapping[int, int]) -> list[NumaNode]:
    """Three nodes; ``hmat`` has, by field, each node's figure."""
    return [
        node.model_copy(update={field: of[node.id] for field, of in hmat.items() if node.id in of})
        for node in machine().nodes
    ]


def text(node: int, **said: Any) -> DeviceProfile:
    return DeviceProfile(
        name=f"text{node}", text_hash="", reader="offline", binding=Binding(node=node), **said
    )


def of_node(found: tuple[NodeFeatures, ...], node: int) -> NodeFeatures:
    (one,) = [one for one in found if one.node == node]
    return one


def told(found: tuple[NodeFeatures, ...], node: int, figure: str = "read_latency_ns") -> Told | None:
    return of_node(found, node).figures.get(figure)


def test_measured_goes_before_hmat_and_that_before_the_text() -> None:
    by_text = text(2, read_latency_ns=200)
    hmat = nodes(read_latency_ns={2: 250})
    for given, expected in (
        ((nodes(), [by_text], None), Told(text=200)),
        ((hmat, [by_text], None), Told(hmat=250, text=200)),
        ((hmat, [by_text], measured(FAST, SLOW)), Told(measured=300, hmat=250, text=200)),
    ):
        found = told(trust.features(*given), 2)
        assert found == expected
        assert found.value == next(v for v in (expected.measured, expected.hmat, expected.text) if v)


def test_what_nobody_tells_is_not_there() -> None:
    found = trust.features(nodes(), [], None)
    assert [one.node for one in found] == [0, 1, 2]
    assert [list(one.figures) for one in found] == [["capacity_bytes"]] * 3
    assert told(found, 0, "capacity_bytes") == Told(hmat=512 << 20)
    assert Told().value is None


def test_a_text_about_a_node_gives_its_traits_to_it_alone() -> None:
    about = text(2, good_at=("reads",), bad_at=("writes", "other: rain"), persistent=True)
    elsewhere = DeviceProfile(name="gpu", text_hash="", reader="offline", good_at=("writes",))
    found = trust.features(nodes(), [about, elsewhere], None)
    one = of_node(found, 2)
    assert (one.profile, one.good_at, one.bad_at, one.persistent) == (
        "text2", ("reads",), ("writes", "other: rain"), True,
    )  # fmt: skip
    assert of_node(found, 0).profile is None
    assert of_node(found, 0).good_at == ()


def test_a_node_without_memory_has_no_features() -> None:
    bare = [nodes()[0].model_copy(update={"total_bytes": 0}), *nodes()[1:]]
    assert [one.node for one in trust.features(bare, [], None)] == [1, 2]


def test_of_several_processors_the_nearest_count() -> None:
    far = pair(2, cpu_node=1, latency_ns=500, read=1e9)
    found = trust.features(nodes(), [], measured(far, FAST, SLOW))
    assert told(found, 2) == Told(measured=300)
    assert told(found, 2, "read_bandwidth_bytes_per_s") == Told(measured=20e9)
    # Stores do not wait: what they take is not measured.
    assert told(found, 2, "write_latency_ns") is None


DIFFER = [text(0, read_latency_ns=100), text(2, read_latency_ns=400)]
ALIKE = [text(0, read_latency_ns=100), text(2, read_latency_ns=120)]


@pytest.mark.parametrize(
    ("found", "profiles", "doubt"),
    [
        (measured(FAST, SLOW), DIFFER, ""),
        (measured(FAST, SLOW, hypervisor="KVMKVMKVM"), DIFFER, ""),
        (measured(FAST, SLOW, hypervisor="TCGTCGTCGTCG"), DIFFER, "emulated"),
        (measured(FAST, pair(2, latency_ns=95), hypervisor="KVMKVMKVM"), ALIKE, "all nodes are as fast"),
        (measured(FAST, hypervisor="KVMKVMKVM"), [], "one node to go by"),
        (measured(FAST), [], ""),
        (measured(FAST, pair(2, latency_ns=95)), ALIKE, ""),
        (measured(FAST, pair(2, latency_ns=95)), DIFFER, "say they are not"),
        # Apart, but not by more than each wobbles.
        (
            measured(pair(0, latency_ns=90, spread_ratio=1), pair(2, latency_ns=300, spread_ratio=1)),
            DIFFER,
            "say they are not",
        ),
        # As late as each other, but one is wider.
        (measured(FAST, pair(2, latency_ns=90, read=90e9), hypervisor="KVMKVMKVM"), DIFFER, ""),
    ],
)
def test_a_measurement_that_tells_nothing_does_not_outrank_the_text(
    found: Measured, profiles: list[DeviceProfile], doubt: str
) -> None:
    without = trust.features(nodes(), profiles, None)
    said = measurements.doubt(found, {one.node: one for one in without})
    assert doubt in said
    assert bool(said) is bool(doubt)
    latency = told(trust.features(nodes(), profiles, found), 0)
    assert (latency is not None and latency.measured is not None) is not bool(doubt)


def test_hmat_that_differs_is_as_good_as_a_text() -> None:
    hmat = nodes(read_latency_ns={0: 100, 2: 300})
    found = trust.features(hmat, [], measured(FAST, pair(2, latency_ns=95)))
    assert told(found, 2) == Told(hmat=300)


def test_sources_that_disagree_are_all_named_and_who_counts() -> None:
    found = trust.features(
        nodes(read_latency_ns={2: 250}),
        [text(2, read_latency_ns=900, capacity_bytes=4 << 30, write_bandwidth_bytes_per_s=11e9)],
        measured(FAST, SLOW),
    )
    assert list(trust.disagreements(found)) == [
        "node2 read latency: measured 300 ns, HMAT 250 ns, text 900 ns; measured counts",
        "node2 capacity: kernel 512 MiB, text 4 GiB; kernel counts",
    ]


def test_what_was_measured_of_other_nodes_is_kept(tmp_path: Path) -> None:
    measurements.save(tmp_path, measured(FAST, SLOW))
    again = pair(2, latency_ns=310)
    assert measurements.save(tmp_path, measured(again)) == measured(FAST, again)
    assert measurements.load(tmp_path) == measured(FAST, again)
    # Under another kernel, nothing that was measured before stands beside it.
    assert measurements.save(tmp_path, measured(again, kernel="7.0")) == measured(again, kernel="7.0")


@pytest.mark.parametrize(
    ("found", "why"),
    [
        (measured(FAST, SLOW), ""),
        (measured(FAST, kernel="6.1"), "measured under Linux 6.1, and this is 6.12: run llamas-bpf devices"),
        (measured(pair(2, node_bytes=4 << 30)), "node2 had another size"),
        (measured(pair(7)), "node7 had another size"),
    ],
)  # fmt: skip
def test_what_was_measured_of_another_machine_is_not_used(tmp_path: Path, found: Measured, why: str) -> None:
    measurements.save(tmp_path, found)
    usable, said = measurements.current(tmp_path, machine())
    assert (usable is None) is bool(why)
    assert why in said


@pytest.mark.parametrize("text", ["", "{}", '{"kernel": 5}', "\0"])
def test_a_damaged_file_is_named_and_replaced(tmp_path: Path, text: str) -> None:
    (tmp_path / measurements.NAME).write_text(text)
    with pytest.raises(ConfigError, match=r"measured\.json is damaged: remove it"):
        measurements.load(tmp_path)
    assert measurements.current(tmp_path, machine())[0] is None
    assert measurements.save(tmp_path, measured(FAST)) == measured(FAST)
    assert (tmp_path / measurements.NAME).stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == [measurements.NAME]
