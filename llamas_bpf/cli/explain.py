"""``explain``: one decision from events to outcome, or a table of the last ones."""

import difflib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from llamas_bpf.cli import _options as options
from llamas_bpf.errors import ConfigError

if TYPE_CHECKING:
    from llamas_bpf.store import Reader


@click.command()
@click.argument("decision", metavar="[ID]", required=False)
@click.option(
    "--limit", type=click.IntRange(1, 100_000), default=20, show_default=True, help="rows of the table"
)
@options.state
@options.as_json
def command(decision: str | None, limit: int, state: Path, as_json: bool) -> None:
    """Show the last decisions, newest first, or all that is known of the one called ID.

    ID is a decision's number or that of one of its actions (12 or 12.1). Works while a controller runs.
    """
    from llamas_bpf.cli import _decisions
    from llamas_bpf.store import Reader

    with Reader.open(state) as reader:
        found = reader.decisions(limit) if decision is None else _find(reader, decision, state)
    if as_json:
        # Escape sequences in names leave as \u001b: json writes plain ASCII.
        click.echo(json.dumps(found))
    elif isinstance(found, list):
        _decisions.table(found, state)
    else:
        _decisions.one(found)


def _find(reader: "Reader", decision: str, state: Path) -> dict[str, Any]:
    number = decision.partition(".")[0]
    plausible = number.isascii() and number.isdigit() and len(number) < 19
    if plausible and (found := reader.decision(int(number))):
        return found
    known = [str(row["id"]) for row in reader.decisions(limit=1000)]
    if not known:
        raise ConfigError(f"no decision {decision!r}: {state} holds none yet; run llamas-bpf run first")
    near = difflib.get_close_matches(number, known, n=1)
    meant = f"did you mean {near[0]}? " if near else ""
    raise ConfigError(f"no decision {decision!r} in {state}: {meant}the last one is {known[0]}")
