"""One run of the controller: everything is opened here, and closed in the opposite order."""

import shlex
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from llamas_bpf import advise, collector
from llamas_bpf.act import Actuation, Journal, enforcing_lock, rollback
from llamas_bpf.advise import Advisor, Earlier
from llamas_bpf.config import STATE, Config
from llamas_bpf.contracts.decision import Restored
from llamas_bpf.contracts.machine import Machine
from llamas_bpf.contracts.report import WindowReport
from llamas_bpf.controller.loop import Controller
from llamas_bpf.controller.windows import windows
from llamas_bpf.guard import Guard
from llamas_bpf.guard.limits import load_limits
from llamas_bpf.learn import Lessons
from llamas_bpf.machine.watched import Watched
from llamas_bpf.metrics import Metrics
from llamas_bpf.store import Store, StoreError

Say = Callable[[str], None]


@dataclass(frozen=True)
class Settings:
    """What ``run`` was asked for. ``duration_s`` None: until stopped; ``metrics_port`` None: not served."""

    config: Config
    state: Path
    advisor: str = ""
    enforce: bool = False
    keep: bool = False
    duration_s: float | None = None
    metrics_port: int | None = None


def session(
    settings: Settings, stop: threading.Event, on_report: Callable[[WindowReport], None], say: Say
) -> None:
    """Run until the time is over or ``stop`` is set. Raises LlamasError with what to do about it."""
    config = settings.config
    limits = load_limits(config)
    watched = Watched(config, settings.state)
    here = watched.machine
    metrics = Metrics()
    with ExitStack() as stack:
        store = stack.enter_context(Store(settings.state, config.store))
        earlier = Earlier(settings.state, store.accounts())
        advisors = advise.build(settings.advisor or config.advisor, config, earlier)
        stack.callback(_end, advisors, store, say)
        actuation = stack.enter_context(_actuation(settings, here, store, say))
        if settings.metrics_port is not None:
            served = metrics.serve(settings.metrics_port)
            stack.callback(served.close)
            say(f"metrics on http://127.0.0.1:{served.port}/metrics")
        say(advise.announcement(advisors, config))
        _tell_notes(here, say)
        run = store.begin_run(here, ",".join(one.name for one in advisors), settings.enforce)
        guard = Guard(limits, actuation.present)
        lessons = Lessons()
        lessons.learn_all(store.outcomes())
        controller = Controller(here, advisors, guard, actuation, store, run, lessons)
        collector.set_aside()
        for digest in windows(config, here, stop, settings.duration_s, watched.look):
            if watched.machine is not here:
                here = watched.machine
                controller.sees(here)
                say("the machine, or what is said of it, has changed, and was read again")
                _tell_notes(here, say)
            report = controller.window(digest)
            metrics.observe(report)
            on_report(report)


def _tell_notes(here: Machine, say: Say) -> None:
    for note in here.notes:
        say(note)


def _end(advisors: Sequence[Advisor], store: Store, say: Say) -> None:
    """What was still being asked is kept too: it has cost something."""
    for advisor in advisors:
        advisor.close()
    try:
        store.record_exchanges([one for advisor in advisors for one in advisor.drain_exchanges()])
    except StoreError as error:
        say(f"the last questions are not kept: {error}")


@contextmanager
def _actuation(settings: Settings, here: Machine, store: Store, say: Say) -> Iterator[Actuation]:
    """What may write; on the way out, whatever is in force is put back, unless ``keep``."""
    if not settings.enforce:
        say("dry run: nothing is written; add --enforce to act")
        yield Actuation(here, None, dry_run=True)
        return
    with enforcing_lock():
        _report(rollback(settings.state, here), store, say, "left by an earlier run, put back")
        actuation = Actuation(here, Journal(settings.state), dry_run=False)
        try:
            yield actuation
        finally:
            if settings.keep:
                count = len(actuation.in_force())
                say(f"{count} settings stay as they are; {_rollback(settings.state)} puts them back")
            else:
                _report(actuation.restore_all("the run ended"), store, say, "put back")


def _rollback(state: Path) -> str:
    """The command that finds this run's journal."""
    where = "" if state == STATE else f" --state {shlex.quote(str(state.absolute()))}"
    return f"llamas-bpf rollback --all{where}"


def _report(restored: list[Restored], store: Store, say: Say, words: str) -> None:
    try:
        store.record_restored(restored)
    except StoreError as error:
        say(f"not kept for explain: {error}")
    for entry in restored:
        if entry.failed:
            say(f"{entry.action_id} {entry.target}: could not be put back: {entry.skipped}")
        elif entry.skipped:
            say(f"{entry.action_id} {entry.target}: left as it is: {entry.skipped}")
        else:
            say(f"{entry.action_id} {entry.target}: {words}: {entry.value!r}")
