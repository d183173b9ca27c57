"""``export``: everything a state directory holds, as lines of JSON."""

import json
import sys
from pathlib import Path

import click

from llamas_bpf.cli import _options as options
from llamas_bpf.errors import LlamasError


@click.command()
@click.option(
    "--out",
    type=click.Path(path_type=Path, allow_dash=True, dir_okay=False),
    required=True,
    help="FILE.jsonl, - is stdout",
)
@options.state
def command(out: Path, state: Path) -> None:
    """Write runs, digests, exchanges and decisions to a file, one JSON object a line, each with its kind.

    Works while a controller runs. What is written is what `replay FILE` and `--advisor replay:FILE` read.
    """
    from llamas_bpf.cli._output import private
    from llamas_bpf.store import Export

    written = 0
    with Export.open(state) as store:
        total = store.count()
        try:
            # Names of processes, and what was asked of the model, are nobody else's business.
            with private(out) as file:
                for line in store.lines():
                    file.write(json.dumps(line, allow_nan=False) + "\n")
                    written += 1
                    _progress(written, total)
        except OSError as error:
            if str(out) == "-":
                raise
            raise LlamasError(f"{out}: {error.strerror} by line {written}; give another --out") from None
    if sys.stderr.isatty():
        click.echo("\r" + " " * 79 + "\r", nl=False, err=True)
    click.echo(f"{written} lines in {out}", err=True)


def _progress(written: int, total: int) -> None:
    if sys.stderr.isatty() and written % 100 == 0:
        click.echo(f"\r{written} of about {total} lines", nl=False, err=True)
