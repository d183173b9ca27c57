"""The language model's advisor: asked beside the loop, when the situation changes; never waited for."""

from llamas_bpf.advise.ask import Asked, Asker
from llamas_bpf.advise.fingerprint import Watch
from llamas_bpf.advise.model import endpoint
from llamas_bpf.advise.model.endpoint import Endpoint
from llamas_bpf.advise.model.prompt import Prompts
from llamas_bpf.advise.worker import Worker
from llamas_bpf.config import Config
from llamas_bpf.contracts.exchange import Exchange
from llamas_bpf.contracts.hint import Advice, Hint
from llamas_bpf.contracts.situation import Situation
from llamas_bpf.errors import ConfigError

_NOT_SOONER_S = 5.0  # than this after the last question, however much changes
_RETRY_S = (5, 10, 20, 40, 80, 160, 300)  # after so many failures in a row; the last for all more


def create(config: Config) -> "LlmAdvisor":
    """Reads and checks the prompts; the server is asked nothing yet."""
    server = endpoint.configured(config)
    if server is None:
        raise ConfigError(f"advisor llm: no model is configured: {endpoint.HOW}")
    return LlmAdvisor(config, server)


class LlmAdvisor:
    """Time is the digests' own, so that a recorded day plays back as it went."""

    name = "llm"

    def __init__(self, config: Config, server: Endpoint) -> None:
        asker = Asker(config.llm, server, Prompts(config))
        self._worker = Worker(asker.ask, asker.close)
        self._watch = Watch()
        self._config = config.llm
        self._asked_ns: int | None = None
        self._failures = 0  # in a row
        self._retry_ns = 0
        self._exchanges: list[Exchange] = []

    def advise(self, situation: Situation) -> Advice | None:
        """Hints that have come in since; none while the model thinks; None while it does not answer."""
        now_ns = situation.digest.end_ns
        changed = self._watch.changed(situation)
        advice = self._receive(situation)
        if not self._worker.busy and self._due(changed, now_ns):
            self._worker.offer(situation)
            self._watch.asked()
            self._asked_ns = now_ns
        # Time-outs are per read, and headers may drip: a question can take longer than it should.
        overdue = self._worker.busy and self._since_asked_s(now_ns) > 2 * self._config.timeout_s
        return advice or (None if self._failures or overdue else self._advice([], frozenset()))

    def drain_exchanges(self) -> list[Exchange]:
        """Each exchange once, whatever became of it."""
        drained, self._exchanges = self._exchanges, []
        return drained

    def close(self) -> None:
        """An answer that came in last is kept, though nobody will act on it."""
        self._worker.close()
        asked = self._worker.take()
        if asked:
            self._exchanges.append(_stale(asked.exchange, "the controller stopped first"))

    def _due(self, changed: bool, now_ns: int) -> bool:
        if self._failures:
            return now_ns >= self._retry_ns
        since_s = self._since_asked_s(now_ns)
        return since_s >= self._config.ask_every_s or (changed and since_s >= _NOT_SOONER_S)

    def _since_asked_s(self, now_ns: int) -> float:
        return float("inf") if self._asked_ns is None else (now_ns - self._asked_ns) / 1e9

    def _receive(self, situation: Situation) -> Advice | None:
        asked = self._worker.take()
        if asked is None:
            return None
        now_ns = situation.digest.end_ns
        if asked.exchange.status == "ok" or asked.hints:
            self._failures = 0
        else:
            delay_s = _RETRY_S[min(self._failures, len(_RETRY_S) - 1)]
            self._failures, self._retry_ns = self._failures + 1, now_ns + delay_s * 10**9
        present = {workload.id for workload in situation.digest.workloads}
        age_s = (now_ns - asked.window_end_ns) / 1e9
        hints = [hint for hint in asked.hints if _still_stands(hint, present, age_s)]
        late = bool(asked.hints) and not hints
        self._exchanges.append(_stale(asked.exchange, "its situation has passed") if late else asked.exchange)
        return self._advice(hints, asked.known_ids, asked) if hints else None

    def _advice(self, hints: list[Hint], ids: frozenset[str], asked: Asked | None = None) -> Advice:
        exchange_id = asked.exchange.id if asked else None
        return Advice(advisor=self.name, hints=hints, known_ids=ids, exchange_id=exchange_id)


def _still_stands(hint: Hint, present: set[str], age_s: float) -> bool:
    """A late hint is worth nothing when its workload is gone, or when it would have ended by now."""
    workload = getattr(hint, "workload", None)
    return age_s <= hint.ttl_s and (workload is None or workload in present)


def _stale(exchange: Exchange, detail: str) -> Exchange:
    return exchange.model_copy(update={"status": "stale", "detail": detail})
