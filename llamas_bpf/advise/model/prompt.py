"""The last digests as one prompt. Templates are the operator's; what they are given is harmless.

Ids are ours. Names, and sentences that may quote names, come from the system, where anybody chooses them:
they arrive in a template already shortened and quoted, as ``quoted`` makes them.
"""

import hashlib
import json
from dataclasses import dataclass
from functools import cache
from typing import Any

from jinja2 import StrictUndefined
from jinja2.sandbox import SandboxedEnvironment

from llamas_bpf import policies
from llamas_bpf.advise.model import sample
from llamas_bpf.advise.model.quoting import quoted
from llamas_bpf.advise.model.table import table
from llamas_bpf.advise.terms import in_force
from llamas_bpf.as_json import Json
from llamas_bpf.config import Config, read_trusted
from llamas_bpf.contracts.hint import Answer
from llamas_bpf.contracts.situation import Situation
from llamas_bpf.errors import ConfigError
from llamas_bpf.features import machine_features

_TEMPLATES = {"system": "prompts/system.j2", "user": "prompts/situation.j2"}
_LAST = 8  # outcomes


@dataclass(frozen=True)
class Prompt:
    """``known_ids`` are the ids it gives out: nothing else may be named in the answer."""

    messages: list[dict[str, Any]]
    known_ids: frozenset[str]


class Templates:
    """The two texts of a prompt, compiled. ``hash`` names their version. Raises what Jinja2 raises."""

    def __init__(self, texts: dict[str, str]) -> None:
        # A prompt is no HTML: what must not be taken for text is quoted as JSON instead.
        environment = SandboxedEnvironment(
            undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True
        )
        self._templates = {role: environment.from_string(text) for role, text in texts.items()}
        self.hash = hashlib.sha256("\0".join(texts.values()).encode()).hexdigest()[:16]

    def messages(self, shown: Json) -> list[dict[str, Any]]:
        """A message of each, with what ``variables`` gives."""
        return [
            {"role": role, "content": template.render(shown)} for role, template in self._templates.items()
        ]


class Prompts:
    """The operator's templates, tried once when they are read. ``texts`` are theirs by role."""

    def __init__(self, config: Config) -> None:
        self._windows = config.llm.history_windows
        self.texts: dict[str, str] = {}
        for role, name in _TEMPLATES.items():
            path = policies.find(config, name)
            self.texts[role] = read_trusted(path)
            try:
                tried = Templates({role: self.texts[role]})
                tried.messages(variables(sample.situation(), self._windows)[0])
            except Exception as error:  # an expression can raise anything, such as {{ 1/0 }}
                line = getattr(error, "lineno", None)
                raise ConfigError(f"{path}{f':{line}' if line else ''}: {error}") from None
        self._templates = Templates(self.texts)
        self.hash = self._templates.hash

    def render(self, situation: Situation) -> Prompt:
        """One prompt for all the windows that the situation remembers, up to the configured number."""
        shown, known = variables(situation, self._windows)
        return Prompt(self._templates.messages(shown), known)


@cache
def _schema() -> str:
    """Made once: it takes long."""
    return json.dumps(Answer.model_json_schema(), separators=(",", ":"))


def variables(situation: Situation, windows: int) -> tuple[Json, frozenset[str]]:
    """All that templates are given, as JSON, and the ids that this gives out."""
    shown = table(situation, windows)
    machine = machine_features(situation.digest, situation.machine)
    known = frozenset(shown.names) | {part["id"] for part in (*machine["nodes"], *machine["devices"])}
    # A decision about many processes is often refused for all of them in the same words.
    refused = dict.fromkeys((r.workload, r.check, r.sentence) for r in situation.refusals)
    given = {
        "schema": _schema(),
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
    return given, known
