"""The last digests as one prompt. Templates are the operator's; what they are given is harmless.

Ids are ours. Names, and sentences that may quote names, come from the system, where anybody chooses them:
they arrive in a template already shortened and quoted, as ``quoted`` makes them.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jinja2 import StrictUndefined
from jinja2.sandbox import SandboxedEnvironment

from llamas_bpf import policies
from llamas_bpf.advise.context.schema import function_lines, hint_lines
from llamas_bpf.advise.model import sample
from llamas_bpf.advise.model.table import table
from llamas_bpf.advise.terms import in_force
from llamas_bpf.as_json import Json
from llamas_bpf.config import Config, read_trusted
from llamas_bpf.contracts.situation import Situation
from llamas_bpf.errors import ConfigError
from llamas_bpf.features import machine_features

#: Each is ``prompts/NAME.j2``: the instructions, what a question is about, how to sum up what leaves the
#: window, and the warning that something soon will.
NAMES = ("system", "situation", "summary", "pressure")
_LAST = 8  # outcomes


@dataclass(frozen=True)
class Prompt:
    """``known_ids`` are the ids it gives out: nothing else may be named in the answer."""

    messages: list[dict[str, Any]]
    known_ids: frozenset[str]


class Templates:
    """Texts by name, ready to be filled in. Making and rendering raise what jinja2 and expressions do."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        # A prompt is no HTML: what must not be taken for text is quoted as JSON instead.
        environment = SandboxedEnvironment(
            undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True
        )
        self._templates = {name: environment.from_string(text) for name, text in texts.items()}
        self.hash = hashlib.sha256("\0".join(texts[name] for name in sorted(texts)).encode()).hexdigest()[:16]

    def render(self, name: str, variables: Json) -> str:
        """The prompt ``name``, with these variables."""
        return self._templates[name].render(variables)


class Prompts:
    """The templates as the operator wrote them (``texts`` by name), tried once. ``hash``: their version."""

    def __init__(self, config: Config) -> None:
        self._windows = config.llm.history_windows
        self.texts: dict[str, str] = {}
        for name in NAMES:
            path = policies.find(config, f"prompts/{name}.j2")
            self.texts[name] = read_trusted(path)
            try:
                Templates({name: self.texts[name]}).render(name, self._sample(name))
            except Exception as error:  # an expression can raise anything, such as {{ 1/0 }}
                line = getattr(error, "lineno", None)
                raise ConfigError(f"{path}{f':{line}' if line else ''}: {error}") from None
        self._templates = Templates(self.texts)
        self.hash = self._templates.hash

    def variables(self, situation: Situation) -> tuple[Json, frozenset[str]]:
        """What the situation's template is given, as JSON knows it, and the ids that it gives out."""
        return _variables(situation, self._windows)

    def render(self, situation: Situation) -> Prompt:
        """One prompt for all the windows that the situation remembers, up to the configured number."""
        variables, known = self.variables(situation)
        texts = {
            "system": self._templates.render("system", self._sample("system")),
            "user": self._templates.render("situation", variables),
        }
        return Prompt([{"role": role, "content": text} for role, text in texts.items()], known)

    def _sample(self, name: str) -> Json:
        blocks = [{"label": "machine", "text": "", "used_chars": 0, "most_chars": 1500}]
        match name:
            case "system":
                return {"functions": function_lines(), "hints": hint_lines(), "blocks": blocks}
            case "situation":
                return self.variables(sample.situation())[0]
            case "summary":
                return {"summary": "none yet", "messages": "window 1, event: w1", "most_chars": 1000}
        return {"used_percent": 70, "blocks": blocks}


def quoted(text: str, most: int = 40) -> str:
    """As a short JSON string in ASCII: no control characters, nothing that could close a tag or fence."""
    kept = "".join(character for character in text if character.isprintable())
    short = kept if len(kept) <= most else kept[: most - 1] + "…"
    written = json.dumps(short)
    for character in "<>&`{}":
        written = written.replace(character, f"\\u{ord(character):04x}")
    return written


def _variables(situation: Situation, windows: int) -> tuple[Json, frozenset[str]]:
    shown = table(situation, windows)
    machine = machine_features(situation.digest, situation.machine)
    known = frozenset(shown.names) | {part["id"] for part in (*machine["nodes"], *machine["devices"])}
    # A decision about many processes is often refused for all of them in the same words.
    refused = dict.fromkeys((r.workload, r.check, r.sentence) for r in situation.refusals)
    variables = {
        "machine": machine,
        "columns": shown.columns,
        "rows": shown.rows,
        "rest": shown.rest,
        "windows": min(windows, len(situation.recent)),
        "names": {id_: quoted(name) for id_, name in shown.names.items()},
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
    return variables, known
