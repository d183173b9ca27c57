"""When the runtime should act, in the words of many writers."""

import pytest
from device_figures import read


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("Once a page sees 50 accesses per second, get it out of here.", "accesses_per_s above 50: away"),
        ("More than 5 touches a second and a page must leave.", "accesses_per_s above 5: away"),
        ("Pages that nobody touches for 30 s should make room.", "idle_s above 30: away"),
        ("Ten minutes of silence and a page can go in.", "idle_s above 600: here"),
        ("-> pages not accessed for 90 seconds go to the basement", "idle_s above 90: here"),
        ("-> pages accessed > 20 times per second leave the basement", "accesses_per_s above 20: away"),
        ("Pages with over 10 % writes do not belong here.", "write_ratio above 0.1: away"),
        ("Above 90 % utilisation, allocate nothing more here.", "used_ratio above 0.9: avoid"),
    ],
)
def test_a_threshold_is_told_in_many_ways(said: str, expected: str) -> None:
    found = read(f"A memory card.\n\n{said}").thresholds
    told = [
        f"{t.figure.removeprefix('page_')} {t.side} {t.value:g}: {t.action.split('_')[-1]}" for t in found
    ]
    assert told == [expected]


@pytest.mark.parametrize(
    "said",
    [
        "It was 90 % full last week.",
        "Sampling happens 100 times a second.",
        "20 % of our customers write.",
        "Two minutes after boot it is ready.",
        "A page was moved in 3 ms.",
    ],
)
def test_what_asks_nothing_of_the_runtime_is_no_threshold(said: str) -> None:
    assert not read(f"A memory card.\n\n{said}").thresholds
