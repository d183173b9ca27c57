"""The language model's advisor: asked beside the loop, when the situation changes; never waited for.

The model's client, and what it remembers, are in a process of their own (``confined/``): here is decided when
to ask, and what of an answer still holds.
"""

import uuid

from llamas_bpf import policies
from llamas_bpf.advise import NOTHING, Earlier
from llamas_bpf.advise.asked import Asked, concluded
from llamas_bpf.advise.breaker import Breaker
from llamas_bpf.advise.confined.messages import (
    Answered,
    Asking,
    Document,
    Figures,
    Observation,
    Question,
    Start,
)
from llamas_bpf.advise.confined.process import Confined, Ended
from llamas_bpf.advise.confined.user import account
from llamas_bpf.advise.fingerprint import Watch
from llamas_bpf.advise.model import answer, endpoint
from llamas_bpf.advise.model.backlog import Backlog
from llamas_bpf.advise.model.budget import Ledger
from llamas_bpf.advise.model.endpoint import Endpoint
from llamas_bpf.advise.model.observation import observation
from llamas_bpf.advise.model.prompt import Prompts
from llamas_bpf.advise.staleness import still_stands
from llamas_bpf.config import Config, ContextConfig, LlmConfig, read_trusted
from llamas_bpf.contracts.exchange import Exchange
from llamas_bpf.contracts.hint import Advice, Hint
from llamas_bpf.contracts.model_figures import ModelFigures
from llamas_bpf.contracts.situation import Situation
from llamas_bpf.errors import ConfigError, LlamasError

_NOT_SOONER_S = 5.0  # than this after the last question, however much changes
_STOPPED = "the controller stopped first"


def create(config: Config, earlier: Earlier = NOTHING) -> "LlmAdvisor":
    """Reads and checks the prompts; the server is asked nothing yet, and no process started."""
    server = endpoint.configured(config)
    if server is None:
        raise ConfigError(f"advisor llm: no model is configured: {endpoint.HOW}")
    account(config.llm.user)
    return LlmAdvisor(config, server, earlier)


class LlmAdvisor:
    """Time is the digests' own, so that a recorded day plays back as it went."""

    name = "llm"

    def __init__(self, config: Config, server: Endpoint, earlier: Earlier) -> None:
        prompts = Prompts(config)
        start = Start(
            base_url=server.base_url,
            model=server.model,
            config=config.llm,
            templates=prompts.texts,
            documents=_documents(config),
            run=uuid.uuid4().hex,
        )
        self._process = Confined(start, server.api_key, earlier.state, config.llm.user, _answer_s(config.llm))
        self._config, self._model, self._prompts = config.llm, server.model, prompts
        self._ledger = Ledger(config.llm.budget, earlier.accounts)
        self._watch, self._breaker, self._backlog = Watch(), Breaker(), Backlog()
        self._changed = False
        self._told: int | None = None  # the last window
        self._now_ns = 0  # its end
        self._asked: Asked | None = None  # still to be answered
        self._begun = 0  # calls that were begun of it
        self._asked_ns: int | None = None  # when last
        self._came: tuple[Asked, Answered] | None = None  # and not looked at yet
        self._failed = ""  # why the last question came to nothing
        self._short = False  # because the budget leaves less than it needs
        self._denied = ""  # why a question that was due was not asked
        self._exchanges: list[Exchange] = []
        self._figures, self._flushed = Figures(context_tokens=0, flushes=0, recalled_entries=0), 0
        self.why = ""

    def advise(self, situation: Situation) -> Advice | None:
        """Hints that have come in since; none while the model thinks; None while it does not answer."""
        self._look(situation)
        advice = self._receive(situation)
        now_ns = situation.digest.end_ns
        self._denied = ""
        if self._asked is None and self._due(now_ns):
            self._ask(situation)
        if self._told != situation.number:
            self._tell(situation, None)
        refusal = self._denied or self._ledger.refusal()
        self.why = f"budget: {refusal}" if refusal else ""
        if not self.why:
            self.why = self._process.trouble or self._failed or self._overdue(now_ns)
        return advice or (None if self.why else self._advice([], frozenset()))

    def observe(self, situation: Situation) -> None:
        """Its process is told of every window, once."""
        if self._told != situation.number:
            self._look(situation)
            self._tell(situation, None)

    def idle(self) -> bool:
        """Whether no question is open: what has come is taken in first, for the next window."""
        self._pump(self._now_ns)
        return self._asked is None

    def figures(self) -> ModelFigures:
        """What it has come to so far."""
        return ModelFigures(
            hour=self._ledger.spent("hour"),
            day=self._ledger.spent("day"),
            limits=self._ledger.limits(),
            context_tokens=self._figures.context_tokens,
            window_tokens=self._config.context.tokens,
            flushes=self._flushed + self._figures.flushes,
            recalled_entries=self._figures.recalled_entries,
            restarts=self._process.restarts,
            dropped=self._process.dropped,
        )

    def drain_exchanges(self) -> list[Exchange]:
        """Each exchange once, whatever became of it."""
        drained, self._exchanges = self._exchanges, []
        return drained

    def close(self) -> None:
        """An answer that came in last is kept, though nobody will act on it."""
        self._pump(0)
        self._process.close()
        if self._came:
            came = self._came[1]
            late = concluded(came.exchanges, "stale", _STOPPED)
            self._exchanges += late if came.hints else came.exchanges
            self._came = None
        if self._asked:
            self._exchanges += self._asked.lost("stale", _STOPPED, self._begun)
            self._asked = None

    def _look(self, situation: Situation) -> None:
        self._changed, self._now_ns = self._watch.changed(situation), situation.digest.end_ns
        self._pump(self._now_ns)

    def _due(self, now_ns: int) -> bool:
        if self._ledger.refusal():
            return False
        state = self._breaker.state(now_ns)
        if state == "open":
            return False
        since_s = float("inf") if self._asked_ns is None else (now_ns - self._asked_ns) / 1e9
        soon = (self._changed or state == "half-open") and not self._short
        return since_s >= self._config.ask_every_s or (soon and since_s >= _NOT_SOONER_S)

    def _ask(self, situation: Situation) -> None:
        """Not before it is noted what that may cost: whatever ends us meanwhile, it counts."""
        context, id_ = self._config.context, uuid.uuid4().hex
        answer = min(self._config.max_answer_tokens, context.tokens)
        try:
            granted = self._ledger.begin(id_, most_calls(context), context.tokens, answer)
        except LlamasError as error:
            self._denied = f"what a question may cost cannot be noted: {error}"
            return
        if granted is None:
            self._denied = self._ledger.refusal()
            return
        question = Question(id=id_, calls=granted.calls, tokens=granted.tokens)
        told = self._tell(situation, question)
        if not told:
            self._ledger.end(id_)
        else:
            known = frozenset(told.known_ids)
            self._asked = Asked(question.id, situation, known, self._model, self._prompts.hash, self._config)
            self._begun = 0
            self._asked_ns = situation.digest.end_ns
            self._watch.asked()

    def _tell(self, situation: Situation, question: Question | None) -> Observation | None:
        """What its process was told; None where it could not be."""
        self._told = situation.number
        told = observation(situation, question, self._config.history_windows)
        told = self._backlog.with_earlier(told)
        sent = self._process.send(told)
        self._backlog.keep(told, sent)
        return told if sent else None

    def _overdue(self, now_ns: int) -> str:
        """A question that takes several steps may be answered all the same, later."""
        if self._asked is None or self._asked_ns is None:
            return ""
        late = (now_ns - self._asked_ns) / 1e9 > 2 * self._config.timeout_s
        return "timeout: no answer yet" if late else ""

    def _pump(self, now_ns: int) -> None:
        """What the process has to say, put where it belongs."""
        for message in self._process.receive():
            match message:
                case Figures():  # one after each window
                    self._figures = message
                    self._backlog.confirmed()
                case Ended():
                    self._backlog.ended()
                    self._flushed += self._figures.flushes
                    self._figures = Figures(context_tokens=0, flushes=0, recalled_entries=0)
                    self._die(message.sentence, now_ns)
                case Asking():  # it may say so as often as it likes
                    self._begun = min(self._begun + 1, most_calls(self._config.context))
                case Answered() if self._asked:
                    self._answered(self._asked, message, now_ns)

    def _answered(self, asked: Asked, message: Answered, now_ns: int) -> None:
        exchanges = asked.exchanges(message)
        for exchange in exchanges:
            self._ledger.add(exchange)
        self._asked, self._came = None, (asked, message.model_copy(update={"exchanges": exchanges}))
        last = exchanges[-1]
        self._short = last.status == "over_budget" and not message.hints
        if last.status == "ok" or message.hints:
            self._breaker.succeeded()
            self._failed = ""
        elif self._short:  # nobody has failed
            self._failed = f"budget: {last.detail}"
        else:
            self._breaker.failed(now_ns, message.retry_after_s or 0)
            self._failed = f"{last.status}: {last.detail}"

    def _die(self, sentence: str, now_ns: int) -> None:
        if self._asked is None:
            return
        died = self._asked.lost("died", sentence, self._begun)
        for exchange in died:
            self._ledger.add(exchange)
        self._exchanges += died
        self._asked, self._short = None, False
        self._breaker.failed(now_ns)
        self._failed = f"died: {sentence}"

    def _receive(self, situation: Situation) -> Advice | None:
        if self._came is None:
            return None
        (asked, came), self._came = self._came, None
        exchanges = came.exchanges
        usable = [hint for hint in came.hints if answer.ids(hint) <= asked.known_ids]
        hints = still_stands(usable, asked.situation, situation)
        # Also when one of several is dropped: whoever it was about was not left alone.
        if len(usable) < len(came.hints):
            exchanges = concluded(exchanges, "unknown_id", "a hint names what its prompt did not give out")
        elif len(hints) < len(usable):
            whose = "the situation of a hint" if hints else "its situation"
            exchanges = concluded(exchanges, "stale", f"{whose} has passed")
        self._exchanges += exchanges
        if exchanges[-1].status != "ok" and not hints:
            return None
        return self._advice(hints, asked.known_ids, exchanges[-1].id)

    def _advice(self, hints: list[Hint], ids: frozenset[str], exchange_id: str | None = None) -> Advice:
        return Advice(
            advisor=self.name,
            hints=hints,
            known_ids=ids,
            exchange_id=exchange_id,
            # At its start its memory has notes already, which come again with the figures.
            degradations=tuple(dict.fromkeys((*self._process.notes, *self._figures.notes))),
        )


def _documents(config: Config) -> list[Document]:
    """What the operator has written about devices, and whatever else the model should know."""
    return [
        Document(source=path.stem, text=read_trusted(path))
        for folder in ("devices", "notes")
        for path in policies.find_all(config, folder, ".md")
    ]


def most_calls(config: ContextConfig) -> int:
    """Of one question. Each step takes one, and another where the server finds the first too long; and some
    are for summaries."""
    return 2 * config.steps + 4


def _answer_s(config: LlmConfig) -> float:
    """How long a question may take: each step its time, and the queue's own business; then it hangs."""
    return 60 + config.timeout_s * (config.context.steps + 2)
