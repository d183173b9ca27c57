"""Remarks and thresholds in the words of many writers."""

import pytest
from device_figures import read

_REMARKS = {
    "power": [
        ("TDP 15 W", "15 W"),
        ("It draws 15 W.", "15 W"),
        ("Consumption: 15 W under load", "15 W"),
        ("power budget 15 W", "15 W"),
        ("It burns fifteen watts.", "fifteen watts"),
        ("15 watts typical", "15 watts"),
        ("15W max", "15W"),
        ("It dissipates 15 W.", "15 W"),
        ("idle 4 W, active 15 W", "15 W"),
    ],
    "cost": [
        ("It costs 399 euros.", "399 euros"),
        ("Price: $1,200", "$1,200"),
        ("EUR 104.50 apiece", "104.50"),
        ("about 3 cents per GB", "3 cents"),
        ("We paid £250 for it.", "£250"),
        ("street price 7.50 USD/GB", "7.50 USD"),
        ("list price CHF 980.-", "CHF 980"),
        ("USD 38 per device", "38"),
        ("at 1200 € a piece", "1200 €"),
        ("¥98,000", "¥98,000"),
    ],
    "endurance": [
        ("You may rewrite it completely once a day for five years.", "once a day"),
        ("Total bytes written: 1200 TB", "1200 TB"),
        ("Because flash wears out, it is rated at 1 drive write per day over five years.", "1 drive write"),
        ("Flash wears out; this drive is specified for 600 TBW.", "600 TBW"),
        ("Good for 3 full drive writes a day for five years.", "3 full drive writes"),
        ("| | Min | Typ | Max |\n|---|---|---|---|\n| Endurance (cycles) | 10^14 | - | - |", "10^14"),
        (
            "| | Symbol | Min | Max | Unit |\n|---|---|---|---|---|\n| Endurance | N1 | 1e12 | - | cycles |",
            "1e12",
        ),
        ("Endurance: 1e10 cycles", "1e10"),
        ("10^14 writes before it wears.", "10^14"),
        ("It survives a million overwrites.", "million"),
        ("Each cell can be written 100,000 times.", "100,000"),
        ("3 DWPD for five years", "3 DWPD"),
        ("1,800 TBW", "1,800 TBW"),
        ("Rated for 3000 P/E cycles.", "3000"),
        ("write endurance unlimited", "unlimited"),
        ("No cell failed before 3 x 10^6 programming cycles.", "10^6"),
        ("Cells wear out after 5000 erases.", "5000"),
        ("Good for 550 TB of writes a year.", "550 TB"),
        ("It may be rewritten 10^5 times.", "10^5"),
        ("Each block can be written only once.", "once"),
        ("workload rating: 300 TB/year", "300 TB/year"),
        ("lifetime: 200 full drive writes", "200"),
    ],
}
_THRESHOLDS = [
    (
        "Promote a page into it after 20 faults per minute.",
        [("page_accesses_per_s", "above", 0.333333333333, "migrate_here")],
    ),
    (
        "Pages that see more than 50 accesses a second are to be moved out of it.",
        [("page_accesses_per_s", "above", 50, "migrate_away")],
    ),
    (
        "Move pages into the expander after 2 minutes without an access.",
        [("page_idle_s", "above", 120, "migrate_here")],
    ),
    (
        "When more than 85 % of the expander is in use, do not place anything else in it.",
        [("used_ratio", "above", 0.85, "avoid")],
    ),
    (
        "Anything that has not been touched for 5 minutes goes there.",
        [("page_idle_s", "above", 300, "migrate_here")],
    ),
    (
        "Bring a page back once it is hit more than 10 times per second.",
        [("page_accesses_per_s", "above", 10, "migrate_away")],
    ),
    ("Stop filling it at 90 % occupancy.", [("used_ratio", "above", 0.9, "avoid")]),
    (
        "If the share of writes exceeds 30 %, take the page out of here.",
        [("write_ratio", "above", 0.3, "migrate_away")],
    ),
    ("Evict pages that have been idle for a minute.", [("page_idle_s", "above", 60, "migrate_away")]),
    (
        "Pages with fewer than 2 touches a second may live here.",
        [("page_accesses_per_s", "below", 2, "migrate_here")],
    ),
    ("No more than 75 % of it should be filled.", [("used_ratio", "above", 0.75, "avoid")]),
    ("Do not let it get fuller than 75 %.", [("used_ratio", "above", 0.75, "avoid")]),
    (
        "A page touched less than once per second should leave.",
        [("page_accesses_per_s", "below", 1, "migrate_away")],
    ),
    ("Demote to it what nobody used for ten minutes.", [("page_idle_s", "above", 600, "migrate_here")]),
    ("At 95 percent full, begin moving pages away.", [("used_ratio", "above", 0.95, "migrate_away")]),
    (
        "Keep pages with a write ratio above 40 % off this memory.",
        [("write_ratio", "above", 0.4, "migrate_away")],
    ),
    ("Pages whose writes make up under 10 % belong here.", [("write_ratio", "below", 0.1, "migrate_here")]),
    ("Send hot pages (>= 100 hits/s) to it.", [("page_accesses_per_s", "above", 100, "migrate_here")]),
    (
        "Threshold for promotion to this tier: 200 accesses per second",
        [("page_accesses_per_s", "above", 200, "migrate_here")],
    ),
    ("promote_above: 200 accesses/s", [("page_accesses_per_s", "above", 200, "migrate_here")]),
    ("demote_idle_after: 30 s", [("page_idle_s", "above", 30, "migrate_away")]),
    ("migrate in when idle > 60 s", [("page_idle_s", "above", 60, "migrate_here")]),
    ("It answers 50 requests per second.", []),
    ("The fan runs at 60 %.", []),
    ("It was idle for 30 s during the test.", []),
    ("Moving a page takes 30 ms.", []),
    ("The team moved it here 2 years ago, 10 % cheaper.", []),
]


@pytest.mark.parametrize(
    ("field", "said", "words"),
    [(field, said, words) for field, each in _REMARKS.items() for said, words in each],
)
def test_a_remark_is_found(field: str, said: str, words: str) -> None:
    assert words in (getattr(read(f"A memory card.\n{said}"), field) or "")


@pytest.mark.parametrize(
    ("field", "body"),
    [
        ("power", "A memory card. The old one used 40 W."),
        ("endurance", "A memory card. It does 100,000 writes per second."),
    ],
)
def test_what_is_no_remark_on_it_is_left_out(field: str, body: str) -> None:
    assert getattr(read(body), field) is None


@pytest.mark.parametrize(("said", "expected"), _THRESHOLDS)
def test_a_condition_with_its_action_is_a_threshold(
    said: str, expected: list[tuple[str, str, float, str]]
) -> None:
    it = read(f"A memory expander.\n{said}")
    assert [(each.figure, each.side, each.value, each.action) for each in it.thresholds] == expected


@pytest.mark.parametrize(
    "said", ["Cells fail after 10^8 writes.", "It withstands 3000 cycles.", "Good for a million overwrites."]
)
def test_endurance_is_what_it_lasts(said: str) -> None:
    assert read(f"Flash storage.\n{said}").endurance == said.rstrip(".")


def test_money_has_everyday_names() -> None:
    assert read("A memory card. Costs 270 bucks a piece.").cost == "Costs 270 bucks a piece"
