"""Praise and blame in turns of speech, and what only sounds like them."""

import pytest
from device_figures import read

_TOP = (
    "The Lumo is a memory card. It has a green board. It came by post in 2024. Two people carried it in.\n\n"
)
_SAID = """
+rare_access: Dump your stale sessions on it and move on.
+rare_access: Where it earns its keep is with pages that go days between visits.
+rare_access: Treat it as the place for seldom-needed stuff.
+rare_access: The less you look at a page, the better it is stored here.
-frequent_access: Anything the scheduler touches each tick has no business here.
-frequent_access: You'd be mad to leave a hot table on it.
-frequent_access: The busier a page, the less it wants to be on this thing.
-frequent_access: I would not trust it with the working set.
-frequent_access: Nobody in their right mind keeps hot pages on it.
-frequent_access: The one thing you must not do is keep your working set there.
-frequent_access: Popular keys need a faster home.
+frequent_access: Your hottest structures deserve this memory.
+frequent_access: Pages in constant demand get the most out of it.
+frequent_access: Nothing beats it for pages under permanent fire.
+reads: Mostly-read tables are what we bought it for.
+reads: Lookup tables sit well on it.
-writes: It has no appetite for writes.
-writes: Go easy on the writes.
-writes: Not the thing to scribble on all day.
-writes: Kindly refrain from writing to it too much.
-writes: You do not want to write to it more than you must.
+writes: It absorbs write bursts without breaking a sweat.
+writes: Dirty pages are nothing to worry about.
-random_access: Scattered accesses bring it to its knees.
-random_access: Forget random lookups.
-random_access: No good for hash joins.
+random_access: Truly random patterns hold no terrors for it.
+random_access: Whether near or far, all accesses are equally fast: random access is its forte.
+sequential_access: We bought it purely to stream through it.
-sequential_access: Streaming is not what it is about.
-small_accesses: Small requests drown in protocol overhead.
-small_accesses: Tiny objects are better kept somewhere else.
-small_accesses: Do yourself a favour: no tiny transfers.
+large_data: It swallows a whole genome index without blinking.
+large_data: If it is big, it belongs here.
-latency: Don't come here for low latency.
-latency: Anyone who needs quick answers should look elsewhere.
-keeping_data: Not somewhere to store what you cannot lose.
-keeping_data: Don't keep anything there you care about.
+parallel_compute: Thousands of identical little jobs is what makes it happy.
-serial_compute: It was never any good at code full of ifs and elses.
-serial_compute: Single-threaded programs run like treacle.
-pointer_chasing: Walking trees on it takes forever.
+matrix_compute: For dense linear algebra there's nothing like it.
-frequent_access: Keep anything hot well clear of it.
-keeping_data: Don't leave anything important on it.
-writes: We forbid write-heavy jobs on it.
+background_work: Stuff nobody waits for can run there.
+background_work: Leave the nightly jobs to these cores.
"""
_NOT_SAID = """
Is it good for hot data?
If it were faster, hot pages could live here.
If only it were persistent, the journal could go there.
The vendor claims that it loves random access; we have not tried.
According to the brochure it is great for random access, but that remains to be seen.
Whether writes hurt it is anybody's guess.
I wonder whether small writes would hurt it.
They say that scans are fast; I doubt it.
Nobody has tested random reads yet.
The neighbouring FPGA is meant for matrix work.
We keep the logs in the rack next door.
Writes are neither better nor worse here than elsewhere.
It was delivered with a broken fan, which is bad.
The board runs hot, which is bad.
It's not bad.
"""
_HEADED = [
    ("+ matrix multiplications\n- single-threaded code\n", {"matrix_compute"}, {"serial_compute"}),
    ("👍 huge tables\n👎 tiny objects\n", {"large_data"}, {"small_accesses"}),
    ("✔ scans\n✘ updates\n", {"sequential_access"}, {"writes"}),
    ("What it's for: lookup tables. What it's not for: updates.\n", {"reads"}, {"writes"}),
    (
        "When to use it\n- cold pages\n\nWhen not to use it\n- hot pages\n",
        {"rare_access"},
        {"frequent_access"},
    ),
    (
        "Dense matrix products: always on it. Tree walks: never on it.\n",
        {"matrix_compute"},
        {"pointer_chasing"},
    ),
    (
        "For the archives it's perfect. For the hot data, no, surely not.\n",
        {"rare_access"},
        {"frequent_access"},
    ),
]


def _lines(table: str) -> list[str]:
    return table.strip().splitlines()


@pytest.mark.parametrize("line", _lines(_SAID))
def test_a_turn_of_speech_is_understood(line: str) -> None:
    trait, _, said = line[1:].partition(": ")
    it = read(_TOP + said)
    sides = (it.good_at, it.bad_at) if line[0] == "+" else (it.bad_at, it.good_at)
    assert trait in sides[0] and trait not in sides[1]


@pytest.mark.parametrize("said", _lines(_NOT_SAID))
def test_what_is_asked_wished_reported_or_said_of_another_is_no_judgement(said: str) -> None:
    it = read(_TOP + said)
    assert (it.good_at, it.bad_at) == ((), ())


@pytest.mark.parametrize(("listed", "good", "bad"), _HEADED)
def test_lists_praise_and_blame_by_signs_and_by_what_stands_above(
    listed: str, good: set[str], bad: set[str]
) -> None:
    it = read(_TOP + listed)
    assert (good, bad) == (set(it.good_at), set(it.bad_at))
