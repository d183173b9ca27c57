"""A machine in the operator's terms (vagrant/topologies/*.toml), and the QEMU options that make it."""

import difflib
import tomllib
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from llamas_bpf.lab.errors import LabError
from llamas_bpf.lab.places import source_root

_SUFFIXES = {"M": 1, "G": 1024}
_NEAR = 10  # what ACPI calls the distance of a node to itself


def _is_size(text: str) -> str:
    if text[-1:] not in _SUFFIXES or not text[:-1].isdigit() or int(text[:-1]) == 0:
        raise ValueError(f"{text!r} is no size: write it like 768M or 1G")
    return text


class Node(BaseModel):
    """One NUMA node; its latency and bandwidth are what the nearest processors see, told by HMAT."""

    model_config = ConfigDict(extra="forbid", strict=True)

    memory: Annotated[str, AfterValidator(_is_size)]
    cpus: int = Field(ge=0, le=64)
    nearest: int | None = None  # for a node without processors: the node whose processors are nearest
    latency_ns: int | None = Field(default=None, ge=1, le=65534)
    bandwidth_mib_s: int | None = Field(default=None, ge=1)

    @property
    def memory_mib(self) -> int:
        return int(self.memory[:-1]) * _SUFFIXES[self.memory[-1]]


class Topology(BaseModel):
    """A machine: its nodes, and how far they are from each other (10 is local, 20 twice as far)."""

    model_config = ConfigDict(extra="forbid", strict=True)

    description: str
    nodes: list[Node] = Field(min_length=1, max_length=8)
    distances: list[list[Annotated[int, Field(ge=_NEAR, le=254)]]]

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        count = len(self.nodes)
        if len(self.distances) != count or any(len(row) != count for row in self.distances):
            raise ValueError(f"distances must be {count} rows of {count}: one of each for every node")
        if any(row[i] != _NEAR for i, row in enumerate(self.distances)):
            raise ValueError(
                f"the distance of a node to itself is {_NEAR}: set the diagonal of distances to it"
            )
        sizes = {node.cpus for node in self.nodes if node.cpus}
        if not sizes:
            raise ValueError("give at least one node cpus")
        if len(sizes) > 1:
            raise ValueError("give every node that has cpus the same number of them (a node is a socket)")
        for i, node in enumerate(self.nodes):
            self._check_nearest(i, node)
        told = [node.latency_ns is not None and node.bandwidth_mib_s is not None for node in self.nodes]
        if any(told) and not all(told):
            raise ValueError("give latency_ns and bandwidth_mib_s for every node, or for none")
        return self

    def _check_nearest(self, i: int, node: Node) -> None:
        if node.cpus and node.nearest is not None:
            raise ValueError(f"node {i} has cpus, which are its nearest: remove `nearest`")
        with_cpus = [str(n) for n, other in enumerate(self.nodes) if other.cpus]
        if not node.cpus and str(node.nearest) not in with_cpus:
            raise ValueError(
                f"node {i} has no cpus: set `nearest` to a node that has ({', '.join(with_cpus)})"
            )

    def qemu_options(self) -> list[str]:
        """The machine's options: memory, processors, nodes, distances and, where given, HMAT latencies."""
        hmat = self.nodes[0].latency_ns is not None
        with_cpus = [node for node in self.nodes if node.cpus]
        cpus = sum(node.cpus for node in with_cpus)
        options = ["-machine", "q35,hmat=on" if hmat else "q35"]
        options += ["-m", f"{sum(node.memory_mib for node in self.nodes)}M"]
        options += ["-smp", f"{cpus},sockets={len(with_cpus)}"]
        for i, node in enumerate(self.nodes):
            options += ["-object", f"memory-backend-ram,id=memory{i},size={node.memory_mib}M"]
        options += self._node_options(hmat)
        for source, row in enumerate(self.distances):
            for target, distance in enumerate(row):
                options += ["-numa", f"dist,src={source},dst={target},val={distance}"]
        return options + (self._hmat_options() if hmat else [])

    def _node_options(self, hmat: bool) -> list[str]:
        options, next_cpu = [], 0
        for i, node in enumerate(self.nodes):
            words = [f"node,nodeid={i},memdev=memory{i}"]
            if node.cpus:
                words.append(f"cpus={next_cpu}-{next_cpu + node.cpus - 1}")
                next_cpu += node.cpus
            elif hmat:
                words.append(f"initiator={node.nearest}")
            options += ["-numa", ",".join(words)]
        return options

    def _hmat_options(self) -> list[str]:
        """From farther processors a node is slower in the proportion of the distances."""
        options = []
        for source, initiator in enumerate(self.nodes):
            for target, node in enumerate(self.nodes):
                if not initiator.cpus or node.latency_ns is None or node.bandwidth_mib_s is None:
                    continue
                nearest = target if node.nearest is None else node.nearest
                far, near = self.distances[source][target], self.distances[nearest][target]
                ends = f"hmat-lb,initiator={source},target={target},hierarchy=memory"
                latency = f"data-type=access-latency,latency={node.latency_ns * far // near}"
                bandwidth = f"data-type=access-bandwidth,bandwidth={node.bandwidth_mib_s * near // far}M"
                options += ["-numa", f"{ends},{latency}", "-numa", f"{ends},{bandwidth}"]
        return options


def load_topology(name: str) -> Topology:
    """The topology that vagrant/topologies/<name>.toml describes. Raises LabError if it is none, or wrong."""
    folder = source_root() / "vagrant/topologies"
    path = folder / f"{name}.toml"
    known = sorted(file.stem for file in folder.glob("*.toml"))
    if name not in known:
        raise LabError(f"there is no topology {name!r}: choose one of {', '.join(known)}")
    return parse(path.read_text(), path)


def parse(text: str, origin: Path) -> Topology:
    """A topology from TOML. Raises LabError naming `origin` and each mistake."""
    try:
        return Topology.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise LabError(f"{origin} is not TOML: {error}") from error
    except ValidationError as error:
        mistakes = [_mistake(detail) for detail in error.errors(include_url=False)]  # type: ignore[arg-type]
        raise LabError("\n  ".join([f"{origin} is not a topology:", *mistakes])) from error


def _mistake(detail: dict[str, Any]) -> str:
    where = ".".join(str(step) for step in detail["loc"]) or "topology"
    if detail["type"] != "extra_forbidden":
        return f"{where}: {detail['msg'].removeprefix('Value error, ')}"
    model = Node if "nodes" in detail["loc"] else Topology
    nearest = difflib.get_close_matches(str(detail["loc"][-1]), model.model_fields, n=1, cutoff=0.0)
    return f"{where}: unknown key; did you mean {nearest[0]}?"
