"""What a DAMON scheme is to do, in words: ``target_nid=2 ms=100 bytes=67108864 node_mem_free_bp=2000 nid=0``.

Of what migrates, ``looks=8`` or ``idle_s=60`` may follow the node: when it is hot, or cold (``Scheme``).
Always the quota of each second: ``ms`` of a processor's time, and ``bytes`` of memory that is looked at, of
which no more than all is moved. To that a goal may be added, under which the kernel does less when it is
nearly reached (design.rst, "Aim-oriented Feedback-driven Auto-tuning"): ``some_mem_psi_us``, so much time a
second that anybody waits for memory; ``node_mem_used_bp`` or ``node_mem_free_bp``, so many 1/10,000 of the
memory of node ``nid`` in use, or free (kernel commit 0e1c773b501f, 6.16).
"""

import re
from dataclasses import dataclass

from llamas_bpf.act.errors import ActError
from llamas_bpf.contracts.action import COLD_S, HOT_LOOKS, Scheme

#: The scheme is not there, or does not run.
OFF = "off"

_NODE, _COUNT = r"(0|[1-9]\d{0,3})", r"([1-9]\d{0,17})"
_VALUE = re.compile(
    rf"(?:target_nid={_NODE} )?(?:looks=([1-9]|10) |idle_s=([1-9]\d{{0,5}}) )?ms={_COUNT} bytes={_COUNT}"
    rf"(?: (?:(some_mem_psi_us)={_COUNT}|(node_mem_used_bp|node_mem_free_bp)={_COUNT} nid={_NODE}))?"
)


@dataclass(frozen=True)
class Goal:
    """Of which figure the kernel is to reach which value; ``node`` is the one it is of, if of one."""

    metric: str
    value: int
    node: int | None = None


@dataclass(frozen=True)
class Asked:
    """``node`` is where migrating goes to, None for what does not migrate. ``looks``, ``idle_s``: when that
    is hot, and cold."""

    node: int | None
    ms: int
    bytes: int
    goal: Goal | None = None
    looks: int = HOT_LOOKS
    idle_s: int = COLD_S

    def __str__(self) -> str:
        words = [] if self.node is None else [f"target_nid={self.node}"]
        words += [f"looks={self.looks}"] if self.looks != HOT_LOOKS else []
        words += [f"idle_s={self.idle_s}"] if self.idle_s != COLD_S else []
        words += [f"ms={self.ms}", f"bytes={self.bytes}"]
        if self.goal:
            words.append(f"{self.goal.metric}={self.goal.value}")
            words += [] if self.goal.node is None else [f"nid={self.goal.node}"]
        return " ".join(words)


def migrates(target: Scheme) -> bool:
    """Whether it has a node that pages go to."""
    return target.knob in ("migrate_hot", "migrate_cold")


def parse(target: Scheme, value: str) -> Asked:
    """The value as written by ``str``; ActError names what is wrong with any other."""
    found = _VALUE.fullmatch(value)
    if not found:
        raise ActError(f"{target.knob}: not a scheme: write it like 'ms=100 bytes=67108864', in this order")
    node, looks, idle_s, ms, size, psi, psi_value, metric, metric_value, nid = found.groups()
    if (node is not None) != migrates(target):
        needs = "needs" if migrates(target) else "has no"
        raise ActError(f"{target.knob} {needs} target_nid")
    if (looks and target.knob != "migrate_hot") or (idle_s and target.knob != "migrate_cold"):
        raise ActError(f"{target.knob} has no {'looks' if looks else 'idle_s'}")
    goal = None
    if psi or metric:
        goal = Goal(psi or metric, int(psi_value or metric_value), None if nid is None else int(nid))
    asked = Asked(
        None if node is None else int(node),
        int(ms),
        int(size),
        goal,
        looks=int(looks or HOT_LOOKS),
        idle_s=int(idle_s or COLD_S),
    )
    if str(asked) != value:
        raise ActError(f"{target.knob}: {looks or idle_s} is what it is without being said: leave it out")
    return asked
