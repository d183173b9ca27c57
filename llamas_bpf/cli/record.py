"""``record``: watch, and write one digest a line. Nothing is advised and nothing is changed."""

import json
import sys
from pathlib import Path

import click
import numpy as np

from llamas_bpf.cli import _options as options
from llamas_bpf.config import BackendName, load
from llamas_bpf.contracts.digest import Digest
from llamas_bpf.errors import LlamasError


@click.command()
@options.duration
@click.option(
    "--out", type=click.Path(path_type=Path, allow_dash=True), default="-", help="FILE.jsonl, - is stdout"
)
@options.backend
@options.config
def command(duration: float | None, out: Path, backend: BackendName | None, config: Path | None) -> None:
    """Write one digest per window to a file, as lines of JSON."""
    from llamas_bpf import machine
    from llamas_bpf.as_json import digest_json
    from llamas_bpf.cli._output import output
    from llamas_bpf.controller.signals import stop_on_signal
    from llamas_bpf.controller.windows import windows

    settings = options.with_backend(load(config), backend)
    written = 0
    with stop_on_signal() as stop, output(out) as file:
        for digest in windows(settings, machine.read(), stop, duration):
            try:
                file.write(json.dumps(digest_json(digest)) + "\n")
                file.flush()
            except OSError as error:
                raise LlamasError(
                    f"{out}: {error.strerror} after {written} windows; give another --out"
                ) from None
            written += 1
            _progress(written, digest)
    click.echo(
        f"\n{written} windows in {out}" if sys.stderr.isatty() else f"{written} windows in {out}", err=True
    )


def _progress(number: int, digest: Digest) -> None:
    faults, switches = (int(np.nansum(digest.table[column])) for column in ("faults.minor", "sched.switches"))
    line = (
        f"window {number}: {len(digest.workloads)} workloads, {faults} faults, {switches} switches, "
        f"{sum(digest.lost.values())} lost"
    )
    if sys.stderr.isatty():
        click.echo(f"\r{line:<79}", nl=False, err=True)
    for degradation in digest.degradations if number == 1 else ():
        click.echo(f"llamas-bpf: {degradation}", err=True)
