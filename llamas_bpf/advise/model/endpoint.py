"""Where the model is: the configuration first, then the environment, as the ``openai`` client reads it."""

import os
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from llamas_bpf.config import Config
from llamas_bpf.errors import ConfigError

HOW = "set OPENAI_BASE_URL, or OPENAI_API_KEY, or base_url under [llm] in the configuration"

#: Local servers want no key, but the client insists on sending one.
NO_KEY = "none"

_KEY_CHARS = 16_384


@dataclass(frozen=True)
class Endpoint:
    """``base_url`` None is OpenAI's own service; ``model`` None is the first that the server offers."""

    base_url: str | None
    model: str | None
    api_key: str = field(repr=False)

    def __str__(self) -> str:
        """Without key, user and password."""
        where = "OpenAI"
        if self.base_url:
            parts = urlsplit(self.base_url)
            where = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
        return f"{self.model} at {where}" if self.model else f"the first model at {where}"


def configured(config: Config) -> Endpoint | None:
    """The model's server, or None where nothing names one. Empty variables count as unset."""
    base_url = config.llm.base_url or os.environ.get("OPENAI_BASE_URL") or None
    key = os.environ.get("OPENAI_API_KEY", "").strip() or None
    if not (base_url or key or config.llm.model):
        return None
    if base_url and not _is_url(base_url):
        # Not repeated here: it may hold a password, which cannot be told in what cannot be parsed.
        where = "base_url under [llm]" if config.llm.base_url else "OPENAI_BASE_URL"
        raise ConfigError(f"{where}: must be an address such as http://127.0.0.1:11434/v1")
    if key and not (key.isascii() and key.isprintable() and len(key) <= _KEY_CHARS):
        # It could not be sent, and the error would repeat it.
        raise ConfigError(
            f"OPENAI_API_KEY: a key is of letters, digits and signs of ASCII: one line, {_KEY_CHARS} at most"
        )
    return Endpoint(base_url, config.llm.model or os.environ.get("OPENAI_MODEL") or None, key or NO_KEY)


def _is_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
        # Reading the port checks it. IPv6 addresses, and names beyond ASCII, are the client's to judge.
        named = bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        return False
    return named and parts.scheme in ("http", "https") and text.isprintable() and " " not in text
