"""All that is known of one workload: its record, what was decided about it, its past windows."""

from typing import Any, Literal

from llamas_bpf.advise.context import call
from llamas_bpf.advise.context.call import Page, Reach, paged
from llamas_bpf.advise.context.function_error import FunctionError
from llamas_bpf.advise.model.table import COLUMNS, short
from llamas_bpf.contracts.hint import WorkloadRef
from llamas_bpf.features import value


class Call(call.Call):
    """A workload's whole record, then decisions and verdicts about it, then its past windows."""

    function: Literal["workload_detail"]
    workload: WorkloadRef
    page: Page = 1


def run(call: Call, reach: Reach) -> str:
    """The newest first."""
    windows = reach.recall.windows_of(reach.run, call.workload)
    now = next((each for each in reach.observation.records if each.get("id") == call.workload), None)
    record = now or (windows[0][1] if windows else None)
    if record is None:
        raise FunctionError(
            f"nothing is known of {call.workload}: name one that you were given", "unknown_id"
        )
    name = record.get("name")
    when = "now" if now else f"in window {windows[0][0]}, the last with it"
    items = [f"{when}: {line}" for line in _record(record)]
    for event in reach.recall.about(reach.run, call.workload, name):
        own = event["run"] == reach.run
        items.append(event["text"] if own else f"(an earlier run, the same name) {event['text']}")
    items += [f"window {window}: {_figures(past)}" for window, past in windows]
    return paged(items, call.page, reach, workload=call.workload)


def _record(record: dict[str, Any]) -> list[str]:
    """A line for each group of figures, and one for the rest."""
    groups = {key: group for key, group in record.items() if isinstance(group, dict)}
    about = {key: given for key, given in record.items() if key not in groups}
    return [_line(about), *(f"{key}: {_line(group)}" for key, group in groups.items())]


def _line(figures: dict[str, Any]) -> str:
    known = {key: given for key, given in figures.items() if given is not None}
    return ", ".join(
        f"{key} {_line(given) if isinstance(given, dict) else given}" for key, given in known.items()
    )


def _figures(record: dict[str, Any]) -> str:
    """In the words and units of the situation's table."""
    found = ((heading, value(record, metric), unit) for heading, metric, unit in COLUMNS)
    return ", ".join(
        f"{heading} {short(figure / unit)}" for heading, figure, unit in found if figure is not None
    )
