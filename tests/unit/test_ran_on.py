"""On which node a workload runs, by its sampled stays on CPUs."""

import numpy as np
from quiet import LAYOUTS

from llamas_bpf.contracts.machine import Cpu
from llamas_bpf.contracts.workload import Workload
from llamas_bpf.digest.ran_on import RanOn

CPUS = [Cpu(id=0, node=0), Cpu(id=1, node=0), Cpu(id=2, node=3), Cpu(id=3, node=3)]
ROWS = {7: 0, 8: 0, 9: 1}


def workloads(*ids: str) -> tuple[Workload, ...]:
    return tuple(Workload(id_, "", None, None, ()) for id_ in ids)


def stays(*told: tuple[int, int, int, int]) -> np.ndarray:
    """Of each: whose, on which CPU, for how many ns, and how many it stands for."""
    found = np.zeros(len(told), LAYOUTS["sched_event"])
    for name, values in zip(("workload", "cpu", "run_ns", "weight"), zip(*told, strict=True), strict=False):
        found[name] = values
    return found


def nodes(found: tuple[Workload, ...]) -> list[int | None]:
    return [each.cpu_node for each in found]


def test_where_it_ran_for_most_of_its_time() -> None:
    """Longest, not most often; a record counts for as many as it stands for, and two keys may be one's."""
    seen = stays((7, 0, 50, 1), (7, 1, 50, 1), (8, 2, 101, 1), (9, 0, 10, 20), (9, 3, 100, 1))
    assert nodes(RanOn(CPUS).told(workloads("w1", "w2", "w3"), seen, ROWS)) == [3, 0, None]


def test_who_gave_no_sample_is_where_it_was() -> None:
    ran_on = RanOn(CPUS)
    ran_on.told(workloads("w1", "w2"), stays((7, 2, 5, 1), (9, 0, 5, 1)), ROWS)
    assert nodes(ran_on.told(workloads("w1", "w2"), stays((9, 3, 5, 1)), ROWS)) == [3, 3]
    ran_on.told(workloads("w2"), stays(), {9: 0})
    assert nodes(ran_on.told(workloads("w1"), stays(), ROWS)) == [None]


def test_what_is_nobodys_or_on_a_new_cpu_does_not_count() -> None:
    seen = stays((99, 0, 50, 1), (7, 64, 50, 1), (7, 2, 0, 1))
    assert nodes(RanOn(CPUS).told(workloads("w1", "w2"), seen, ROWS)) == [None, None]


def test_on_one_node_it_is_not_asked() -> None:
    assert nodes(RanOn(CPUS[:2]).told(workloads("w1"), stays((7, 0, 50, 1)), ROWS)) == [None]
