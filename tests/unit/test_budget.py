"""What asking may cost, in any hour and any day."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
import reports

from llamas_bpf.advise.model.budget import DAY_S, HOUR_S, Ledger, Left
from llamas_bpf.config import BudgetConfig
from llamas_bpf.contracts.model_figures import Call, Spent
from llamas_bpf.errors import ConfigError

NOON = datetime(2026, 1, 2, 12, 0).timestamp()


class Others:
    """What others have spent since they were last looked at, and may spend yet; and what we may."""

    def __init__(self, *recorded: Call) -> None:
        self.recorded, self.out = [*recorded], list[Call]()
        self.noted: dict[str, Call] = {}

    def read(self) -> tuple[list[Call], list[Call]]:
        new, self.recorded = self.recorded, []
        return new, self.out

    def begin(self, question: str, grant: Callable[[list[Call], list[Call]], Call | None]) -> None:
        if most := grant(*self.read()):
            self.noted[question] = most

    def end(self, question: str) -> None:
        del self.noted[question]


class Book:
    """A ledger, and the time that it goes by."""

    def __init__(self, others: Others | None = None, **limits: Any) -> None:
        self.now_s = NOON
        config = BudgetConfig.model_validate({"calls_per_hour": None} | limits)
        self.ledger = Ledger(config, others, clock=lambda: self.now_s)

    def call(self, prompt: int = 900, answer: int = 100) -> None:
        self.ledger.add(reports.exchange(prompt_tokens=prompt, completion_tokens=answer))


def test_without_limits_everything_may_be_asked() -> None:
    book = Book()
    for _ in range(1000):
        book.call()
    assert book.ledger.left() == Left(None, None)
    assert book.ledger.refusal() == ""
    assert book.ledger.spent("hour") == Spent(1000, 1_000_000, 0.0)


def test_calls_of_an_hour() -> None:
    book = Book(calls_per_hour=2)
    book.call()
    book.now_s += 60
    assert book.ledger.left() == Left(1, None)
    book.call()
    assert book.ledger.left() == Left(0, None)
    assert book.ledger.refusal() == "2 calls in an hour are spent, next at 13:00"
    book.now_s = NOON + HOUR_S
    assert book.ledger.refusal() == ""
    assert book.ledger.left() == Left(1, None)
    assert book.ledger.spent("day").calls == 2


def test_the_narrower_of_hour_and_day_counts() -> None:
    book = Book(tokens_per_hour=10_000, tokens_per_day=3_500, calls_per_day=100)
    for _ in range(3):
        book.call()
    assert book.ledger.left() == Left(97, 500)
    book.call()
    book.now_s += HOUR_S
    assert book.ledger.refusal() == "3500 tokens in a day are spent, next at 12:00"
    book.now_s = NOON + DAY_S
    assert book.ledger.refusal() == ""


def test_money_is_told_in_tokens_of_the_dearer_kind() -> None:
    book = Book(money_per_hour=0.01, prompt_price=1.0, answer_price=10.0)
    book.call(prompt=1000, answer=200)
    assert book.ledger.spent("hour").money == pytest.approx(0.003)
    assert book.ledger.left() == Left(None, 700)
    book.call(prompt=1000, answer=600)
    assert book.ledger.left() == Left(None, 0)
    assert book.ledger.refusal().startswith("0.01 money in an hour are spent")
    with pytest.raises(ConfigError, match="no prompt_price"):
        Book(money_per_day=1)


def test_a_limit_of_nothing_is_never_over() -> None:
    assert Book(calls_per_day=0).ledger.refusal() == "0 calls in a day are spent"


def test_earlier_runs_count() -> None:
    ago = (DAY_S + 1, 100, HOUR_S + 1)
    book = Book(Others(*(Call(NOON - each, 5, 5) for each in ago)), calls_per_hour=5)
    assert book.ledger.spent("hour") == Spent(1, 10, 0.0)
    assert book.ledger.spent("day") == Spent(2, 20, 0.0)
    assert book.ledger.left() == Left(4, None)


def test_a_question_gets_what_it_may_need_or_what_is_left() -> None:
    others = Others()
    book = Book(others, tokens_per_day=50_000, calls_per_hour=10)
    assert book.ledger.begin("q1", 20, 8000, 2000) == Left(10, 50_000)
    assert others.noted == {"q1": Call(NOON, 30_000, 20_000, 10)}
    assert book.ledger.spent("day") == Spent()  # our own is counted when it has ended
    book.ledger.end("q1")
    assert others.noted == {}
    assert book.ledger.begin("q2", 3, 8000, 2000) == Left(3, 24_000)
    assert others.noted == {"q2": Call(NOON, 18_000, 6000, 3)}
    assert Book().ledger.begin("q", 20, 8000, 2000) == Left(20, 160_000)


def test_what_may_cost_most_is_noted_as_such() -> None:
    others = Others()
    book = Book(others, prompt_price=2, answer_price=1)
    book.ledger.begin("q", 2, 8000, 2000)
    assert others.noted == {"q": Call(NOON, 16_000, 0, 2)}


def test_what_others_spend_and_may_spend_is_not_left() -> None:
    others = Others()
    book = Book(others, calls_per_hour=30)
    book.call()
    others.recorded += [Call(NOON - 50, 10, 10), Call(NOON - 40, 10, 10)]
    others.out = [Call(NOON - 10, 150_000, 10_000, 20)]
    assert book.ledger.begin("q", 20, 8000, 2000) == Left(7, 56_000)
    assert book.ledger.spent("hour") == Spent(23, 161_040, 0.0)
    others.recorded.append(Call(NOON - 5, 10, 10))
    others.out = [Call(NOON - 1, 150_000, 10_000, 26)]
    assert book.ledger.begin("q", 20, 8000, 2000) is None
    assert book.ledger.refusal() == "30 calls in an hour are spent, next at 12:59"
    others.recorded, others.out = [Call(NOON, 10, 10)], []
    assert book.ledger.refusal() == ""
    assert book.ledger.left() == Left(25, None)


def test_what_a_killed_controller_asked_grows_old_like_all() -> None:
    others = Others()
    others.out = [Call(NOON - HOUR_S + 60, 18_000, 2000, 20)]
    book = Book(others, calls_per_hour=20)
    assert book.ledger.refusal() == "20 calls in an hour are spent, next at 12:01"
    book.now_s += 60
    assert book.ledger.refusal() == ""
    assert book.ledger.spent("day").calls == 20


@pytest.mark.parametrize(
    ("status", "answer", "tokens"),
    [("timeout", None, 25), ("unreachable", None, 0), ("http_error", None, 0), ("invalid", "x" * 40, 35)],
)
def test_what_no_server_has_counted_is_estimated(status: str, answer: str | None, tokens: int) -> None:
    book = Book()
    asked = reports.exchange(
        status=status,
        answer=answer,
        prompt=[{"role": "user", "content": "x" * 67}],
        prompt_tokens=None,
        completion_tokens=None,
    )
    book.ledger.add(asked)
    assert book.ledger.spent("hour") == Spent(1, tokens, 0.0)


def test_a_server_that_counts_nothing_has_not_counted() -> None:
    book = Book()
    prompt = [{"role": "user", "content": "x" * 67}]
    book.ledger.add(reports.exchange(prompt=prompt, answer="x" * 40, prompt_tokens=0, completion_tokens=0))
    assert book.ledger.spent("hour") == Spent(1, 35, 0.0)


def test_what_was_never_sent_costs_nothing() -> None:
    book = Book()
    book.ledger.add(reports.exchange(status="over_budget", prompt=[], answer=None, latency_ns=0))
    assert book.ledger.spent("hour") == Spent()


def test_sums_come_back_to_nothing() -> None:
    book = Book(prompt_price=0.1, answer_price=0.3)
    for _ in range(1000):
        book.call()
        book.now_s += 7
    book.now_s += DAY_S
    assert book.ledger.spent("day") == Spent()
