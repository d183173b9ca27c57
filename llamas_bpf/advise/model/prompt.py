"""What a prompt says of a situation, and the operator's texts that say it.

Ids are ours. Names, and sentences that may quote names, come from the system, where anybody chooses them:
they arrive in a template already shortened and quoted, as ``quoted`` makes them.
"""

from llamas_bpf import policies
from llamas_bpf.advise.model import sample
from llamas_bpf.advise.model.quoting import quoted
from llamas_bpf.advise.model.table import table
from llamas_bpf.advise.model.templates import Templates, rendered
from llamas_bpf.advise.terms import in_force
from llamas_bpf.as_json import Json
from llamas_bpf.config import Config, read_trusted
from llamas_bpf.contracts.situation import Situation
from llamas_bpf.features import machine_features

#: Each is ``prompts/NAME.j2``: the instructions, the model's own notes, what a question is about, how to sum
#: up what leaves the window, and the warning that something soon will.
NAMES = ("system", "core", "situation", "summary", "pressure")
_LAST = 8  # outcomes
_TRAITS = 12  # of a device


class Prompts:
    """The templates as the operator wrote them (``texts`` by name), tried once. ``hash``: their version."""

    def __init__(self, config: Config) -> None:
        self.texts: dict[str, str] = {}
        tried = _samples(config.llm.history_windows)
        for name in NAMES:
            path = policies.find(config, f"prompts/{name}.j2")
            self.texts[name] = read_trusted(path)
            rendered(path, self.texts[name], tried[name])
        self.hash = Templates(self.texts).hash


def _samples(windows: int) -> dict[str, Json]:
    """Something of each kind that a template may be given."""
    blocks = [{"label": "machine", "lines": ['"x"'], "used_chars": 1, "most_chars": 1500}]
    return {
        "system": {"functions": "give_hints(hints: hint[])", "hints": "leave {}"},
        "core": {"blocks": blocks},
        "situation": variables(sample.situation(), windows)[0],
        "summary": {"summary": "none yet", "messages": "window 1, event: w1", "most_chars": 1000},
        "pressure": {"used_percent": 70, "blocks": blocks},
    }


def variables(situation: Situation, windows: int) -> tuple[Json, frozenset[str]]:
    """What is shown of the last ``windows`` windows, as JSON, and the ids that this gives out."""
    shown = table(situation, windows)
    machine = _machine(situation)
    known = frozenset(shown.names) | {part["id"] for part in (*machine["nodes"], *machine["devices"])}
    # A decision about many processes is often refused for all of them in the same words.
    refused = dict.fromkeys((r.workload, r.check, r.sentence) for r in situation.refusals)
    given = {
        "machine": machine,
        "columns": shown.columns,
        "rows": shown.rows,
        "rest": shown.rest,
        "windows": min(windows, len(situation.recent)),
        "names": {id_: quoted(name) for id_, name in shown.names.items()},
        "told": [
            {"id": each.id, "does": each.does, "near": each.near}
            for each in situation.digest.workloads
            if each.id in shown.names and (each.does or each.near)
        ],
        "in_force": [s for s in in_force(situation) if s["workload"] is None or s["workload"] in known],
        "refusals": [
            {"workload": workload, "check": check, "sentence": quoted(sentence, 200)}
            for workload, check, sentence in refused
            if workload is None or workload in known
        ],
        "outcomes": [
            {"workload": o.workload, "verdict": o.verdict, "reason": quoted(o.reason, 200)}
            for o in situation.outcomes[-_LAST:]
            if o.workload is None or o.workload in known
        ],
        "lost": sum(situation.digest.lost.values()),
    }
    return given, known


def _machine(situation: Situation) -> Json:
    """Its features, where what an operator's text says in its own words is quoted."""
    machine = machine_features(situation.digest, situation.machine)
    for part in (*machine["nodes"], *machine["cpus"], *machine["devices"]):
        for side in ("good_at", "bad_at"):
            part[side] = [quoted(trait, 60) for trait in part[side][:_TRAITS]]
    for kind in machine["cpus"]:
        kind["class"] = quoted(kind["class"])
    return machine
