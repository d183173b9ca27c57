"""The operator's device texts, and the profiles that were learned from them.

A text is ``devices/NAME.md`` among the policies; its profile, ``STATE/profiles/NAME.json``, holds as long as
the text is what it was read from.
"""

from collections import defaultdict
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from llamas_bpf import policies
from llamas_bpf.config import Config, check_directory, open_trusted
from llamas_bpf.contracts.profile import Binding, DeviceProfile
from llamas_bpf.errors import ConfigError
from llamas_bpf.machine import cpulist, kept
from llamas_bpf.shown import plain

if TYPE_CHECKING:
    from llamas_bpf.machine.texts.text import DeviceText

FOLDER = "profiles"


def load(config: Config, state: Path | None) -> tuple[tuple[DeviceProfile, ...], tuple[str, ...]]:
    """A profile of each device text: the one that was learned, else as read offline now.

    The second part is a sentence for each thing that is wrong: a text that is left out, two for one device.
    """
    found, wrong = texts(config)
    profiles = []
    for text in found:
        try:
            learned = saved(state, text) if state else None
        except ConfigError as error:
            learned = None
            wrong.append(f"{error} (its text is read anew)")
        try:
            profiles.append(learned or read_offline(text))
        except Exception as error:
            # Whatever a text says, it ends no controller, and takes no other text with it.
            wrong.append(f"{text.name}.md: a bug in the offline reader ({error!r}): it is left out")
    return tuple(profiles), tuple(wrong)


def texts(config: Config) -> tuple[list["DeviceText"], list[str]]:
    """Every device text that can be used, and a sentence for each that cannot."""
    found: list[tuple[Path, DeviceText]] = []
    wrong: list[str] = []
    for path in policies.find_all(config, "devices", ".md"):
        try:
            found.append((path, read_text(path)))
        except ConfigError as error:
            wrong.append(f"{plain(error)}: it is left out")
    rivals, sentences = _rivals(found)
    return [text for _, text in found if text.name not in rivals], wrong + sentences


def read_text(path: Path) -> "DeviceText":
    """Raises ConfigError with what to do about it."""
    from llamas_bpf.machine.texts.text import MOST_BYTES, parse

    with open_trusted(path) as file:
        try:
            raw = file.read(MOST_BYTES + 1)
        except OSError as error:
            raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None
    return parse(path.stem, raw)


@lru_cache(maxsize=64)
def read_offline(text: "DeviceText") -> DeviceProfile:
    """Without a model. A controller asks for it again whenever its machine changes."""
    from llamas_bpf.machine.texts.reading import read

    return read(text)


def saved(state: Path, text: "DeviceText") -> DeviceProfile | None:
    """What was learned from just this text. Raises ConfigError where the file is damaged, or not ours."""
    found = kept.read(_path(state, text.name), DeviceProfile)
    is_of = found and (found.name, found.text_hash, found.binding) == (text.name, text.hash, text.binding)
    return found if is_of else None


def save(state: Path, profile: DeviceProfile) -> None:
    """Keep what was learned. Raises LlamasError."""
    kept.write(_path(state, profile.name), profile)


def _path(state: Path, name: str) -> Path:
    """Raises ConfigError where others could put a folder of theirs in the place of ours."""
    check_directory(state)
    return state / FOLDER / f"{name}.json"


def _rivals(found: Iterable[tuple[Path, "DeviceText"]]) -> tuple[set[str], list[str]]:
    """The names of texts that are about the same device as another: nobody can tell which is meant. An
    operator's goes before a packaged one."""
    about: dict[tuple[str, int | str], list[tuple[Path, str]]] = defaultdict(list)
    for path, text in found:
        for part in _parts(text.binding):
            about[part].append((path, text.name))
    shared: dict[tuple[tuple[Path, str], ...], list[tuple[str, int | str]]] = defaultdict(list)
    for part, those in about.items():
        if len(those) > 1:
            shared[tuple(those)].append(part)
    out: set[str] = set()
    sentences = []
    for rivals, parts in shared.items():
        own = [one for one in rivals if not one[0].is_relative_to(policies.packaged())]
        meant = own[0] if len(own) == 1 else None
        out |= {name for path, name in rivals if (path, name) != meant}
        names = " and ".join(f"{name}.md" for _, name in rivals)
        ends = f"{meant[1]}.md is used" if meant else "none is used: leave one of them"
        sentences.append(f"{names} are about the same {_in_words(parts)}: {ends}")
    return out, sentences


def _in_words(parts: list[tuple[str, int | str]]) -> str:
    cpus = [value for key, value in parts if key == "cpu" and isinstance(value, int)]
    return f"CPUs {cpulist.render(cpus)}" if cpus else " ".join(map(str, parts[0]))


def _parts(binding: Binding) -> list[tuple[str, int | str]]:
    """What no other text may be about."""
    if binding.cpus is not None:
        return [("cpu", cpu) for cpu in cpulist.parse(binding.cpus)]
    bound = (("node", binding.node), ("pci", binding.pci))
    return [(key, value) for key, value in bound if value is not None]
