"""Makes a situation fit: its least important workloads go into the rest, then its history goes."""

from collections.abc import Callable
from typing import Any

from llamas_bpf.advise.model.table import SUMMED

Json = dict[str, Any]

#: With fewer workloads than that, the history goes first.
_FEW = 4


def fitted(shown: Json, render: Callable[[Json], str], fits: Callable[[str], bool]) -> str:
    """The fullest text that fits, else the shortest that there is."""
    count = len(shown["rows"])
    with_history = range(count, min(count, _FEW) - 1, -1)
    text = ""
    for rows, history in [*((n, True) for n in with_history), *((n, False) for n in range(count, 0, -1))]:
        text = render(trimmed(shown, rows, history))
        if fits(text):
            break
    return text


def trimmed(shown: Json, rows: int, history: bool) -> Json:
    """The variables of a prompt with the first so many workloads; without ``history``, their last figures."""
    left_out = shown["rows"][rows:]
    kept = shown["rows"][:rows]
    gone = {row[0] for row in left_out}
    rest = dict(shown["rest"], workloads=shown["rest"]["workloads"] + len(left_out))
    for heading, name in SUMMED.items():
        column = shown["columns"].index(heading)
        rest[name] = round(rest[name] + sum(_figure(_last(row[column])) for row in left_out), 2)
    return (
        shown
        | {
            "rows": kept if history else [[_last(cell) for cell in row] for row in kept],
            "windows": shown["windows"] if history else min(1, shown["windows"]),
            "rest": rest,
            "names": {id_: name for id_, name in shown["names"].items() if id_ not in gone},
        }
        | {
            group: [entry for entry in shown[group] if entry["workload"] not in gone]
            for group in ("in_force", "refusals", "outcomes")
        }
    )


def _last(cell: str) -> str:
    """Of a figure per window; a list of nodes has spaces."""
    return cell if ", " in cell else cell.rsplit(",", 1)[-1]


def _figure(cell: str) -> float:
    try:
        return float(cell)
    except ValueError:
        return 0.0
