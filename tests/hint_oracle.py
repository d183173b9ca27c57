"""What may be done, worked out anew from limits.toml and the invented world, without the guard's code."""

import json
import math
import re
from collections.abc import Callable, Mapping, Sequence

from hint_world import World

from llamas_bpf.contracts.action import Action, Refusal, Target
from llamas_bpf.contracts.digest import NODE_BYTES, Digest

LISTS = {"cpuset.cpus", "cpuset.mems", "affinity", "pages.move"}
#: What binds memory to nodes: all of a workload's, whether that takes one action or one for each process.
BINDS = ("cpuset.mems", "pages.move")
#: What each scheme may be told. None goes without a share of a processor, nor without a limit of bytes.
SCHEMES = {
    "migrate_hot": {"target_nid", "ms", "bytes"},
    "migrate_cold": {"target_nid", "ms", "bytes"},
    "pageout": {"ms", "bytes", "some_mem_psi_us"},
    "lru_prio": {"ms", "bytes"},
    "lru_deprio": {"ms", "bytes"},
}
#: limits.toml's own word, where it says nothing.
MIN_TTL_S = 30
MACHINE_WIDE = ("system", "interleave")


def judge(
    world: World,
    digest: Digest,
    accepted: Sequence[Action],
    confidence: Mapping[int, float],
    held: Mapping[tuple[Target, str], int],
    now: Callable[[Target], str],
) -> None:
    """Every action that the guard let through in one window. ``held`` is what was in force before, ``now``
    what a target holds."""
    fresh = [one for one in accepted if (one.target, one.value) not in held]
    for action in accepted:
        limits = world.limits
        assert confidence[action.hint_id] >= limits["min_confidence"], action
        assert limits.get("min_ttl_s", MIN_TTL_S) <= action.ttl_s <= limits["max_ttl_s"], action
        if action.target.kind in MACHINE_WIDE or action.target.model_dump().get("cgroup", "") is None:
            assert action.workload is None and limits["scope"]["machine_wide"], action
        else:
            _about_its_own(world, action)
        assert allows(world, action.target.knob, action.value), action
        _suits(world, action)
    for action in fresh:
        _not_too_far(world, action, now(action.target))
    _one_at_a_time(fresh)
    _fits(world, digest, accepted)
    for workload in {action.workload for action in accepted}:
        _leaves_enough(world, digest, [action for action in accepted if action.workload == workload])


def _suits(world: World, action: Action) -> None:
    """What writes, and what is hot, stays off memory that is bad at it."""
    knob, bad = action.target.knob, [each.node for each in world.machine.features]
    writes = [each.id for each in world.workloads if "writes" in each.does]
    if knob in BINDS and action.workload in writes:
        assert not members(action.value) & set(bad), action
    if knob == "migrate_hot":
        assert not any(f"target_nid={node} " in action.value for node in bad), action


#: What must not be done by halves: CPUs here and memory there, promotion without a limit, half an order.
WHOLES = (
    ("cpuset.cpus", "cpuset.mems"),
    ("affinity", "pages.move"),
    ("kernel.numa_balancing", "kernel.numa_balancing_promote_rate_limit_MBps"),
    ("lru_prio", "lru_deprio"),
)


def whole(accepted: Sequence[Action], refused: Sequence[Refusal]) -> None:
    """No such decision goes without one of its knobs; that one of many processes was refused parts none."""
    kept = {(action.hint_id, action.target.knob) for action in accepted}
    lost = {(one.hint_id, one.action.target.knob) for one in refused if one.action} - kept
    for decision, knob in lost:
        others = {other for wholes in WHOLES if knob in wholes for other in wholes if other != knob}
        assert not {(decision, other) for other in others} & kept, (accepted, refused)


def _one_at_a_time(accepted: Sequence[Action]) -> None:
    """Of one workload one decision: of two at once nobody could tell which it was that helped."""
    begun: dict[str | None, int] = {}
    for action in accepted:
        assert begun.setdefault(action.workload, action.hint_id) == action.hint_id, accepted


def _not_too_far(world: World, action: Action, now: str) -> None:
    """From what is there; ``max`` is all CPUs, or the whole of the clock, where a limit begins from there."""
    knob = action.target.knob
    bounds = world.limits["bounds"].get(knob, {})
    if not now or not bounds.keys() & {"factor", "step"}:
        return  # a scheme that is not there has no figure to begin from
    whole = {"cpu.max": float(len(world.machine.cpus)), "cpu.uclamp.max": 100.0}.get(knob, math.inf)
    was, asked = _amount(knob, now), _amount(knob, action.value)
    assert was is not None and asked is not None, (action, now)
    if asked == math.inf or (was == math.inf and whole == math.inf):
        return  # back to how things were; or from no limit at all, where there is nothing to measure by
    was, asked, least_change = min(was, whole), min(asked, whole), 1e-9
    if was > 0:
        assert asked >= was / bounds.get("factor", math.inf) - least_change, (action, now)
        assert asked <= was * bounds.get("factor", math.inf) + least_change, (action, now)
    assert abs(asked - was) <= bounds.get("step", math.inf) + least_change, (action, now)


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
        assert words.keys() == SCHEMES[knob], value
        assert 1 <= int(words["ms"]) <= 1000, value  # of each second
        return int(words["bytes"])
    if knob == "priority":
        nice, policy = value.split(" ")
        # Below nice 19: 0.3 of everyone's 100, which is 1.5 there (kernel/sched/sched.h, WEIGHT_IDLEPRIO).
        return {"other": int(nice), "batch": int(nice), "idle": 20}.get(policy)
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


def _fits(world: World, digest: Digest, accepted: Sequence[Action]) -> None:
    """What is elsewhere finds room on the nodes it is to go to, with all that goes there too."""
    keep = world.limits["capacity"]["reserve_ratio"]
    nodes = digest.machine["nodes"]
    promised: dict[tuple[int, str], tuple[set[int], float]] = {}
    for action in accepted:
        if action.target.knob not in BINDS:
            continue
        wanted = members(action.value)
        sizes = dict(zip(digest.node_ids, _row(digest, action)[NODE_BYTES], strict=True))
        assert not any(math.isnan(size) for size in sizes.values()), action
        need = sum(size for node, size in sizes.items() if node not in wanted)
        promised[action.hint_id, action.value] = wanted, need
    for wanted, _ in promised.values():
        room = sum(max(nodes[str(n)]["free_bytes"] - nodes[str(n)]["total_bytes"] * keep, 0) for n in wanted)
        need = sum(size for there, size in promised.values() if there <= wanted)
        assert need <= room + len(promised), (accepted, need, room)  # a byte for each one's rounding


def _leaves_enough(world: World, digest: Digest, accepted: Sequence[Action]) -> None:
    """All that one window takes from one workload, together."""
    taken = [int(one.value) for one in accepted if one.target.knob in ("memory.reclaim", "pages.pageout")]
    caps = [int(one.value) for one in accepted if one.target.knob == "memory.high" and one.value != "max"]
    if not taken and not caps:
        return
    row = _row(digest, accepted[0])
    current, least = row["memory.current_bytes"], row["memory.working_set_bytes"]
    if math.isnan(least):
        least = current * world.limits["capacity"]["keep_ratio"]
    left = min([current - sum(taken), *caps])
    assert left >= least - 1, (accepted, left, least)


def _row(digest: Digest, action: Action):  # type: ignore[no-untyped-def]
    return digest.table[[workload.id for workload in digest.workloads].index(str(action.workload))]
