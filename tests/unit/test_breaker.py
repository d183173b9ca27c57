"""A circuit breaker closes again as it should."""

from llamas_bpf.advise.breaker import Breaker

S = 10**9


def test_it_opens_closes_and_lets_one_try_through() -> None:
    breaker = Breaker()
    assert breaker.state(0) == "closed"
    breaker.failed(0)
    assert [breaker.state(s * S) for s in (0, 4, 5, 100)] == ["open", "open", "half-open", "half-open"]
    breaker.failed(100 * S)
    assert [breaker.state(s * S) for s in (109, 110)] == ["open", "half-open"]
    breaker.succeeded()
    assert breaker.state(111 * S) == "closed"
    breaker.failed(200 * S)
    assert breaker.state(205 * S) == "half-open"


def test_who_asks_for_peace_gets_at_least_that() -> None:
    breaker = Breaker()
    breaker.failed(0, least_s=60)
    assert [breaker.state(s * S) for s in (59, 60)] == ["open", "half-open"]
    breaker.failed(0, least_s=1)
    assert [breaker.state(s * S) for s in (9, 10)] == ["open", "half-open"]


def test_the_delays_have_an_end() -> None:
    breaker, waits = Breaker(), []
    for _ in range(10):
        breaker.failed(0)
        waits.append(next(s for s in range(1000) if breaker.state(s * S) == "half-open"))
    assert waits == [5, 10, 20, 40, 80, 160, 300, 300, 300, 300]
