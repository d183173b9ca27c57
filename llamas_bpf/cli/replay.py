"""``replay``: on recorded windows, what another advisor would have said, beside what was said then."""

import json
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import click

from llamas_bpf.cli import _options as options
from llamas_bpf.config import Config, load
from llamas_bpf.errors import ConfigError, LlamasError

if TYPE_CHECKING:
    from llamas_bpf.advise import Advisor
    from llamas_bpf.contracts.exchange import Exchange
    from llamas_bpf.contracts.machine import Machine
    from llamas_bpf.controller.replay import Compared
    from llamas_bpf.recording import Recording
    from llamas_bpf.store import Store

#: Beyond what an advisor itself gives the model for an answer.
_PATIENCE_S = 30

#: Not by the recording's clock: what is asked now is paid now, whatever day is played again.
_WILL_ASK = (
    "the model is asked anew about {} windows, whenever their situation changes, as far as [llm.budget] goes:"
    " its hours and days are those of now, not the recorded ones"
)


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--advisor", default="", help="whom to ask instead, as in `run`  [default: as in `run`]")
@options.config
@options.state
@options.as_json
def command(file: Path, advisor: str, config: Path | None, state: Path, as_json: bool) -> None:
    """Ask another advisor about the windows in FILE, and show beside it what was said then.

    FILE is what `export` wrote (of its runs, the last in which a model was asked), or `record`. Nothing is
    done: what became of things is as it was recorded, whatever would have been said instead. A model is asked
    in earnest, within the same budget as in `run`: its calls are counted in the state directory.
    """
    from llamas_bpf import advise, recording
    from llamas_bpf.cli import _compared
    from llamas_bpf.controller.replay import replay
    from llamas_bpf.store import Store

    settings = load(config)
    recorded = recording.load(file)
    if not recorded.windows:
        raise ConfigError(f"{file} has no digests: there is nothing to ask about")
    machine = _machine(recorded)
    order = advisor or settings.advisor or advise.default_order(settings)
    with ExitStack() as stack:
        store = None
        if "llm" in {name.strip() for name in order.split(",")}:
            store = stack.enter_context(Store(state, settings.store))
        # What a model remembers of this is not for its next run on this machine.
        memory = stack.enter_context(TemporaryDirectory(prefix="llamas-bpf-replay-"))
        accounts = store.accounts() if store else None
        advisors = advise.build(order, settings, advise.Earlier(Path(memory), accounts))
        stack.callback(_end, advisors, store)
        _say(advise.announcement(advisors, settings))
        if store:
            _say(_WILL_ASK.format(recorded.windows))
        found = replay(recorded, machine, advisors, lambda: _wait(advisors, settings))
        table, silent = _compared.Table(), ""
        for window in _with_progress(found, recorded.windows):
            table.add(window)
            _keep(store, window.exchanges)
            silent = _say_why(advisors, window.number, silent)
            if as_json and (window.then or window.now):
                click.echo(json.dumps(_compared.as_json(window)))
    if not as_json:
        table.print()
    (_say if as_json else click.echo)(table.summary(recorded.windows))


def _machine(recorded: "Recording") -> "Machine":
    """The recorded one; where none was recorded this one, if it has the same nodes."""
    from llamas_bpf import machine

    if recorded.machine is not None:
        return recorded.machine
    here = machine.read()
    _, digest = next(recorded.digests())
    nodes = {node.id for node in here.nodes}
    if set(digest.node_ids) != nodes:
        raise ConfigError(
            f"{recorded.path} does not tell of which machine it is, and is not of this one: it has the nodes"
            f" {sorted(digest.node_ids)}, here are {sorted(nodes)}: replay it where it was recorded, or what"
            " export writes, which tells the machine"
        )
    _say(f"{recorded.path} does not tell of which machine it is: this one is taken")
    return here


def _keep(store: "Store | None", exchanges: Iterable["Exchange"]) -> None:
    """What has cost something, under no run: so the next run, or replay, knows what is left of the budget."""
    if store and (asked := list(exchanges)):
        store.record_exchanges(asked)


def _end(advisors: list["Advisor"], store: "Store | None") -> None:
    for each in advisors:
        each.close()
    _keep(store, [one for each in advisors for one in each.drain_exchanges()])


def _say_why(advisors: list["Advisor"], number: int, said: str) -> str:
    """Why somebody gives no answer, where that is new."""
    why = "; ".join(f"{each.name} gives no answer ({each.why})" for each in advisors if each.why)
    if why and why != said:
        _say(f"from window {number}: {why}")
    return why


def _wait(advisors: list["Advisor"], config: Config) -> None:
    """Until no question to a model is out."""
    until = time.monotonic() + 2 * config.llm.timeout_s * config.llm.context.steps + _PATIENCE_S
    while not all(each.idle() for each in advisors):
        if time.monotonic() > until:
            raise LlamasError("the model's advisor does not come to an end: is its server well?")
        time.sleep(0.01)


def _with_progress(found: Iterator["Compared"], total: int) -> Iterator["Compared"]:
    shows = sys.stderr.isatty()
    for count, window in enumerate(found, start=1):
        if shows:
            click.echo(f"\rwindow {count} of {total}", nl=False, err=True)
        yield window
    if shows:
        click.echo("\r" + " " * 79 + "\r", nl=False, err=True)


def _say(sentence: str) -> None:
    from llamas_bpf.shown import plain

    click.echo(plain(sentence), err=True)
