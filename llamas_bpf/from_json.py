"""The inverse of ``as_json``: a digest out of a line that ``record`` or ``export`` wrote.

What the line does not tell is left open: a process's start, a cgroup's number, degradations.
"""

from typing import Annotated, Any

import numpy as np
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from llamas_bpf.as_json import Json
from llamas_bpf.contracts.digest import COLUMNS, NODE_BYTES, Digest
from llamas_bpf.contracts.hint import DEVICE
from llamas_bpf.contracts.profile import Trait
from llamas_bpf.contracts.workload import ProcessId, Workload

_MOST = 1 << 63

#: What the kernel counts, or measures, fits 64 bits; larger figures would become infinite on the way.
_Figure = Annotated[float, Field(ge=0, le=_MOST, allow_inf_nan=False)]


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("it should be a text")  # noqa: TRY004 - as pydantic wants it
    return value


#: Names from the system may hold bytes that are not UTF-8, as lone surrogates: to pydantic they are no text.
Text = Annotated[Any, AfterValidator(_text)]
_NodeKey = Annotated[str, Field(pattern=r"^[0-9]{1,4}$")]
_PLACES = [(column, *column.split(".")) for column in COLUMNS]


class _Part(BaseModel):
    """Strict, but other versions may know more."""

    model_config = ConfigDict(strict=True, extra="ignore")


class _Window(_Part):
    start_ns: int = Field(ge=0, lt=_MOST)
    end_ns: int = Field(gt=0, lt=_MOST)


class _Node(_Part):
    total_bytes: _Figure
    free_bytes: _Figure


class _Machine(_Part):
    """What somebody looks at; the rest is kept as it is."""

    cpus: int | None = None
    cpu_busy_ratio: _Figure | None = None
    psi: dict[str, _Figure | None] = {}
    nodes: dict[_NodeKey, _Node] = {}
    tiering: dict[str, bool | _Figure | None] = {}
    oom_kills: _Figure | None = None
    sampling: dict[str, _Figure] = {}


class _Devices(_Part):
    near: list[Annotated[str, Field(pattern=DEVICE)]] = []


class _Workload(_Part):
    id: str = Field(pattern=r"^w[0-9]{1,9}$")
    name: Text
    cgroup: Text | None
    pids: list[Annotated[int, Field(ge=0, lt=1 << 31)]]
    started_by_exec: bool = False
    does: list[Trait] = []
    cpu_node: Annotated[int, Field(ge=0, lt=1024)] | None = None
    device: _Devices = _Devices()


class _Line(_Part):
    window: _Window
    machine: _Machine
    lost: dict[str, Annotated[int, Field(ge=0, lt=_MOST)]] = {}
    workloads: list[_Workload]


_FIGURES = dict[str, _Figure | None]


class _Figures(BaseModel):
    """The groups of a workload's columns: those of a version that knew fewer are missing."""

    model_config = ConfigDict(strict=True, extra="ignore")

    faults: _FIGURES = {}
    sched: _FIGURES = {}
    reclaim: _FIGURES = {}
    memory: dict[str, _Figure | dict[_NodeKey, _Figure | None] | None] = {}
    delay: _FIGURES = {}
    device: dict[str, _Figure | list[str] | None] = {}
    psi: _FIGURES = {}


def digest(found: Json) -> Digest:
    """Raises ValueError, with where and why, for what no controller has written."""
    try:
        line = _Line.model_validate(found)
        rows = [_Figures.model_validate(row) for row in found["workloads"]]
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ValueError(f"{where[:100]}: {first['msg'][:200]}") from None
    if line.window.end_ns <= line.window.start_ns:
        raise ValueError("window: it ends before it begins")
    if len({workload.id for workload in line.workloads}) < len(line.workloads):
        raise ValueError("workloads: an id is there twice")
    nodes = _nodes(rows, line)
    return Digest(
        start_ns=line.window.start_ns,
        end_ns=line.window.end_ns,
        machine=found["machine"],
        lost=line.lost,
        node_ids=tuple(int(node) for node in nodes),
        workloads=tuple(
            Workload(
                id=each.id,
                name=each.name,
                cgroup=each.cgroup,
                cgroup_id=None,
                processes=tuple(ProcessId(pid, 0) for pid in each.pids),
                started_by_exec=each.started_by_exec,
                does=tuple(each.does),
                near=tuple(each.device.near),
                cpu_node=each.cpu_node,
            )
            for each in line.workloads
        ),
        table=_table(rows, nodes),
    )


def _nodes(rows: list[_Figures], line: _Line) -> list[str]:
    """The same for all workloads; the machine's where there is none."""
    told = [list(sizes) for row in rows if isinstance(sizes := row.memory.get("node_bytes"), dict)]
    if len(told) < len(rows) or any(nodes != told[0] for nodes in told):
        raise ValueError("workloads: memory.node_bytes is not of the same nodes for all")
    return told[0] if told else list(line.machine.nodes)


def _table(rows: list[_Figures], nodes: list[str]) -> np.ndarray[Any, np.dtype[np.void]]:
    fields: list[Any] = [(column, "f8") for column in COLUMNS] + [(NODE_BYTES, "f8", (len(nodes),))]
    table = np.full(len(rows), np.nan, dtype=np.dtype(fields))
    for place, row in enumerate(rows):
        groups: dict[str, Any] = dict(row)
        for column, group, name in _PLACES:
            table[column][place] = _number(groups[group].get(name))
        table[NODE_BYTES][place] = [_number(groups["memory"]["node_bytes"][node]) for node in nodes]
    return table


def _number(value: float | None) -> float:
    return np.nan if value is None else value
