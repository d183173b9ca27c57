"""What ``replay`` prints: then and now, side by side. Names and reasons are not to be trusted."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from rich import table as rich_table
from rich.text import Text

from llamas_bpf import shown
from llamas_bpf.contracts.hint import Hint
from llamas_bpf.controller.replay import Compared
from llamas_bpf.learn import gist

_WIDTH = 80
_NOTHING = "nothing"


class Table:
    """One row for each workload of a window about which anything was said, then or now."""

    def __init__(self) -> None:
        self._rows: list[tuple[str, str, str, str]] = []
        self._agreed = 0

    def add(self, window: Compared) -> None:
        """Count it, and keep its rows."""
        names = {each.id: each.name for each in window.digest.workloads}
        for workload, then, now in _rows(window):
            same = Counter(map(gist, then)) == Counter(map(gist, now))
            self._agreed += same
            who = f"{workload} {names.get(workload, '')}" if workload else "machine"
            self._rows.append((str(window.number), who, _said(then), "the same" if same else _said(now)))

    def print(self) -> None:
        """Nothing where nothing was said."""
        if not self._rows:
            return
        rows = rich_table.Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), width=_WIDTH)
        rows.add_column("Window", justify="right")
        rows.add_column("Workload", overflow="fold", max_width=20)
        rows.add_column("Then", overflow="fold", ratio=1)
        rows.add_column("Now", overflow="fold", ratio=1)
        for number, who, then, now in self._rows:
            rows.add_row(*(Text(shown.plain(cell, limit=200)) for cell in (number, who, then, now)))
        shown.console(width=_WIDTH).print(rows)

    def summary(self, windows: int) -> str:
        """One line."""
        return (
            f"agreed {self._agreed} of {len(self._rows)} times that anything was said, in {windows} windows"
        )


def as_json(window: Compared) -> dict[str, Any]:
    """One window: whole hints."""
    return {
        "window": window.number,
        "then": [hint.model_dump() for hint in window.then],
        "now": [hint.model_dump() for hint in window.now],
        "advisor": window.advisor,
        "agreed": all(Counter(map(gist, then)) == Counter(map(gist, now)) for _, then, now in _rows(window)),
    }


def _rows(window: Compared) -> Iterator[tuple[str | None, list[Hint], list[Hint]]]:
    """By workload, in the order in which they were first spoken of; None is the machine."""
    about = dict.fromkeys(getattr(hint, "workload", None) for hint in (*window.then, *window.now))
    for workload in about:
        then, now = (
            [hint for hint in hints if getattr(hint, "workload", None) == workload]
            for hints in (window.then, window.now)
        )
        yield workload, then, now


def _said(hints: list[Hint]) -> str:
    return "; ".join(_words(hint) for hint in hints) or _NOTHING


def _words(hint: Hint) -> str:
    """``place_memory nodes node0 node1``."""
    own = hint.model_dump(exclude={"kind", "workload", "reason", "confidence", "expect", "ttl_s"})
    words = [f"{key} {_value(value)}" for key, value in own.items() if value is not None]
    return " ".join([hint.kind, ", ".join(words)]).strip()


def _value(value: object) -> str:
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)
