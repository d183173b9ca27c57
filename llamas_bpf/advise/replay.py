"""The replay advisor: what was decided in a recorded run, again, window by window, without a server.

A model's hints are those that were decided on then. Its words are not read again: what was dropped of them,
and why, was of that day.
"""

import re
from collections.abc import Sequence
from pathlib import Path

from llamas_bpf.advise import NOTHING, Earlier
from llamas_bpf.advise.model import answer
from llamas_bpf.config import Config
from llamas_bpf.contracts.exchange import Exchange, Status
from llamas_bpf.contracts.hint import Advice, Hint
from llamas_bpf.contracts.model_figures import ModelFigures
from llamas_bpf.contracts.situation import Situation
from llamas_bpf.contracts.workload import Workload
from llamas_bpf.errors import ConfigError
from llamas_bpf.recording import Made, Recording, Who, load

NAME = "replay"

#: What ``exec`` calls a workload. Any other name is the program's own choice, and nobody is known by it.
_GIVEN_NAME = re.compile(r"[a-z0-9-]{1,32}")


def create(config: Config, earlier: Earlier = NOTHING, file: str = "") -> "ReplayAdvisor":
    """Reads and checks the whole file. Raises ConfigError."""
    if not file:
        raise ConfigError(f"advisor {NAME} wants a file: write {NAME}:FILE, as llamas-bpf export wrote it")
    return ReplayAdvisor(load(Path(file)))


class ReplayAdvisor:
    """Windows go by their numbers: the first of this run answers as the first of that one."""

    name = NAME
    why = ""

    def __init__(self, recording: Recording) -> None:
        self._names = recording.names
        self._made: dict[int, list[Made]] = {}
        for made in recording.decisions:
            self._made.setdefault(made.window, []).append(made)
        # An answer comes in the window in which it was used; one that was not, in that of its question.
        used = {made.exchange_id: made.window for made in recording.decisions}
        self._asked: dict[int, list[Exchange]] = {}
        for exchange in recording.exchanges:
            self._asked.setdefault(used.get(exchange.id, exchange.window), []).append(exchange)
        self._exchanges: list[Exchange] = []

    def observe(self, situation: Situation) -> None:
        """What was answered then does not depend on what is now."""

    def advise(self, situation: Situation) -> Advice:
        """The hints of that window; none where there were none."""
        made = self._made.get(situation.number, [])
        asked = self._asked.get(situation.number, [])
        ids = {exchange.id for exchange in asked}
        hints = self._here([each.hint for each in made if each.exchange_id not in ids], situation)
        exchange_id = None
        for exchange in asked:
            given = [each.hint for each in made if each.exchange_id == exchange.id]
            status, detail, found = exchange.status, exchange.detail, self._here(given, situation)
            if len(found) < len(given):
                status, detail = "unknown_id", "what it named is not on this machine now"
            hints += found
            exchange_id = exchange.id if status == "ok" or found else exchange_id
            self._exchanges.append(_replayed(exchange, status, detail))
        return Advice(
            advisor=self.name, hints=hints, known_ids=frozenset(_ids(situation)), exchange_id=exchange_id
        )

    def drain_exchanges(self) -> list[Exchange]:
        """As recorded, but for what they came to now, and what they cost: nothing."""
        drained, self._exchanges = self._exchanges, []
        return drained

    def idle(self) -> bool:
        """It answers at once."""
        return True

    def figures(self) -> ModelFigures | None:
        """No model is asked."""
        return None

    def close(self) -> None:
        """Nothing is held."""

    def _here(self, hints: Sequence[Hint], situation: Situation) -> list[Hint]:
        """Those that can be about something here, and about whom it is called now."""
        ids = _ids(situation)
        found = []
        for hint in hints:
            workload = getattr(hint, "workload", None)
            now = self._now(workload, situation) if workload else None
            if now is not None:
                found.append(hint.model_copy(update={"workload": now}))
            elif workload is None:
                found.append(hint)
        return [hint for hint in found if answer.ids(hint) <= ids]

    def _now(self, workload: str, situation: Situation) -> str | None:
        """What the controller calls it here; None where it is not there, or could be another."""
        then = self._names.get(workload)
        if then is None:
            return None
        for each in situation.digest.workloads:
            if each.id == workload and _is_same(then, each):
                return workload
        if not (then.started_by_exec and _GIVEN_NAME.fullmatch(then.name)):
            return None
        found = [
            each.id for each in situation.digest.workloads if each.started_by_exec and each.name == then.name
        ]
        return found[0] if len(found) == 1 else None


def _replayed(exchange: Exchange, status: Status, detail: str) -> Exchange:
    free = {"latency_ns": 0, "prompt_tokens": None, "completion_tokens": None}
    return exchange.model_copy(update={"status": status, "detail": detail, **free})


def _is_same(then: Who, now: Workload) -> bool:
    if (then.name, then.started_by_exec) != (now.name, now.started_by_exec):
        return False
    pids = {process.pid for process in now.processes}
    return then.started_by_exec or (then.cgroup == now.cgroup and bool(then.cgroup or pids & set(then.pids)))


def _ids(situation: Situation) -> set[str]:
    machine = situation.machine
    return (
        {workload.id for workload in situation.digest.workloads}
        | {f"node{node.id}" for node in machine.nodes}
        | {device.id for device in machine.devices}
    )
