"""What may be done, worked out anew from limits.toml and the invented world, without the guard's code."""

import json
import math
import re
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet

from hint_world import World

from llamas_bpf.contracts.action import Action, Target
from llamas_bpf.contracts.digest import NODE_BYTES, Digest

Held = AbstractSet[tuple[Target, str]]
LISTS = {"cpuset.cpus", "cpuset.mems", "affinity", "pages.move"}
SCHEMES = {"migrate_hot", "migrate_cold", "pageout", "lru_prio", "lru_deprio"}
MACHINE_WIDE = ("system", "interleave")


def judge(
    world: World, digest: Digest, accepted: Sequence[Action], confidence: Mapping[int, float], held: Held
) -> None:
    """Every action that the guard let through in one window; ``held`` is what was in force before."""
    promised: list[tuple[set[int], float]] = []
    for action in accepted:
        limits = world.limits
        assert confidence[action.hint_id] >= limits["min_confidence"], action
        assert 1 <= action.ttl_s <= limits["max_ttl_s"], action
        if action.target.kind in MACHINE_WIDE or action.target.model_dump().get("cgroup", "") is None:
            assert action.workload is None and limits["scope"]["machine_wide"], action
        else:
            _about_its_own(world, action)
        assert allows(world, action.target.knob, action.value), action
        if action.target.knob == "cpuset.mems":
            _fits(world, digest, action, promised)
        elif action.target.knob in ("memory.high", "memory.reclaim", "pages.pageout"):
            _leaves_enough(world, digest, action)
    _not_too_many(world, [one for one in accepted if (one.target, one.value) not in held])


def _not_too_many(world: World, accepted: Sequence[Action]) -> None:
    """Of one workload one decision at a time; of all, no decision is begun when there were enough."""
    most = world.limits["rates"]["actions_per_minute"]
    begun: dict[str | None, int] = {}
    for number, action in enumerate(accepted):
        if begun.get(action.workload) != action.hint_id:
            assert action.workload not in begun, action
            assert number < most, accepted
        begun[action.workload] = action.hint_id


def allows(world: World, knob: str, value: str) -> bool:
    """Whether this value may ever stand in a knob of that name."""
    if knob in world.limits["switches"]:
        return value in world.limits["switches"][knob]
    if knob not in world.limits["bounds"]:
        return False
    bounds = world.limits["bounds"][knob]
    if knob in LISTS:
        there = {node.id for node in world.machine.nodes} if knob in ("cpuset.mems", "pages.move") else set()
        there = there or {cpu.id for cpu in world.machine.cpus}
        return members(value) <= there and max(1, bounds["min"]) <= len(members(value)) <= bounds["max"]
    amount = _amount(knob, value)
    return amount is not None and bounds["min"] <= amount <= bounds["max"]


def _amount(knob: str, value: str) -> float | None:
    """What limits.toml counts in a value; None for what is none."""
    if value == "max":
        return math.inf if knob.startswith(("memory.", "cpu.uclamp")) else None
    if knob == "cpu.max":
        quota, period = value.split(" ")
        assert 1000 <= int(period) <= 1_000_000, value
        return math.inf if quota == "max" else int(quota) / int(period)
    if knob in SCHEMES:
        words = dict(word.split("=") for word in value.split(" "))
        assert words.keys() <= {"target_nid", "ms", "bytes"}, value
        return int(words["bytes"])
    if knob == "priority":
        nice, policy = value.split(" ")
        return int(nice) if policy in ("other", "batch", "idle") else None
    form = r"[0-9]+(\.[0-9]+)?" if knob.startswith("cpu.uclamp") else "[0-9]+"
    return float(value) if re.fullmatch(form, value) else None


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
    own = {f"cgroup{w.cgroup}" for w in world.workloads if w.cgroup and w.id in world.allowed - {"w13"}}
    for name in before.keys() | now.keys():
        if before.get(name) == now.get(name):
            continue
        place, _, knob = name.rpartition("/")
        value = now[name].decode()
        if place in own:
            assert name in before, f"{name} was made"
            assert allows(world, knob, value), (name, value)
        elif place.startswith("others/"):  # its target was judged before it was written
            assert allows(world, json.loads(knob.replace("!", "/"))["knob"], value), (name, value)
        else:
            assert world.limits["scope"]["machine_wide"], name
            assert name.startswith(("sys/", "proc/sys/")), name
            assert name in before, f"{name} was made"


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
    if action.value == "max":
        return
    row = _row(digest, action)
    current, least = row["memory.current_bytes"], row["memory.working_set_bytes"]
    if math.isnan(least):
        least = current * world.limits["capacity"]["keep_ratio"]
    left = int(action.value) if action.target.knob == "memory.high" else current - int(action.value)
    assert left >= least - 1, (action, left, least)


def _row(digest: Digest, action: Action):  # type: ignore[no-untyped-def]
    return digest.table[[workload.id for workload in digest.workloads].index(str(action.workload))]
