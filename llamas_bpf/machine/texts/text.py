"""A device text as an operator wrote it: free text, tied to hardware by its front matter."""

import difflib
import hashlib
import re
import tomllib
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from llamas_bpf.contracts.profile import Binding
from llamas_bpf.errors import ConfigError
from llamas_bpf.machine import cpulist
from llamas_bpf.shown import plain

MOST_BYTES = 64 << 10
_MOST_FRONT = 1000
#: A profile is kept in a file of this name, with an ending and, while it is written, a few letters more.
_MOST_NAME_BYTES = 200
_FENCES = ("+++", "---")
_KEYS = tuple(Binding.model_fields)
_EXAMPLE = 'one of `node = 2`, `cpus = "0-7"`, `pci = "0000:41:00.0"`'
_ENTRY = re.compile(r"\s*(\w+)\s*[:=]\s*([^#]*[^#\s])\s*(?:#.*)?")
_LINE_END = re.compile("\r\n|[\r\v\f\x85\u2028\u2029]")
_CPU_LIST = re.compile(r"[0-9]{1,4}(-[0-9]{1,4})?(,[0-9]{1,4}(-[0-9]{1,4})?)*")


@dataclass(frozen=True)
class DeviceText:
    """``body`` is the text below the front matter; ``hash`` the SHA-256 of the whole, in hexadecimal."""

    name: str
    binding: Binding
    body: str
    hash: str


def parse(name: str, raw: bytes) -> DeviceText:
    """The text ``name`` from its bytes. Raises ConfigError that says what to change."""
    name = plain(name)
    if len(name.encode()) > _MOST_NAME_BYTES:
        raise ConfigError(f"{plain(name, 100)}: its name is too long: at most {_MOST_NAME_BYTES} bytes")
    if len(raw) > MOST_BYTES:
        raise ConfigError(f"{name}: is too long: describe the device in at most {MOST_BYTES >> 10} KiB")
    if b"\0" in raw:
        raise ConfigError(f"{name}: is binary (it has a NUL byte): write the device's text as plain UTF-8")
    try:
        whole = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError(
            f"{name}: is binary or in another encoding (byte {error.start}): save it as UTF-8"
        ) from error
    front, body = _split(name, _LINE_END.sub("\n", whole))
    if not body.strip():
        raise ConfigError(f"{name}: is empty: say in plain words what the device is and what it is good at")
    return DeviceText(name, _binding(name, front), body, hashlib.sha256(raw).hexdigest())


def _split(name: str, whole: str) -> tuple[str, str]:
    """The front matter, without its fences, and what follows it."""
    lines = whole.lstrip().split("\n")
    fence = lines[0].strip()
    if fence not in _FENCES:
        # A binding without its fences would silently be none.
        key, equals, _ = fence.partition("=")
        is_binding = equals and difflib.get_close_matches(key.strip(), _KEYS, n=1)
        return (fence, "\n".join(lines[1:])) if is_binding else ("", whole)
    for number, line in enumerate(lines[1:], start=1):
        if line.strip() == fence:
            return "\n".join(lines[1:number]), "\n".join(lines[number + 1 :])
    raise ConfigError(f"{name}: the front matter is not closed: end it with a line {fence}")


def _binding(name: str, front: str) -> Binding:
    values = _values(name, front)
    for key in values:
        if key not in _KEYS:
            nearest = difflib.get_close_matches(key, _KEYS, n=1, cutoff=0)[0]
            raise ConfigError(f"{name}: unknown key {plain(key, 60)!r}; did you mean {nearest!r}?")
    if len(values) > 1:
        raise ConfigError(f"{name}: bound to {' and '.join(values)}: name only one of them")
    if any(isinstance(value, bool) for value in values.values()):
        raise ConfigError(f"{name}: {_told(front)}: write {_EXAMPLE}")
    if isinstance(values.get("cpus"), int):
        values["cpus"] = str(values["cpus"])
    if isinstance(values.get("pci"), str):
        address = values["pci"].lower()
        values["pci"] = address if address.count(":") == 2 else f"0000:{address}"
    try:
        binding = Binding(**values)
    except ValidationError as error:
        raise ConfigError(f"{name}: {_told(front)}: write {_EXAMPLE}") from error
    if binding.cpus is not None and not _is_cpu_list(binding.cpus):
        raise ConfigError(f"{name}: {_told(front)}: is no CPU list, such as 0-7,16")
    return binding


def _values(name: str, front: str) -> dict[str, Any]:
    """TOML; else, line by line, ``key: value`` as in YAML."""
    if len(front) > _MOST_FRONT:
        raise ConfigError(f"{name}: the front matter is too long: it holds only {_EXAMPLE}")
    with suppress(tomllib.TOMLDecodeError, RecursionError):
        return tomllib.loads(front)
    values: dict[str, Any] = {}
    for line in front.split("\n"):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        entry = _ENTRY.fullmatch(line)
        if entry is None or entry[1] in values:
            raise ConfigError(f"{name}: front matter {_told(line)}: write {_EXAMPLE}")
        value = entry[2].strip("\"'")
        values[entry[1]] = int(value) if re.fullmatch("[0-9]{1,6}", value) else value
    return values


def _is_cpu_list(text: str) -> bool:
    return bool(_CPU_LIST.fullmatch(text)) and bool(cpulist.parse(text))


def _told(front: str) -> str:
    return repr(plain(front.strip(), 80))
