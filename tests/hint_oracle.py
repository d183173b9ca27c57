"""What may be done, worked out anew from limits.toml and the invented world, without the guard's code."""

import math
import re
from collections.abc import Iterable, Mapping

from hint_world import World

from llamas_bpf.contracts.action import Action
from llamas_bpf.contracts.digest import NODE_BYTES, Digest

#: By knob: where limits.toml bounds it.
BOUNDS = {
    "cpu.weight": "cpu_weight",
    "cpuset.cpus": "cpus",
    "affinity": "cpus",
    "memory.high": "memory_high_bytes",
    "memory.reclaim": "reclaim_bytes",
}
WORDS = {"numa.demotion_enabled": {"true", "false"}, "kernel.numa_balancing": {"0", "1", "2", "3"}}
LISTS = {"cpuset.cpus", "cpuset.mems", "affinity"}


def judge(world: World, digest: Digest, accepted: Iterable[Action], confidence: Mapping[int, float]) -> None:
    """Every action that the guard let through in one window."""
    promised: list[tuple[set[int], float]] = []
    for action in accepted:
        limits = world.limits
        assert confidence[action.hint_id] >= limits["min_confidence"], action
        assert 1 <= action.ttl_s <= limits["max_ttl_s"], action
        if action.target.kind in ("system", "interleave"):
            assert action.workload is None and limits["scope"]["machine_wide"], action
        else:
            _about_its_own(world, action)
        assert allows(world, action.target.knob, action.value), action
        if action.target.knob == "cpuset.mems":
            _fits(world, digest, action, promised)
        elif action.target.knob in ("memory.high", "memory.reclaim"):
            _leaves_enough(world, digest, action)


def allows(world: World, knob: str, value: str) -> bool:
    """Whether this value may ever stand in a file of that name."""
    if knob in WORDS:
        return value in WORDS[knob]
    if knob == "cpuset.mems":
        return bool(members(value)) and members(value) <= {node.id for node in world.machine.nodes}
    bounds = world.limits["bounds"][BOUNDS[knob]]
    if knob in LISTS:
        online = {cpu.id for cpu in world.machine.cpus}
        return members(value) <= online and max(1, bounds["min"]) <= len(members(value)) <= bounds["max"]
    return bool(re.fullmatch("[0-9]+", value)) and bounds["min"] <= int(value) <= bounds["max"]


def members(text: str) -> set[int]:
    """``0-2,8``; nothing else is one."""
    found: set[int] = set()
    for part in text.split(","):
        ends = re.fullmatch(r"([0-9]{1,4})(?:-([0-9]{1,4}))?", part)
        assert ends, text
        found |= set(range(int(ends[1]), int(ends[2] or ends[1]) + 1))
    return found


def changes(world: World, before: Mapping[str, bytes], now: Mapping[str, bytes]) -> None:
    """Only settings of those that may be acted on, and only what may stand there."""
    own = {f"cgroup{w.cgroup}": w.id for w in world.workloads if w.cgroup and w.id in world.allowed - {"w13"}}
    for name in before.keys() | now.keys():
        if before.get(name) == now.get(name):
            continue
        place, _, knob = name.rpartition("/")
        assert name in before, f"{name} was made"
        if place in own:
            assert allows(world, knob, now[name].decode()), (name, now[name])
        else:
            assert world.limits["scope"]["machine_wide"], name
            assert name in {"sys/kernel/mm/numa/demotion_enabled", "proc/sys/kernel/numa_balancing"}, name


def _about_its_own(world: World, action: Action) -> None:
    assert action.workload in world.allowed, action
    (workload,) = (one for one in world.workloads if one.id == action.workload)
    target = action.target.model_dump()
    if "pid" in target:
        assert (target["pid"], target["start_ticks"]) in {(p.pid, p.start_ticks) for p in workload.processes}
    else:
        assert (target["cgroup"], target["cgroup_id"]) == (workload.cgroup, workload.cgroup_id), action


def _fits(world: World, digest: Digest, action: Action, promised: list[tuple[set[int], float]]) -> None:
    """What is elsewhere finds room on the nodes it is to go to, with all that goes there too."""
    wanted = members(action.value)
    sizes = dict(zip(digest.node_ids, _row(digest, action)[NODE_BYTES], strict=True))
    assert not any(math.isnan(size) for size in sizes.values()), action
    need = sum(size for node, size in sizes.items() if node not in wanted)
    keep = world.limits["capacity"]["reserve_ratio"]
    nodes = digest.machine["nodes"]
    room = sum(max(nodes[str(n)]["free_bytes"] - nodes[str(n)]["total_bytes"] * keep, 0) for n in wanted)
    room -= sum(size for there, size in promised if there & wanted)
    assert need <= room + 1, (action, need, room)  # a byte for rounding
    promised.append((wanted, need))


def _leaves_enough(world: World, digest: Digest, action: Action) -> None:
    row = _row(digest, action)
    current, least = row["memory.current_bytes"], row["memory.working_set_bytes"]
    if math.isnan(least):
        least = current * world.limits["capacity"]["keep_ratio"]
    left = int(action.value) if action.target.knob == "memory.high" else current - int(action.value)
    assert left >= least - 1, (action, left, least)


def _row(digest: Digest, action: Action):  # type: ignore[no-untyped-def]
    return digest.table[[workload.id for workload in digest.workloads].index(str(action.workload))]
