"""What asking the model may cost: calls, tokens and money, in any hour and in any day."""

import bisect
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from llamas_bpf.config import BudgetConfig
from llamas_bpf.contracts.exchange import Exchange
from llamas_bpf.contracts.model_figures import Call, Spent
from llamas_bpf.cost import cost
from llamas_bpf.errors import ConfigError, LlamasError

if TYPE_CHECKING:
    from llamas_bpf.advise import Accounts

HOUR_S, DAY_S = 3600.0, 86400.0


@dataclass(frozen=True)
class Left:
    """None: as many as one likes."""

    calls: int | None
    tokens: int | None


class Ledger:
    """Of the last day. ``clock`` gives s since the epoch. Raises ConfigError for limits without prices, and
    LlamasError where ``accounts`` cannot be read."""

    def __init__(
        self,
        config: BudgetConfig,
        accounts: "Accounts | None" = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        limited = config.money_per_hour is not None or config.money_per_day is not None
        if limited and not config.prompt_price + config.answer_price:
            raise ConfigError("[llm.budget] limits money, but has no prompt_price and answer_price")
        self._config, self._accounts, self._clock = config, accounts, clock
        self._sums = {"hour": _Sum(HOUR_S, self._money), "day": _Sum(DAY_S, self._money)}
        self._refresh()

    def begin(self, question: str, calls: int, window: int, answer: int) -> Left | None:
        """Note, where all who ask see it, that this question may come to so many calls, each of a whole
        window of tokens, so many of them the answer's; or to less, if less is left. None: it may not be
        asked. Raises LlamasError: nor may it then."""
        granted: Left | None = None

        def grant(recorded: list[Call], out: list[Call]) -> Call | None:
            nonlocal granted
            self._learn(recorded, out)
            if self._refused():
                return None
            left = self.left()
            most = calls if left.calls is None else min(calls, left.calls)
            tokens = most * window if left.tokens is None else min(most * window, left.tokens)
            granted = Left(most, tokens)
            answers = min(tokens, most * answer)
            if self._config.prompt_price > self._config.answer_price:
                answers = 0
            return Call(self._clock(), tokens - answers, answers, most)

        if self._accounts is None:
            grant([], [])
        else:
            self._accounts.begin(question, grant)
        return granted

    def end(self, question: str) -> None:
        """It was not asked after all."""
        if self._accounts:
            with suppress(LlamasError):  # then it counts for a day
                self._accounts.end(question)

    def add(self, exchange: Exchange) -> None:
        """A call that has ended, whatever came of it. One that was never made costs nothing."""
        if call := cost(exchange, self._clock()):
            for sums in self._sums.values():
                sums.add(call)

    def spent(self, per: str) -> Spent:
        """In the last ``hour`` or ``day``: by us; by others, as of the last question, and with the most that
        may come of what they were asking then."""
        return self._sums[per].spent(self._clock())

    def limits(self) -> dict[str, float | None]:
        """By their keys in the configuration."""
        return {
            f"{unit}_per_{per}": getattr(self._config, f"{unit}_per_{per}")
            for unit in ("calls", "tokens", "money")
            for per in self._sums
        }

    def left(self) -> Left:
        """What one more question may take. Money is told in tokens, as if all were of the dearer kind."""
        calls: list[int] = []
        tokens: list[int] = []
        dearest = max(self._config.prompt_price, self._config.answer_price)
        for per in self._sums:
            spent = self.spent(per)
            if (limit := self._limit("calls", per)) is not None:
                calls.append(max(int(limit) - spent.calls, 0))
            if (limit := self._limit("tokens", per)) is not None:
                tokens.append(max(int(limit) - spent.tokens, 0))
            if (limit := self._limit("money", per)) is not None:
                tokens.append(max(int((limit - spent.money) / dearest * 1e6), 0))
        return Left(min(calls, default=None), min(tokens, default=None))

    def refusal(self) -> str:
        """Why nothing may be asked now, and until when; empty where something may."""
        reason = self._refused()
        if reason and any(sums.out for sums in self._sums.values()):
            with suppress(LlamasError):
                self._refresh()  # it may have come to less
                reason = self._refused()
        return reason

    def _refresh(self) -> None:
        if self._accounts:
            self._learn(*self._accounts.read())

    def _learn(self, recorded: list[Call], out: list[Call]) -> None:
        for sums in self._sums.values():
            for call in recorded:
                sums.add(call)
            sums.out = out

    def _refused(self) -> str:
        for per, sums in self._sums.items():
            spent = self.spent(per)
            for unit in ("calls", "tokens", "money"):
                limit = self._limit(unit, per)
                if limit is not None and getattr(spent, unit) >= limit:
                    what = f"{limit:g} {unit} in {'an hour' if per == 'hour' else 'a day'} are spent"
                    at_s = sums.below(unit, limit)
                    return what if at_s is None else f"{what}, next at {_clock_time(at_s)}"
        return ""

    def _limit(self, unit: str, per: str) -> float | None:
        limit: float | None = getattr(self._config, f"{unit}_per_{per}")
        return limit

    def _money(self, prompt_tokens: int, answer_tokens: int) -> float:
        config = self._config
        return (config.prompt_price * prompt_tokens + config.answer_price * answer_tokens) / 1e6


class _Sum:
    """Of what was spent in so many seconds, kept as calls come and grow old."""

    def __init__(self, seconds: float, money: Callable[[int, int], float]) -> None:
        self.out: list[Call] = []  # what others may spend yet
        self._seconds, self._money = seconds, money
        self._calls: deque[Call] = deque()  # by time
        self._prompt = self._answer = 0  # tokens

    def add(self, call: Call) -> None:
        bisect.insort(self._calls, call, key=lambda one: one.at_s)
        self._prompt += call.prompt_tokens
        self._answer += call.answer_tokens

    def spent(self, now_s: float) -> Spent:
        while self._calls and self._calls[0].at_s <= now_s - self._seconds:
            old = self._calls.popleft()
            self._prompt -= old.prompt_tokens
            self._answer -= old.answer_tokens
        self.out = [call for call in self.out if call.at_s > now_s - self._seconds]
        return self._with_out(len(self._calls), self._prompt, self._answer)

    def below(self, unit: str, limit: float) -> float | None:
        """When enough of it will have grown old; None: never."""
        calls, prompt, answer = len(self._calls), self._prompt, self._answer
        for call in sorted((*self._calls, *self.out), key=lambda one: one.at_s):
            calls, prompt, answer = (
                calls - call.count,
                prompt - call.prompt_tokens,
                answer - call.answer_tokens,
            )
            if getattr(self._with_out(calls, prompt, answer), unit) < limit:
                return call.at_s + self._seconds
        return None

    def _with_out(self, calls: int, prompt: int, answer: int) -> Spent:
        calls += sum(call.count for call in self.out)
        prompt += sum(call.prompt_tokens for call in self.out)
        answer += sum(call.answer_tokens for call in self.out)
        return Spent(calls, prompt + answer, self._money(prompt, answer))


def _clock_time(at_s: float) -> str:
    return time.strftime("%H:%M", time.localtime(at_s))
