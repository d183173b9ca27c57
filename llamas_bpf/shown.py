"""How things are shown to a person: names of processes and cgroups are an attacker's to choose.

Whatever came from the system, or from a model, passes through ``plain`` and is printed by ``console()``,
which interprets neither markup nor emoji names.
"""

from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from rich.console import Console


def plain(text: object, limit: int = 4096) -> str:
    """One harmless line: what a terminal could act on is written out as in Python, the rest kept.

    Covers escape sequences, newlines, and invisible or direction-changing characters; doing it twice does
    no more. ``limit`` is in characters of ``text``.
    """
    whole = str(text)
    shown = "".join(
        c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in whole[:limit]
    )
    return shown if len(whole) <= limit else shown + "…"


def block(text: str) -> str:
    """Several harmless lines: only the line breaks of ``text`` stay what they are."""
    return "\n".join(plain(line, limit=len(line)) for line in text.split("\n"))


def console(file: TextIO | None = None, width: int | None = None) -> "Console":
    """The terminal (standard output unless told), taking every text literally."""
    from rich.console import Console

    return Console(file=file, width=width, markup=False, highlight=False, emoji=False)


def figure(metric: str, value: float | None) -> str:
    """A value in the unit that its metric's name ends in: ``sched.run_ns`` 2500000 as ``2.5 ms``.

    A number may follow, as in ``memory.node_bytes.0``.
    """
    if value is None:
        return "unknown"
    metric = metric.rstrip(".0123456789")
    if metric.endswith("_ratio") and not metric.endswith("cpu_ratio"):
        return f"{value * 100:.3g} %"
    if metric.endswith("_ns"):
        return _scaled(value, 1000, ("ns", "µs", "ms", "s"))
    if metric.endswith("_bytes"):
        return _scaled(value, 1024, ("B", "KiB", "MiB", "GiB", "TiB"))
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def target(target: dict[str, Any]) -> str:
    """What an action's target names, as one harmless line, from its JSON."""
    knob = target.get("knob") or target["kind"]
    if "pid" in target:
        text = f"{knob} of pid {target['pid']}"
    elif target["kind"] == "controller":
        text = f"controller {knob} below {target['cgroup']}"
    elif target["kind"] == "scheme":
        text = f"DAMON {knob} of {target['cgroup'] or 'all memory'}"
    elif "cgroup" in target:
        text = f"{target['cgroup']} {knob}"
    else:
        text = f"{knob} of node{target['node']}" if "node" in target else knob
    return plain(text)


def _scaled(value: float, step: int, units: tuple[str, ...]) -> str:
    index = 0
    while abs(value) >= step and index < len(units) - 1:
        value, index = value / step, index + 1
    return f"{value:.0f} {units[index]}" if abs(value) >= 100 else f"{value:.3g} {units[index]}"
