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


_ACTIONS = [
    ("Pages with over 20 accesses per second are not welcome.", "page_accesses_per_s", 20, "migrate_away"),
    ("Pages cold for more than 4 minutes are welcome.", "page_idle_s", 240, "migrate_here"),
    (
        "CXL. Pages here that are hit over 200 times per second have to go back to DRAM.",
        "page_accesses_per_s",
        200,
        "migrate_away",
    ),
    (
        "CXL. Should a page on this node see more than 30 accesses per second, take it back to DRAM.",
        "page_accesses_per_s",
        30,
        "migrate_away",
    ),
    (
        "CXL. A page that has not been touched for 5 minutes goes to the expander.",
        "page_idle_s",
        300,
        "migrate_here",
    ),
    (
        "CXL. Anything idle for more than 60 seconds should be sent over to the CXL card.",
        "page_idle_s",
        60,
        "migrate_here",
    ),
    (
        "HBM. Pages with over 1000 accesses per second go into the HBM.",
        "page_accesses_per_s",
        1000,
        "migrate_here",
    ),
    (
        "HBM. If a page in it has been idle for 30 seconds, out it goes, back to DDR5.",
        "page_idle_s",
        30,
        "migrate_away",
    ),
    (
        "CXL. If a page there gets 100 accesses per second or more, it should return to main memory.",
        "page_accesses_per_s",
        100,
        "migrate_away",
    ),
    (
        "CXL. Once a page has rested for 90 s, down it goes to the expander.",
        "page_idle_s",
        90,
        "migrate_here",
    ),
    ("CXL. Above 95 % full, nothing more should be put there.", "used_ratio", 0.95, "avoid"),
    (
        "HBM. Pages that see more than 500 accesses per second should be migrated here.",
        "page_accesses_per_s",
        500,
        "migrate_here",
    ),
    (
        "HBM. A page that sits here unused for 20 seconds must make room: back to DRAM with it.",
        "page_idle_s",
        20,
        "migrate_away",
    ),
    (
        "CXL. Pages idle for more than 15 minutes get demoted from DRAM to this node.",
        "page_idle_s",
        900,
        "migrate_here",
    ),
    (
        "A page here with over 80 accesses per second must be moved away, back to DRAM.",
        "page_accesses_per_s",
        80,
        "migrate_away",
    ),
    (
        "If a page has been idle for 5 minutes, off it goes to the slowpoke.",
        "page_idle_s",
        300,
        "migrate_here",
    ),
    ("If a page has been idle for 5 minutes, off it goes to the disk.", "page_idle_s", 300, "migrate_away"),
]


@pytest.mark.parametrize(("body", "figure", "value", "action"), _ACTIONS)
def test_where_a_page_lies_is_not_where_it_goes(body: str, figure: str, value: float, action: str) -> None:
    found = read(body, "node = 2").thresholds
    assert [(each.figure, each.value, each.action) for each in found] == [(figure, value, action)]
