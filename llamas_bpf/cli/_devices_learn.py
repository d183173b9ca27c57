"""``devices learn``: device texts, read once each."""

import difflib
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from llamas_bpf.cli import _options as options
from llamas_bpf.config import ETC, Config, load, open_plain
from llamas_bpf.contracts.profile import DeviceProfile
from llamas_bpf.errors import ConfigError
from llamas_bpf.shown import plain

if TYPE_CHECKING:
    from llamas_bpf.advise.model.endpoint import Endpoint
    from llamas_bpf.machine.texts.text import DeviceText


@click.command("learn")
@click.argument("names", metavar="[NAME]...", nargs=-1)
@click.option(
    "--from",
    "file",
    type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
    help="only read this text (- is standard input) and show its profile; nothing is kept",
)
@click.option(
    "--frontend",
    type=click.Choice(["offline", "model"]),
    help="who reads  [default: the model where one is configured, else offline]",
)
@options.state
@options.config
@options.as_json
def command(
    names: tuple[str, ...],
    file: Path | None,
    frontend: str | None,
    state: Path,
    config: Path | None,
    as_json: bool,
) -> int:
    """Read each device text that is new or has changed, and keep its profile.

    What was read offline is read anew once a model is configured, unless --frontend offline is given.
    Every value of a profile stands in the text; what is in doubt is left out, and named. Exit status 2 when
    a text cannot be used.
    """
    if file is not None and names:
        raise click.UsageError("--from reads one file: leave the names out")
    settings = load(config)
    reader = _Reader(settings, frontend)
    if file is not None:
        profile = reader.read(_text(file))
        _show(profile, as_json)
        _say_what_is_missing([profile])
        return 0
    return _learn_all(settings, state, names, reader, as_json)


class _Reader:
    """Reads texts with the frontend that was asked for; says on stderr which that is, and when it failed."""

    def __init__(self, config: Config, frontend: str | None) -> None:
        from llamas_bpf.advise.model import endpoint

        self._config = config
        self._asked_for = frontend
        server = None if frontend == "offline" else endpoint.configured(config)
        if frontend == "model" and server is None:
            raise ConfigError(f"no model is configured: {endpoint.HOW}; or use --frontend offline")
        self._server: Endpoint | None = server
        self._said = False

    def read(self, text: "DeviceText") -> DeviceProfile:
        from llamas_bpf.machine import profiles

        if self._server is None:
            self._say_once("read by the offline extractor")
            return profiles.read_offline(text)
        from llamas_bpf.advise.model import device
        from llamas_bpf.advise.model.answer import AnswerError

        self._say_once(f"read by {self._server}")
        try:
            return device.read(self._server, text, self._config.llm.timeout_s, self._config)
        except (AnswerError, OSError) as error:
            _say(
                f"{text.name}: the model could not read it ({error}): read offline, and asked again next time"
            )
            return profiles.read_offline(text)

    def is_stood_in_for(self, profile: DeviceProfile) -> bool:
        """Whether the model was to read this, and could not."""
        return self._server is not None and profile.reader == "offline"

    def why_anew(self, profile: DeviceProfile) -> str:
        """Why an unchanged text is read again; empty where the profile stands."""
        if self._server is not None and profile.reader == "offline":
            return "was read offline, and there is a model now"
        if self._asked_for == "offline" != profile.reader:
            return f"was read by {profile.reader}"
        return ""

    def _say_once(self, sentence: str) -> None:
        if not self._said:
            _say(sentence)
        self._said = True


def _learn_all(config: Config, state: Path, names: tuple[str, ...], reader: _Reader, as_json: bool) -> int:
    from llamas_bpf.machine import profiles

    texts, wrong = profiles.texts(config)
    for sentence in wrong:
        _say(sentence)
    chosen = _chosen(texts, names)
    if not texts and not wrong:
        _say(
            f"there are no device texts: describe a device in {(config.policies or ETC) / 'devices'}/NAME.md"
        )
    learned: list[DeviceProfile] = []
    unchanged: list[DeviceProfile] = []
    for text in chosen:
        known = _known(state, text)
        why = reader.why_anew(known) if known else ""
        if known is not None and not why:
            unchanged.append(known)
            _say(f"{known.name}: unchanged since it was read by {known.reader}")
            continue
        if why:
            _say(f"{text.name}: {why}: it is read anew")
        profile = reader.read(text)
        if known is not None and reader.is_stood_in_for(profile):
            unchanged.append(known)
            continue
        if not reader.is_stood_in_for(profile):
            profiles.save(state, profile)
        learned.append(profile)
        if not as_json:
            _show(profile, as_json)
    _say_what_is_missing([*learned, *unchanged])
    if as_json:
        kinds = (("learned", learned), ("unchanged", unchanged))
        found = {kind: [one.model_dump(mode="json") for one in those] for kind, those in kinds}
        click.echo(json.dumps(found | {"wrong": wrong}))
    return 2 if wrong else 0


def _say_what_is_missing(profiles: list[DeviceProfile]) -> None:
    """Also what is not here may be described: it may yet come."""
    from llamas_bpf import machine
    from llamas_bpf.machine import described

    for sentence in described.missing(machine.read(), profiles):
        _say(sentence)


def _chosen(texts: list["DeviceText"], names: tuple[str, ...]) -> list["DeviceText"]:
    known = {text.name: text for text in texts}
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            have = f"did you mean {near[0]}?" if near else f"there are: {', '.join(known) or 'none'}"
            raise ConfigError(f"no usable device text is called {plain(name, 100)}; {have}")
    return [known[name] for name in dict.fromkeys(names)] if names else texts


def _known(state: Path, text: "DeviceText") -> DeviceProfile | None:
    from llamas_bpf.machine import profiles

    try:
        return profiles.saved(state, text)
    except ConfigError:
        return None  # damaged: it is replaced


def _text(file: Path) -> "DeviceText":
    from llamas_bpf.machine.texts.text import MOST_BYTES, parse

    if str(file) == "-":
        return parse("stdin", sys.stdin.buffer.read(MOST_BYTES + 1))
    with open_plain(file) as opened:
        try:
            raw = opened.read(MOST_BYTES + 1)
        except OSError as error:
            raise ConfigError(f"{file}: cannot be read: {error.strerror}") from None
    return parse(file.stem, raw)


def _show(profile: DeviceProfile, as_json: bool) -> None:
    if as_json:
        click.echo(profile.model_dump_json())
        return
    from llamas_bpf.cli import _devices_profile

    _devices_profile.show(profile)


def _say(sentence: str) -> None:
    click.echo(f"llamas-bpf: {plain(sentence)}", err=True)
