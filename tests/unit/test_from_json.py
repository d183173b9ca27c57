"""A digest's JSON reads back as the digest it was, and nothing else reads as one."""

import json
from dataclasses import replace
from typing import Any, get_args

import numpy as np
import pytest
import reports
from hypothesis import given
from hypothesis import strategies as st

from llamas_bpf import from_json
from llamas_bpf.as_json import digest_json
from llamas_bpf.contracts.digest import COLUMNS, NODE_BYTES, Digest
from llamas_bpf.contracts.hint import DEVICE
from llamas_bpf.contracts.profile import Trait
from llamas_bpf.contracts.workload import ProcessId, Workload

figures = st.one_of(
    st.just(float("nan")), st.integers(0, 1 << 53).map(float), st.floats(0, 1e9).map(lambda x: round(x, 6))
)
names = st.text(st.characters(), max_size=20)


@st.composite
def digests(draw: st.DrawFn) -> Digest:
    """Of up to four workloads, with any names, on any nodes."""
    nodes = draw(st.lists(st.integers(0, 1023), unique=True, max_size=4))
    ids = draw(st.lists(st.integers(0, 10**9 - 1), unique=True, max_size=4))
    table = np.full(
        len(ids), np.nan, [*((name, "f8") for name in COLUMNS), (NODE_BYTES, "f8", (len(nodes),))]
    )
    for row in range(len(ids)):
        for name in COLUMNS:
            table[name][row] = draw(figures)
        table[NODE_BYTES][row] = [draw(figures) for _ in nodes]
    start_ns = draw(st.integers(0, 1 << 62))
    return Digest(
        start_ns=start_ns,
        end_ns=start_ns + draw(st.integers(1, 1 << 40)),
        machine={
            "cpus": 2,
            "psi": {"cpu_some_ratio": 0.5, "io_some_ratio": None},
            "nodes": {str(node): {"total_bytes": 4096, "free_bytes": 0} for node in nodes},
            "new": draw(names),
        },
        lost={"faults": draw(st.integers(0, 1 << 62))},
        node_ids=tuple(nodes),
        workloads=tuple(
            Workload(
                id=f"w{number}",
                name=draw(names),
                cgroup=draw(st.none() | names),
                cgroup_id=None,
                processes=tuple(ProcessId(pid, 0) for pid in draw(st.lists(st.integers(0, 1 << 22)))),
                started_by_exec=draw(st.booleans()),
                does=tuple(draw(st.lists(st.sampled_from(get_args(Trait))))),
                near=tuple(draw(st.lists(st.from_regex(DEVICE, fullmatch=True)))),
                cpu_node=draw(st.none() | st.integers(0, 1023)),
            )
            for number in ids
        ),
        table=table,
    )


@given(digests())
def test_there_and_back(digest: Digest) -> None:
    found = from_json.digest(json.loads(json.dumps(digest_json(digest))))
    assert digest_json(found) == digest_json(digest)
    assert found.workloads == digest.workloads
    assert found.node_ids == digest.node_ids
    assert found.table.dtype == digest.table.dtype
    for name in (*COLUMNS, NODE_BYTES):
        assert np.array_equal(found.table[name], digest.table[name], equal_nan=True)
    same = replace(digest, table=found.table)
    assert replace(found, table=found.table).machine == same.machine


def test_names_that_are_no_text() -> None:
    digest = reports.digest({"w1": reports.ROW}, names={"w1": "a\udcff\x1b[31m"})
    assert from_json.digest(digest_json(digest)).workloads[0].name == "a\udcff\x1b[31m"


WHOLE = json.dumps(digest_json(reports.digest({"w1": reports.ROW, "w2": reports.ROW})))


def changed(*path: Any, to: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(WHOLE)
    place: Any = found
    for part in path[:-1]:
        place = place[part]
    place[path[-1]] = to
    return found


@pytest.mark.parametrize(
    ("path", "to", "why"),
    [
        (("window",), None, "window"),
        (("window", "end_ns"), 0, "window.end_ns"),
        (("window", "end_ns"), 5, "it ends before it begins"),
        (("window", "start_ns"), 1 << 70, "window.start_ns"),
        (("workloads",), {}, "workloads"),
        (("workloads", 0), [], "workloads.0"),
        (("workloads", 0, "id"), "w1; rm", "workloads.0.id"),
        (("workloads", 0, "id"), "w1\n", "workloads.0.id"),
        (("workloads", 1, "id"), "w1", "twice"),
        (("workloads", 0, "name"), 7, "name"),
        (("workloads", 0, "pids"), ["1"], "pids.0"),
        (("workloads", 0, "faults"), 3, "faults"),
        (("workloads", 0, "faults", "minor"), "many", "faults.minor"),
        (("workloads", 0, "faults", "minor"), True, "faults.minor"),
        (("workloads", 0, "faults", "minor"), 1e300, "faults.minor"),
        (("workloads", 0, "faults", "minor"), -1, "faults.minor"),
        (("workloads", 0, "faults", "minor"), float("nan"), "faults.minor"),
        (("workloads", 0, "memory", "node_bytes"), None, "node_bytes"),
        (("workloads", 0, "memory", "node_bytes"), {"0": 1}, "not of the same nodes"),
        (("workloads", 0, "memory", "node_bytes"), {"x": 1}, "node_bytes"),
        (("machine",), [], "machine"),
        (("machine", "psi"), {"cpu_some_ratio": "x"}, "machine.psi"),
        (("machine", "nodes"), {"0": {}}, "machine.nodes.0"),
        (("lost",), {"faults": -1}, "lost.faults"),
    ],
)
def test_what_no_controller_wrote(path: tuple[Any, ...], to: Any, why: str) -> None:
    with pytest.raises(ValueError, match=why.replace(".", r"\.")):
        from_json.digest(changed(*path, to=to))


def test_a_line_of_an_older_version() -> None:
    older = json.loads(WHOLE)
    for row in older["workloads"]:
        del row["started_by_exec"], row["does"], row["device"], row["delay"], row["faults"]["write"]
    found = from_json.digest(older)
    assert not found.workloads[0].started_by_exec
    assert np.isnan(found.table["delay.cpu_ns"]).all()
