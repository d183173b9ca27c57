"""Hints, answers and machines as nobody would write them, from one source of chance.

``random.Random`` for the million (``make test-fuzz``); hypothesis's own, which it can shrink, for every day.
"""

import json
from collections.abc import Callable
from random import Random
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from llamas_bpf.contracts.hint import HINT, Hint

KINDS: dict[str, type[BaseModel]] = {
    get_args(kind.model_fields["kind"].annotation)[0]: kind for kind in get_args(get_args(Hint)[0])
}
HUGE = 10**30
#: Sizes and counts at the edges of what is allowed, and of what fits into the kernel's types.
NUMBERS = (
    *(0, 1, 2, 9, 10, 99, 100, 1000, 1001, 4095, 4096, 4097, 10_000, 10_001, 65_535),
    *(1 << 20, 16 << 20, 100 << 20, 1 << 30, (1 << 30) + 1, 1 << 31, 1 << 46, (1 << 46) + 1),
    *(1 << 63, (1 << 64) + 1, HUGE, -1, -4096, -(1 << 63)),
)
REALS = (
    0.0,
    0.001,
    0.5,
    0.9999,
    1.0,
    1.5,
    50.0,
    99.99,
    1e308,
    -0.0,
    -1.0,
    float("nan"),
    float("inf"),
    5e-324,
)
STRINGS = (
    *("", "w1", "node0", "max", "0-3", "../../etc", "\x1b[2J", "\u202e", "[red]x[/]", "a\nb", "\x00"),
    *("'\";--", "{{7*7}}", "é" * 200, "on", "true", "NaN", "0" * 5000),
)


def junk(random: Random, depth: int = 0) -> Any:
    """Any JSON value, however wrong."""
    match random.randrange(9 if depth < 3 else 5):
        case 0:
            return random.choice(NUMBERS)
        case 1:
            return random.choice(REALS)
        case 2:
            return random.choice(STRINGS)
        case 3:
            return random.choice((None, True, False))
        case 4:
            return random.choice(([], {}, [[]], {"": {}}))
        case 5 | 6:
            return [junk(random, depth + 1) for _ in range(random.randrange(4))]
        case _:
            return {random.choice(STRINGS): junk(random, depth + 1) for _ in range(random.randrange(3))}


def workload(random: Random) -> str:
    """Mostly one that may be there, and often one that may be acted on in many worlds."""
    if random.random() < 0.6:
        return random.choice(("w1", "w3", "w9"))
    return f"w{random.randrange(14)}" if random.random() < 0.9 else random.choice(("w999999999", "w-1", "W1"))


def node(random: Random) -> str:
    return (
        f"node{random.randrange(4)}" if random.random() < 0.97 else random.choice(("node9999", "node", "0"))
    )


def cpus(random: Random) -> list[int]:
    """None, a few, or thousands."""
    if random.random() < 0.03:
        return random.choice(([], list(range(8192)), [8191, 0, 0], [-1], [HUGE]))
    return [random.randrange(6) for _ in range(random.randrange(1, 4))]


def size(random: Random) -> int:
    """Bytes: at an edge, or near what an invented workload has."""
    return random.choice(NUMBERS) if random.random() < 0.3 else random.randrange(1 << random.randrange(1, 34))


def weight(random: Random) -> dict[str, Any]:
    """Of a node: often one that is no big step."""
    return {"node": node(random), "weight": random.choice((2, 4, 8, random.randrange(300)))}


#: How a field is filled, by its name; all others by ``of_any``.
FIELDS: dict[str, Callable[[Random], Any]] = {
    "workload": workload,
    "node": node,
    "nodes": lambda random: [node(random) for _ in range(random.randrange(1, 4))],
    "cpus": cpus,
    "device": lambda random: random.choice(("gpu0", "nvme0", "eth0", "eth9999", "node0", "x")),
    "most_cpus": lambda random: random.choice((0.5, 1.0, 2, *REALS)),
    "promotion_bytes_per_s": lambda random: random.choice((64 << 20, 1 << 30, *NUMBERS)),
    "weight": lambda random: random.choice((20, 50, 80, 90, 150, random.randrange(10_002))),
    "amount_bytes": size,
    "limit_bytes": size,
    "swap_bytes": size,
    "zswap_bytes": size,
    "reason": lambda random: random.choice(("because", *STRINGS)),
    "confidence": lambda random: random.choice((0.2, 0.6, 0.9, 1.0, *REALS)),
    "ttl_s": lambda random: random.choice((1, 60, 300, 3600, 86_400, *NUMBERS)),
    "expect": lambda random: random.choice((None, {"metric": "sched.run_ns", "direction": "up"})),
    "interleave_weights": lambda random: [weight(random) for _ in range(random.randrange(1, 3))],
}
#: So often is what every hint has as it should be: else few would be about anything.
TAME: dict[str, Any] = {"reason": "because", "confidence": 1.0, "ttl_s": 60}


def raw(random: Random) -> dict[str, Any]:
    """A hint as an advisor might send it: mostly of the right form, at the edges of what it may say."""
    kind = random.choice(tuple(KINDS))
    hint: dict[str, Any] = {"kind": kind}
    left_out = random.choice((0.4, 0.85))  # of what need not be said: one refused setting is a refused hint
    for name, field in KINDS[kind].model_fields.items():
        rare = 0.2 if name == "expect" else left_out
        if name == "kind" or (not field.is_required() and random.random() < rare):
            continue
        tame = name in TAME and random.random() < 0.9
        hint[name] = TAME[name] if tame else _of(random, name, field)
    if random.random() < 0.1:
        _spoil(random, hint)
    return hint


def text(random: Random, value: Any) -> str:
    """As JSON, and sometimes not quite; NaN and Infinity are written as Python does."""
    written = json.dumps(value, ensure_ascii=random.random() < 0.5)
    if random.random() < 0.95:
        return written
    place = random.randrange(len(written) + 1)
    odd = random.choice(
        ("1e400", "-", ",", "}", "{", '"', "\\ud800", "NaN", "[" * 2000, "\x00", "9" * 5000, '"a":1,')
    )
    return written[:place] + odd + written[place + random.randrange(3) :]


def hint(random: Random) -> Hint | None:
    """Through the door by which all hints come, which is JSON; None for one that does not get in."""
    try:
        return HINT.validate_json(text(random, raw(random)).encode("utf-8", "surrogatepass"))
    except ValidationError:
        return None


def answer(random: Random) -> str:
    """A whole answer of a model: amid prose, in fences, twice, cut off, nested too deep, or nonsense."""
    body = text(random, {"hints": [raw(random) for _ in range(random.randrange(4))]})
    return random.choice(
        (
            lambda: body,
            lambda: f"Here you are:\n```json\n{body}\n```\nAnything else?",
            lambda: f'<think>{{"hints": []}} {random.choice(STRINGS)}</think>{body}{body}',
            lambda: body[: random.randrange(len(body) + 1)],
            lambda: text(random, {"hints": junk(random)}),
            lambda: text(random, junk(random)),
            lambda: '{"hints":' * random.randrange(1, 3000),
            lambda: '{"hints": [], ' + body[1:],
            lambda: "".join(chr(random.randrange(0x11000)) for _ in range(random.randrange(60))),
        )
    )()


def _of(random: Random, name: str, field: FieldInfo) -> Any:
    if name in FIELDS:
        return FIELDS[name](random)
    types = (field.annotation, *get_args(field.annotation))
    words = [word for part in types for word in get_args(part) if isinstance(word, str)]
    if words:
        return random.choice(words)
    if bool in types:
        return random.random() < 0.5
    if random.random() < 0.1:
        return random.choice(REALS if float in types else NUMBERS)
    least, most = (_bound(field, names) for names in (("ge", "gt"), ("le", "lt")))
    wanted = random.choice((least, most, random.uniform(least, most), random.uniform(least, least + 300)))
    return wanted if float in types else int(wanted)


def _bound(field: FieldInfo, names: tuple[str, str]) -> float:
    """What the field itself says it takes."""
    return next((getattr(mark, name) for mark in field.metadata for name in names if hasattr(mark, name)), 0)


def _spoil(random: Random, hint: dict[str, Any]) -> None:
    name = random.choice(tuple(hint))
    match random.randrange(4):
        case 0:
            del hint[name]
        case 1:
            hint[random.choice(STRINGS)] = junk(random)
        case _:
            hint[name] = junk(random)
