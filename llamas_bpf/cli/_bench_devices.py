"""``bench devices``: how well device texts are read."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from llamas_bpf.cli import _figures as figures
from llamas_bpf.cli import _options as options
from llamas_bpf.cli import _steps as steps

if TYPE_CHECKING:
    from llamas_bpf.bench.devices import Reader
    from llamas_bpf.config import Config
    from llamas_bpf.contracts.profile import DeviceProfile


@click.command("devices")
@click.option("--model", help="a model to score, too, on the server that `run` would ask")
@click.option(
    "--texts",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="your own texts: each NAME.md with a NAME.toml that says what is in it",
)
@options.config
@options.as_json
def command(model: str | None, texts: Path | None, config: Path | None, as_json: bool) -> None:
    """Score what is read from device texts: features found, wrong, missed and made up.

    On 210 texts of which it is known what they say; no reader was made with `held_out` and `unseen`.
    With --json each text's result is told, too. The exit status does not tell whether the marks were reached.
    """
    from llamas_bpf.bench import device_truth, devices
    from llamas_bpf.bench.devices_table import table
    from llamas_bpf.config import load
    from llamas_bpf.shown import plain

    cases = device_truth.load(texts or device_truth.PACKAGED)
    readers: dict[str, Reader] = {"offline": _offline}
    if model:
        readers[model] = _model(model, load(config))
    with steps.progress(len(readers) * len(cases)) as step:
        results = devices.measure(readers, cases, step)
    for sentence in results.failures():
        click.echo(plain(sentence), err=True)
    figures.show(results, table, as_json)


def _offline(name: str, raw: bytes) -> "DeviceProfile":
    from llamas_bpf.machine.texts import reading, text

    return reading.read(text.parse(name, raw))


def _model(name: str, config: "Config") -> "Reader":
    from dataclasses import replace

    from llamas_bpf.advise.model import device, endpoint
    from llamas_bpf.advise.model.answer import AnswerError
    from llamas_bpf.errors import ConfigError, LlamasError
    from llamas_bpf.machine.texts import text

    server = endpoint.configured(config)
    if server is None:
        raise ConfigError(endpoint.HOW)
    asked = replace(server, model=name)

    def read(title: str, raw: bytes) -> "DeviceProfile":
        try:
            return device.read(asked, text.parse(title, raw), config=config)
        except AnswerError as error:
            raise LlamasError(str(error)) from error

    return read
