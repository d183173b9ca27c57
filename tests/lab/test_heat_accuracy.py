"""What is said to be hot, against programs whose hot part is known: within 15 % of its size."""

import os
from collections.abc import Iterator

import pytest
from guest_workloads import MIB
from heat_guest import SHAPES, Watcher, heat_from, near, report, running
from heat_settings import damon_free, mglru_on

from llamas_bpf.heat import Heat, Reader, damon, mglru, numa_hints

KERNEL = os.uname().release


@pytest.fixture(scope="module", autouse=True)
def programs() -> Iterator[None]:
    with running(*SHAPES):
        yield


def settled(heat: Reader) -> dict[str, Heat]:
    """Hot and working set of all; and what else they hold is cold.

    That is at least what they touched once; the interpreter itself holds some that it does not use either.
    """
    watcher = Watcher(heat)
    resident = {shape.name: watcher.resident_bytes(shape.name) / MIB for shape in SHAPES}

    def right(found: dict[str, Heat]) -> bool:
        return all(
            shape.name in found
            and near(found[shape.name].hot_bytes, shape.hot_mib)
            and near(found[shape.name].working_set_bytes, shape.hot_mib)
            and found[shape.name].cold_bytes >= 0.85 * (shape.all_mib - shape.hot_mib) * MIB
            and found[shape.name].cold_bytes <= 1.15 * (resident[shape.name] - shape.hot_mib) * MIB
            for shape in SHAPES
        )

    return watcher.until(right)


@pytest.mark.needs("damon of processes")
def test_damon() -> None:
    with damon_free(), heat_from(damon.KIND) as heat:
        assert (heat.source, heat.degradations) == ("damon", ())
        report(KERNEL, settled(heat), SHAPES)


@pytest.mark.slow
@pytest.mark.needs("mglru")
def test_generations() -> None:
    with mglru_on(), heat_from(mglru.KIND) as heat:
        assert heat.source == "mglru"
        assert "llamas-bpf exec" in heat.degradations[0]
        report(KERNEL, settled(heat), SHAPES)


@pytest.mark.slow
@pytest.mark.needs("numa_balancing", "node2")
def test_hint_faults() -> None:
    """They tell a least working set: of one of these it is nearly all, of none is it more."""
    with heat_from(numa_hints.KIND) as heat:
        assert heat.source == "numa hints"
        assert "least working set" in heat.degradations[0]
        most = {shape.name: 1.15 * shape.hot_mib * MIB for shape in SHAPES}

        def known(found: dict[str, Heat]) -> bool:
            assert all(one.working_set_bytes <= most[name] for name, one in found.items()), found
            return any(
                shape.name in found and near(found[shape.name].working_set_bytes, shape.hot_mib)
                for shape in SHAPES
            )

        found = Watcher(heat).until(known)
        report(KERNEL, found, tuple(shape for shape in SHAPES if shape.name in found))
