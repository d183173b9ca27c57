"""A prompt as the model's process makes it: the operator's templates, filled in."""

from typing import NamedTuple

from llamas_bpf.advise.context.schema import function_lines, hint_lines
from llamas_bpf.advise.model.prompt import Prompts, variables
from llamas_bpf.advise.model.templates import Templates
from llamas_bpf.config import Config
from llamas_bpf.contracts.situation import Situation


class Prompt(NamedTuple):
    system: str
    user: str
    known_ids: frozenset[str]


def rendered(situation: Situation, config: Config | None = None) -> Prompt:
    """The instructions, the situation, and the ids that it gives out."""
    config = config or Config()
    templates = Templates(Prompts(config).texts)
    lines = {"functions": function_lines(), "hints": hint_lines()}
    shown, known = variables(situation, config.llm.history_windows)
    return Prompt(templates.render("system", lines), templates.render("situation", shown), known)
