"""The features of memories, processors and devices: what kernel, texts and measurement tell of them, in one.

Rules and prompts speak of these, never of products: so a new memory needs a text, and no rule of its own.
"""

import math
import re
from collections.abc import Iterable

from llamas_bpf.as_json import Json
from llamas_bpf.contracts.machine import Machine, MemoryTier, NodeFeatures, NumaNode, Told
from llamas_bpf.contracts.profile import FIGURES, CpuClass, DeviceProfile
from llamas_bpf.machine import cpulist
from llamas_bpf.machine.ranks import CLEARLY

#: So much dearer than reads, writes are worth keeping away: a memory is then for what is read.
_WRITES_DEAR = 2.0
#: The share of writes from which a workload writes a lot, where the text sets no other.
_WRITES_A_LOT = 0.5
#: A distance that is not told: the farthest there is (ACPI, SLIT).
_UNKNOWN = 255
_COLD = {("page_accesses_per_s", "below"), ("page_idle_s", "above")}
#: What processors of a class are made for, by the kernel's name of it; and the words of texts for it.
_MADE_FOR = {"performance": ("serial_compute", "latency"), "efficiency": ("background_work",)}
_CALLED = {
    "performance": re.compile(r"\b(perf\w*|p|big|fast|prime|gold)\b", re.IGNORECASE),
    "efficiency": re.compile(r"\b(effic\w*|e|little|slow|small|low[- ]power|eco|silver)\b", re.IGNORECASE),
}
_LIST = re.compile(r"[0-9]{1,4}(-[0-9]{1,4})?(,[0-9]{1,4}(-[0-9]{1,4})?)*", re.ASCII)
_COMPUTES = ("gpu", "accel")


def nodes(machine: Machine) -> list[Json]:
    """Of each: the kernel's facts, with the figures that count (None where nobody tells them), ``good_at``,
    ``bad_at`` and ``persistent``.

    ``suits_hot``, ``suits_cold``: its text wants what is used often, or hardly; and it was not measured, or
    told by the firmware, to be slower than others. ``suits_reads``: it reads as fast as any, and writes are
    dear. ``most_write_ratio``: who writes more than this share does not belong there; None: anybody may.
    ``key`` is the node's name in ``memory.node_bytes``.
    """
    told = {each.node: each for each in machine.features}
    texts = {each.name: each for each in machine.profiles}
    found = [_node(node, told.get(node.id, NodeFeatures(node=node.id)), texts) for node in machine.nodes]
    fastest = _best("read_latency_ns", [node["read_latency_ns"] for node in found])
    for node in found:
        reads = node["read_latency_ns"]
        quick = "reads" in node["good_at"] if reads is None or fastest is None else reads < CLEARLY * fastest
        node["suits_reads"] = quick and _writes_are_dear(node)
    for number, node in zip((each.id for each in machine.nodes), found, strict=True):
        # What a text praises is not believed against a measurement, or the firmware.
        node["suits_hot"] &= not (number in told and _is_known_slow(told[number], fastest))
    return found


def nearest(machine: Machine, cpu_node: int | None) -> list[str]:
    """The keys of the nodes with memory, the nearest to that node's CPUs first (None: to any CPU): by the
    firmware's distance, and where that is the same, by read latency."""
    told = {each.node: each.figures.get("read_latency_ns", Told()).value for each in machine.features}
    near = [node for node in machine.nodes if node.id == cpu_node] or [n for n in machine.nodes if n.cpus]

    def far(node: NumaNode) -> tuple[float, float, int]:
        distances = (each.distances.get(node.id, _UNKNOWN) for each in near)
        return min(distances, default=_UNKNOWN), told.get(node.id) or math.inf, node.id

    return [str(node.id) for node in sorted(machine.nodes, key=far) if node.total_bytes]


def tiers(found: Iterable[MemoryTier], of: Iterable[Json]) -> list[Json]:
    """The fastest first, each with its best node's figures; ``of`` are the nodes' features."""
    by_id = {node["id"]: node for node in of}
    shown = []
    for tier in found:
        ids = [f"node{node}" for node in tier.nodes]
        figures = {name: _best(name, [by_id[id_][name] for id_ in ids if id_ in by_id]) for name in FIGURES}
        shown.append({"rank": tier.rank, "kernel_name": tier.kernel_name, "nodes": ids} | figures)
    return shown


def cpus(machine: Machine) -> list[Json]:
    """Kinds of processors, as the kernel or a text tells them apart: ``{"class", "cpus", "good_at", "bad_at",
    "part"}``; ``part``: there are others too. None where nobody says anything of them."""
    online = {cpu.id for cpu in machine.cpus}
    of_kernel: dict[str, list[int]] = {}
    for cpu in machine.cpus:
        if cpu.cpu_class:
            of_kernel.setdefault(cpu.cpu_class, []).append(cpu.id)
    found = [_class(name, ids, _made_for(name), ()) for name, ids in of_kernel.items()]
    for text in machine.profiles:
        if text.binding.cpus is not None:
            found += _of_text(text, text.binding.cpus, of_kernel)
    for each in found:
        each["cpus"] = [cpu for cpu in each["cpus"] if cpu in online]
        each["part"] = len(each["cpus"]) < len(online)
    # What a text says of a class goes before what its name alone tells.
    kinds = {(each["class"], *each["cpus"]): each for each in found if each["cpus"]}
    return list(kinds.values())


def devices(machine: Machine) -> list[Json]:
    """Each with its node, and what its text says; ``computes``: programs can run on it."""
    of_texts = {text.binding.pci: text for text in machine.profiles if text.binding.pci}
    return [
        {
            "id": device.id,
            "kind": text.kind if (text := of_texts.get(device.pci)) else device.kind,
            "node": None if device.node is None else f"node{device.node}",
            "computes": device.id.rstrip("0123456789") in _COMPUTES,
            "good_at": list(text.good_at) if text else [],
            "bad_at": list(text.bad_at) if text else [],
        }
        for device in machine.devices
    ]


def _node(node: NumaNode, told: NodeFeatures, texts: dict[str, DeviceProfile]) -> Json:
    shown: Json = node.model_dump(mode="json", exclude={"id"}) | {"id": f"node{node.id}", "key": str(node.id)}
    for name in FIGURES:
        shown[name] = told.figures[name].value if name in told.figures else shown.get(name)
    shown |= {"good_at": list(told.good_at), "bad_at": list(told.bad_at), "persistent": told.persistent}
    thresholds = texts[told.profile].thresholds if told.profile in texts else ()
    wanted = {(each.figure, each.side) for each in thresholds if each.action == "migrate_here"}
    shown["suits_hot"] = "frequent_access" in told.good_at or ("page_accesses_per_s", "above") in wanted
    shown["suits_cold"] = "rare_access" in told.good_at or not wanted.isdisjoint(_COLD)
    limits = [
        each.value
        for each in thresholds
        if (each.figure, each.side) == ("write_ratio", "above") and each.action != "migrate_here"
    ]
    shown["most_write_ratio"] = min(limits, default=_WRITES_A_LOT if _writes_are_dear(shown) else None)
    return shown


def _writes_are_dear(node: Json) -> bool:
    read_ns, write_ns = node["read_latency_ns"], node["write_latency_ns"]
    read, write = node["read_bandwidth_bytes_per_s"], node["write_bandwidth_bytes_per_s"]
    return (
        "writes" in node["bad_at"]
        or (None not in (read_ns, write_ns) and write_ns >= _WRITES_DEAR * read_ns)
        or (None not in (read, write) and read >= _WRITES_DEAR * write)
    )


def _is_known_slow(told: NodeFeatures, fastest: float | None) -> bool:
    latency = told.figures.get("read_latency_ns")
    if latency is None or fastest is None or (latency.measured, latency.hmat) == (None, None):
        return False
    return latency.value is not None and latency.value >= CLEARLY * fastest


def _best(name: str, told: list[float | None]) -> float | None:
    known = [figure for figure in told if figure is not None]
    return (min if name.endswith("_ns") else max)(known) if known else None


def _of_text(text: DeviceProfile, where: str, of_kernel: dict[str, list[int]]) -> list[Json]:
    """Its classes, where it tells which CPUs they are, or the kernel does; else all that it is bound to."""
    bound = _ids(where)
    found = []
    for each in text.cpu_classes:
        ids = _ids(each.cpus) if each.cpus else of_kernel.get(_kind_of(each), ())
        if ids := [cpu for cpu in ids if cpu in bound]:
            kind = _kind_of(each)
            others = {trait for name in _MADE_FOR if name != kind for trait in _made_for(name)}
            theirs = (trait for trait in text.good_at if trait not in others)
            found.append(_class(kind, ids, (*_made_for(kind), *theirs), text.bad_at))
    return found or [_class("cpu", bound, text.good_at, text.bad_at)]


def _kind_of(each: CpuClass) -> str:
    """``performance`` or ``efficiency`` where its name says so, else its name."""
    found = (kind for kind, words in _CALLED.items() if words.search(each.name))
    return next(found, each.name.lower())


def _ids(words: str) -> tuple[int, ...]:
    """The CPUs of a list as a text may write it; none where it is no list."""
    written = words.replace("–", "-").replace(" ", "")
    return cpulist.parse(written) if _LIST.fullmatch(written) else ()


def _made_for(name: str) -> tuple[str, ...]:
    return _MADE_FOR.get(name, ())


def _class(name: str, ids: Iterable[int], good_at: Iterable[str], bad_at: Iterable[str]) -> Json:
    return {"class": name, "cpus": list(ids), "good_at": list(dict.fromkeys(good_at)), "bad_at": list(bad_at)}
