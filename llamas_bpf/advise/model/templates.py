"""The operator's texts for a model, to be filled in with what is harmless in whatever place."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

from jinja2 import StrictUndefined
from jinja2.sandbox import SandboxedEnvironment

from llamas_bpf.as_json import Json
from llamas_bpf.errors import ConfigError


class Templates:
    """By name. ``hash`` is their version. Making and rendering raise what Jinja2 and expressions do."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        # A prompt is no HTML: what must not be taken for text is quoted as JSON instead.
        environment = SandboxedEnvironment(
            undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True
        )
        self._templates = {name: environment.from_string(text) for name, text in texts.items()}
        self.hash = hashlib.sha256("\0".join(texts[name] for name in sorted(texts)).encode()).hexdigest()[:16]

    def render(self, name: str, variables: Json) -> str:
        """The text ``name``, with these variables."""
        return self._templates[name].render(variables)


def rendered(path: Path, text: str, variables: Json) -> str:
    """What a template comes to. Raises ConfigError that names the file and, where known, the line."""
    try:
        return Templates({path.name: text}).render(path.name, variables)
    except Exception as error:  # an expression can raise anything, such as {{ 1/0 }}
        line = getattr(error, "lineno", None)
        raise ConfigError(f"{path}{f':{line}' if line else ''}: {error}") from None
