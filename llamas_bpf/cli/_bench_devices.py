"""``bench devices``: how well device texts are read."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from llamas_bpf.cli import _figures as figures
from llamas_bpf.cli import _options as options
from llamas_bpf.cli import _steps as steps

if TYPE_CHECKING:
    from llamas_bpf.contracts.profile import DeviceProfile


@click.command("devices")
@click.option(
    "--texts",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="your own texts: each NAME.md with a NAME.toml that says what is in it",
)
@options.as_json
def command(texts: Path | None, as_json: bool) -> None:
    """Score what is read from device texts: features found, wrong, missed and made up.

    On sixty texts of which it is known what they say; nobody has made a reader for those that are `held_out`.
    With --json each text's result is told, too. The exit status does not tell whether the marks were reached.
    """
    from llamas_bpf.bench import device_truth, devices
    from llamas_bpf.bench.devices_table import table
    from llamas_bpf.shown import plain

    cases = device_truth.load(texts or device_truth.PACKAGED)
    readers = {"offline": _offline}
    with steps.progress(len(readers) * len(cases)) as step:
        results = devices.measure(readers, cases, step)
    for sentence in results.failures():
        click.echo(plain(sentence), err=True)
    figures.show(results, table, as_json)


def _offline(name: str, raw: bytes) -> "DeviceProfile":
    from llamas_bpf.machine import reading, text

    return reading.read(text.parse(name, raw))
