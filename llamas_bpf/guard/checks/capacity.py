"""Does it fit? What the figures do not show is refused: a guess here can end in an out-of-memory kill."""

from collections.abc import Callable

from llamas_bpf.contracts.machine import NumaNode
from llamas_bpf.guard.case import Case, Claim
from llamas_bpf.guard.values import numbers, scheme_words
from llamas_bpf.machine import cpulist
from llamas_bpf.shown import figure

ORDER = 60


def check(case: Case) -> str | None:
    value = case.action.value
    match case.knob:
        case "affinity" | "cpuset.cpus":
            return _cpus(case, value)
        case "cpuset.mems" | "pages.move":
            return _memory_fits(case, numbers(value))
        case "migrate_hot" | "migrate_cold":
            return _has_room(case, (scheme_words(value) or {}).get("target_nid", -1))
        case "weighted_interleave":
            return _has_memory(case, frozenset({getattr(case.target, "node", -1)}))
    return _in_bytes(case, int(value)) if value.isdigit() else None


def _in_bytes(case: Case, asked: int) -> str | None:
    match case.knob:
        case "memory.high":
            return _keeps_enough(case, lambda current: asked)
        case "memory.reclaim" | "pages.pageout":
            # Each of a tree's processes gives a part of the same memory.
            taken = sum(int(one.value) for one in case.taken())
            return _keeps_enough(case, lambda current: current - taken - asked)
        case "memory.low":
            return _is_used(case, asked) or _is_there(case, asked)
        case "memory.zswap.max":
            return _is_there(case, asked)
    return None


def _cpus(case: Case, value: str) -> str | None:
    online = {cpu.id for cpu in case.situation.machine.cpus}
    missing = set(cpulist.parse(value)) - online
    if missing:
        return f"CPU {cpulist.render(missing)} is not online here; online are {cpulist.render(online)}"
    return None


def _memory_fits(case: Case, wanted: frozenset[int]) -> str | None:
    nodes = {node.id: node for node in case.situation.machine.nodes}
    shown = "node" + cpulist.render(wanted)
    if missing := _has_memory(case, wanted):
        return missing
    if case.knob == "pages.move" and any(one.hint_id == case.action.hint_id for one in case.taken()):
        return None  # the workload's memory was counted at its first process
    sizes = case.node_bytes()
    if sizes is None:
        return f"how much memory {case.who} has on each node is not known, so it may not fit on {shown}"
    frees = [_free(case, nodes[node]) for node in wanted]
    known = [free for free in frees if free is not None]
    if len(known) < len(frees):
        return f"how much memory is free on {shown} is not known"
    need = sum(size for node, size in sizes.items() if node not in wanted)
    claimed = sum(claim.amount_bytes for claim in case.claims if claim.nodes & wanted)
    room = max(sum(known) - claimed, 0)
    if need > room:
        promised = f", after {_size(claimed)} promised to others in this window" if claimed else ""
        return (
            f"{case.who} needs {_size(need)} more on {shown}, where {_size(room)} are free"
            f" beyond the reserve of {case.limits.capacity.reserve_ratio:.0%}{promised}"
        )
    case.found.append(Claim(case.action.hint_id, wanted, need))
    return None


def _has_memory(case: Case, wanted: frozenset[int]) -> str | None:
    there = {node.id for node in case.situation.machine.nodes if node.total_bytes > 0}
    missing = wanted - there
    if -1 in missing:
        return f"{case.knob} does not say to which node"
    return f"node{cpulist.render(missing)} has no memory on this machine" if missing else None


def _has_room(case: Case, node: int) -> str | None:
    """A scheme goes on for as long as it is in force: any room at all is enough to begin with."""
    if missing := _has_memory(case, frozenset({node})):
        return missing
    (target,) = (one for one in case.situation.machine.nodes if one.id == node)
    free = _free(case, target)
    if free is None:
        return f"how much memory is free on node{node} is not known"
    if free == 0:
        return f"nothing is free on node{node} beyond the reserve of {case.limits.capacity.reserve_ratio:.0%}"
    return None


def _is_used(case: Case, asked: int) -> str | None:
    """Room to grow is left, but what nobody uses needs no protection, and is missing to others later."""
    current = case.bytes_of("memory.current_bytes")
    if asked == 0:
        return None
    if current is None:
        return f"how much memory {case.who} uses is not known"
    if asked > 2 * current:
        return (
            f"{case.who} uses {_size(current)}, and {_size(asked)} protected is more than twice that:"
            f" at most {_size(2 * current)} may be"
        )
    return None


def _is_there(case: Case, asked: int) -> str | None:
    """Of all memory beyond the reserve, with what others have protected already."""
    ratio = case.limits.capacity.reserve_ratio
    room = int(sum(node.total_bytes for node in case.situation.machine.nodes) * (1 - ratio))
    taken = sum(
        int(one.value)
        for one in case.settings
        if case.knob == one.target.knob == "memory.low" and one.value.isdigit()
    )
    if asked + taken <= room:
        return None
    others = f", of which {_size(taken)} are protected for others" if taken else ""
    return (
        f"{case.knob} of {case.who} would become {_size(asked)}, and this machine has {_size(room)}"
        f" beyond the reserve of {ratio:.0%}{others}"
    )


def _free(case: Case, node: NumaNode) -> int | None:
    """Bytes free on a node beyond the reserve, never negative; None where not known."""
    row = case.situation.digest.machine.get("nodes", {}).get(str(node.id), {})
    free = row.get("free_bytes")
    reserve = int(node.total_bytes * case.limits.capacity.reserve_ratio)
    return None if free is None else max(int(free) - reserve, 0)


def _keeps_enough(case: Case, left_of: Callable[[int], int]) -> str | None:
    """Below its working set a workload only faults its own pages back in."""
    current = case.bytes_of("memory.current_bytes")
    if current is None:
        return f"how much memory {case.who} uses is not known"
    least, why = case.bytes_of("memory.working_set_bytes"), "its working set"
    if least is None:
        share = case.limits.capacity.keep_ratio
        least, why = int(current * share), f"{share:.0%} of what it uses, its working set not being known"
    left = left_of(current)
    if left < least:
        return (
            f"{case.who} uses {_size(current)} and would be left {_size(max(left, 0))},"
            f" less than {_size(least)}: {why}"
        )
    return None


def _size(amount: int) -> str:
    return figure("_bytes", amount)
