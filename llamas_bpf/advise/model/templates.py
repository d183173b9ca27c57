"""The operator's texts for a model, to be filled in with what is harmless in whatever place."""

import hashlib
from collections.abc import Mapping

from jinja2 import StrictUndefined
from jinja2.sandbox import SandboxedEnvironment

from llamas_bpf.as_json import Json


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
