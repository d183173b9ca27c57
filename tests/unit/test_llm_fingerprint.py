"""The model is asked when something has changed, not when something has wavered."""

import random
from dataclasses import replace

from situations import Row, hot, idle, situation, stream

from llamas_bpf.advise.fingerprint import Watch


def changes(windows: list[list[Row]]) -> list[int]:
    """The windows in which the model would be asked, were it quick."""
    watch, found = Watch(), []
    for number, rows in enumerate(windows):
        if watch.changed(situation(rows, number=number)):
            watch.asked()
            found.append(number)
    return found


def with_figures(row: Row, **figures: float) -> Row:
    return replace(row, columns={**row.columns, **{k.replace("__", "."): v for k, v in figures.items()}})


def test_noise_asks_nothing() -> None:
    rng = random.Random(1)
    windows = [
        [
            with_figures(
                hot(started_by_exec=True),
                sched__wakeups=rng.gauss(64, 8),
                sched__runqueue_p99_ns=rng.uniform(2e6, 6e6),
            ),
            with_figures(stream(), faults__minor=rng.gauss(4096, 400), sched__run_ns=rng.gauss(0.9e9, 4e7)),
        ]
        for _ in range(200)
    ]
    assert len(changes(windows)) <= 2


def test_one_odd_window_asks_nothing() -> None:
    usual, odd = [hot(), stream()], [hot(), idle("w2")]
    assert changes([usual] * 5 + [odd] + [usual] * 5) == [1]


def test_a_change_of_phase_asks_once() -> None:
    assert changes([[hot(), stream()]] * 5 + [[hot(), idle("w2", started_by_exec=True)]] * 5) == [1, 6]


def test_a_workload_that_comes_or_goes_asks() -> None:
    assert changes([[hot()]] * 4 + [[hot(), stream()]] * 4 + [[hot()]] * 4) == [1, 5, 9]


def test_small_ones_come_and_go_unheeded() -> None:
    small = [Row(f"w{n}", {"sched.run_ns": 1e6, "faults.minor": 50.0}) for n in range(100, 130)]
    windows = [[stream(), *small[n : n + 5]] for n in range(20)]
    assert changes(windows) == [1]


def test_a_figure_that_is_unknown_for_a_while_is_no_change() -> None:
    unknown = Row("w1", {"sched.run_ns": 0.15e9}, started_by_exec=True)
    assert changes([[hot(started_by_exec=True)]] * 4 + [[unknown]] * 4) == [1]
