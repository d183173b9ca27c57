"""The model's context: told of every window, asked now and then, and never at a loss for an answer."""

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from llamas_bpf.advise.confined.messages import Answered, Event, Figures, Observation, Start
from llamas_bpf.advise.context.call import Reach
from llamas_bpf.advise.context.calls import Calls
from llamas_bpf.advise.context.chain import Chain
from llamas_bpf.advise.context.core import Core
from llamas_bpf.advise.context.fifo import Fifo, Message
from llamas_bpf.advise.context.memory import Memory, StorageError
from llamas_bpf.advise.context.recall import When
from llamas_bpf.advise.context.tokens import TokenCount
from llamas_bpf.advise.context.window import Window
from llamas_bpf.advise.model.answer import Model
from llamas_bpf.advise.model.templates import Templates
from llamas_bpf.contracts.hint import Hint

_KEY = "context"
_EVENT_CHARS = 300
_NEW_RUN = (
    "The controller was started anew: ids such as w3 in what was said before this line mean other workloads "
    "than they do from now on."
)


class Context:
    """``notes``: what went wrong with its memory, and was dealt with. ``on_call`` is told the question before
    each call of the model."""

    def __init__(
        self,
        model: Model,
        start: Start,
        database: Path,
        on_call: Callable[[str], None] = lambda question: None,
    ) -> None:
        of, self._on_call = start.config.context, on_call
        self._model, self._steps = model, of.steps
        self._memory = Memory(database, of.keep_bytes)
        self.notes = self._memory.notes
        kept = self._restored()
        self._tokens = _tokens(kept.get("tokens"))
        self._core = Core(of.block_chars, kept.get("core"))
        self._queue = _queue(kept.get("queue"))
        self._run: int = kept.get("run") or 1
        self._run_name: str = kept.get("run_name") or ""
        self._when = When(self._run, kept.get("window") or 0, 0.0)
        self._templates = Templates(start.templates)
        self._window = Window(
            start.config, self._templates, self._tokens, self._core, self._queue, self._keep_message
        )
        if start.run and self._run_name not in ("", start.run):
            self._begin_run()
        self._run_name = start.run or self._run_name
        with self._noting():
            left_out = self._memory.archival.keep_documents(start.documents)
            self.notes += [f"{source} has no room in the model's memory" for source in left_out]

    def observe(self, observation: Observation) -> None:
        """Keep a window; what happened in it comes into the queue. Never raises."""
        try:
            self._observe(observation)
        except Exception as error:
            self._note(f"window {observation.number}: {type(error).__name__}: {error}")

    def answer(self, observation: Observation) -> Answered:
        """What the model says to the observation's question. Never raises."""
        assert observation.question is not None
        calls = Calls(self._model, self._tokens, observation, self._templates.hash, self._on_call)
        hints: list[Hint] = []
        try:
            hints = self._answer(observation, calls)
        except Exception as error:
            calls.fail(error)
        self._save()
        return Answered(
            question=observation.question.id,
            exchanges=calls.exchanges,
            hints=hints,
            retry_after_s=calls.retry_after_s,
        )

    def figures(self) -> Figures:
        """How full the window is, and what is behind it."""
        entries = 0
        with self._noting():
            entries = self._memory.recall.count()
        fallback = self._model.fallback
        return Figures(
            context_tokens=self._window.used_tokens,
            flushes=self._window.flushes,
            recalled_entries=entries,
            notes=[*self.notes, *([f"the model's server: {fallback}"] if fallback else [])],
        )

    def _observe(self, observation: Observation) -> None:
        if observation.number < self._when.window and not self._run_name:
            self._begin_run()  # nobody named the run, but windows are counted from its start
        self._when = When(self._run, observation.number, observation.at_s)
        lines = [
            (event, f"{_since(event, observation.number)}{_gist(event)}")
            for event in map(self._named, observation.events)
        ]
        with self._noting():
            rows = [(event.kind, event.workload, event.name, line) for event, line in lines]
            self._memory.recall.add_window(self._when, observation.records, rows)
        new = [line for event, line in lines if not self._is_old(event)]
        self._queue.messages += [Message("user", "event", observation.number, line) for line in new]
        if new:
            self._window.bound()
            self._save()

    def _named(self, event: Event) -> Event:
        """A verdict may come when its workload is gone: it is found by its name all the same."""
        if event.name or event.workload is None:
            return event
        name = None
        with self._noting():
            name = self._memory.recall.name_of(self._run, event.workload)
        return event.model_copy(update={"name": name})

    def _is_old(self, event: Event) -> bool:
        """Advisors suggest, and the guard refuses, the same in window after window."""
        if event.kind in ("verdict", "restored"):
            return False
        gist = _gist(event)
        return any(told.kind == "event" and told.text.endswith(gist) for told in self._queue.messages)

    def _answer(self, observation: Observation, calls: Calls) -> list[Hint]:
        self._window.ask_about(observation.number, observation.shown or {}, calls)
        reach = Reach(
            core=self._core,
            recall=self._memory.recall,
            archival=self._memory.archival,
            observation=observation,
            run=self._run,
            most_chars=self._window.result_chars,
        )
        return Chain(self._window, calls, self._tokens, reach).run(self._steps)

    def _begin_run(self) -> None:
        self._run += 1
        if self._queue.messages or self._queue.summary:
            self._queue.messages.append(Message("user", "note", self._when.window, _NEW_RUN))

    def _keep_message(self, message: Message) -> None:
        with self._noting():
            said = "you" if message.role == "assistant" else message.kind
            self._memory.recall.add(
                self._when, message.kind, f"window {message.window}, {said}: {message.text}"
            )

    def _restored(self) -> dict[str, Any]:
        kept: Any = None
        with self._noting():
            self._memory.check()
            kept = self._memory.load(_KEY)
        return kept if isinstance(kept, dict) else {}

    def _save(self) -> None:
        """All that a restarted process needs to go on."""
        with self._noting():
            state = {
                "tokens": self._tokens.as_json(),
                "core": self._core.texts,
                "queue": self._queue.as_json(),
                "run": self._run,
                "run_name": self._run_name,
                "window": self._when.window,
            }
            self._memory.keep(_KEY, state)

    @contextlib.contextmanager
    def _noting(self) -> Any:
        """Without its memory on disk it goes on, with what it has in mind."""
        try:
            yield
        except StorageError as failure:
            self._note(str(failure))

    def _note(self, sentence: str) -> None:
        if sentence not in self.notes[-10:]:
            self.notes.append(sentence)
            del self.notes[:-100]


def _tokens(kept: Any) -> TokenCount:
    with contextlib.suppress(TypeError, ValueError):
        return TokenCount(**kept)
    return TokenCount()


def _queue(kept: Any) -> Fifo:
    with contextlib.suppress(TypeError, KeyError, ValueError):
        return Fifo.from_json(kept)
    return Fifo()


def _since(event: Event, window: int) -> str:
    window = window if event.window is None else event.window
    return f"window {window}, " + (f"decision {event.decision}, " if event.decision is not None else "")


def _gist(event: Event) -> str:
    """One short line: names, and what quotes them, have come quoted."""
    about = f"{event.workload} {event.name or ''}".strip() if event.workload else "machine"
    line = " ".join(f"{about}: {event.kind}: {event.text}".split())
    # What was quoted stays so.
    return line if len(line) <= _EVENT_CHARS else f'{line[:_EVENT_CHARS]}..."'
