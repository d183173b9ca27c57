"""A window as the model's process is told of it."""

import time

from llamas_bpf.advise import busiest
from llamas_bpf.advise.confined.messages import Observation, Question
from llamas_bpf.advise.model.events import events
from llamas_bpf.advise.model.prompt import variables
from llamas_bpf.advise.model.quoting import quoted
from llamas_bpf.as_json import Json, number
from llamas_bpf.contracts.digest import NODE_BYTES, Digest
from llamas_bpf.contracts.machine import Machine
from llamas_bpf.contracts.situation import Situation
from llamas_bpf.features import figures

_WORKLOADS = 32


def observation(situation: Situation, question: Question | None, windows: int) -> Observation:
    """With a question, also what its prompt shows of the last ``windows``."""
    digest = situation.digest
    shown, known = variables(situation, windows) if question else (None, frozenset())
    # Not checked here, but where it is read: it is all our own.
    return Observation.model_construct(
        number=situation.number,
        end_ns=digest.end_ns,
        at_s=time.time(),
        machine=digest.machine,
        records=records(digest, situation.machine),
        events=events(situation.last, situation.recent[: -windows - 1 : -1]),
        shown=shown,
        known_ids=sorted(known),
        question=question,
    )


def records(digest: Digest, machine: Machine) -> list[Json]:
    """The busiest workloads' figures, as ``features.workload_features`` gives them, but with the number of
    its processes in place of their ids. Names are quoted."""
    rows = busiest.rows(digest, _WORKLOADS)[:_WORKLOADS]
    found = figures(digest, machine, rows)
    sizes = digest.table[NODE_BYTES][rows].tolist()
    for row, record, node_bytes in zip(rows, found, sizes, strict=True):
        workload = digest.workloads[row]
        record["id"] = workload.id
        record["name"] = quoted(workload.name)
        record["cgroup"] = workload.cgroup and quoted(workload.cgroup, 100)
        record["processes"] = len(workload.processes)
        record["started_by_exec"] = workload.started_by_exec
        record["memory"]["node_bytes"] = {
            str(node): number(size) for node, size in zip(digest.node_ids, node_bytes, strict=True)
        }
    return found
