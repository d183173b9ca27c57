"""DAMON beside others who use it in a real kernel: what is theirs, or has become theirs, is left as it is."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from acting import action
from heat_guest import heat_from
from heat_settings import DAMON_STAT, NR_KDAMONDS, setting, tree
from scheme_guest import KDAMONDS, QUOTA, at_work, end_all, on, scheme, set_

from llamas_bpf.act import Actuation
from llamas_bpf.contracts.workload import Launched
from llamas_bpf.heat import damon

pytest_plugins = ("acting_in_guest",)
pytestmark = [pytest.mark.needs("damon"), pytest.mark.usefixtures("damon_alone")]


def test_watching_and_schemes_are_side_by_side(actuation: Actuation, held: Launched) -> None:
    with heat_from(damon.KIND) as heat:
        if heat.source != "damon":
            pytest.skip("kernel feature: DAMON of processes")
        set_(actuation, scheme("pageout", held), QUOTA)
        heat.read([], 10**9)
        assert heat.degradations == ()
    assert len(at_work()) == 1
    with heat_from(damon.KIND) as heat:
        assert heat.source == "damon"
        actuation.restore_all("end")
        assert at_work() == []
        assert heat.source == "damon"


@pytest.fixture
def foreign() -> Iterator[Path]:
    """Somebody's kdamond, which is running."""
    NR_KDAMONDS.write_text("1")
    kdamond = KDAMONDS / "0"
    (kdamond / "contexts/nr_contexts").write_text("1")
    context = kdamond / "contexts/0"
    (context / "operations").write_text("paddr")
    (context / "targets/nr_targets").write_text("1")
    regions = context / "targets/0/regions"
    (regions / "nr_regions").write_text("1")
    (regions / "0/start").write_text(str(1 << 20))
    (regions / "0/end").write_text(str(64 << 20))
    (kdamond / "state").write_text("on")
    yield kdamond
    (kdamond / "state").write_text("off")
    NR_KDAMONDS.write_text("0")


def test_somebody_elses_is_left_as_it_is(actuation: Actuation, held: Launched, foreign: Path) -> None:
    before = tree()
    (done,) = actuation.apply([action(scheme("pageout", held), QUOTA)])
    assert done.status == "failed"
    assert "DAMON is set up by somebody else" in done.detail
    assert actuation.restore_all("end") == []
    assert on(foreign)
    assert tree() == before


@pytest.mark.skipif(not DAMON_STAT.exists(), reason="kernel feature: damon_stat")
def test_the_kernels_own_use_is_named(actuation: Actuation, held: Launched) -> None:
    with setting(DAMON_STAT, "Y"):
        (done,) = actuation.apply([action(scheme("pageout", held), QUOTA)])
    assert done.status == "failed"
    assert f"echo N > {DAMON_STAT}" in done.detail


def test_taken_over_by_somebody_it_is_theirs(actuation: Actuation, held: Launched) -> None:
    target = scheme("pageout", held)
    set_(actuation, target, QUOTA)
    (kdamond,) = at_work()
    (kdamond / "state").write_text("off")
    NR_KDAMONDS.write_text("0")
    NR_KDAMONDS.write_text("2")
    before = tree()
    (done,) = actuation.apply([action(target, QUOTA, id_="2.1")])
    assert "DAMON is set up by somebody else" in done.detail
    (restored,) = actuation.restore_all("end")
    assert "set up anew by somebody else" in (restored.skipped or "")
    assert tree() == before
    NR_KDAMONDS.write_text("0")
    set_(actuation, scheme("lru_prio", held), QUOTA, "3.1")


def test_turned_off_by_somebody_it_stays_off(actuation: Actuation, held: Launched) -> None:
    target = scheme("pageout", held)
    set_(actuation, target, QUOTA)
    (kdamond,) = at_work()
    (kdamond / "state").write_text("off")
    (done,) = actuation.apply([action(target, "ms=5 bytes=4096", id_="2.1")])
    assert done.status == "failed"
    assert "someone else" in done.detail
    assert at_work() == []


def test_changed_by_somebody_it_is_theirs(actuation: Actuation, held: Launched) -> None:
    set_(actuation, scheme("pageout", held), QUOTA)
    (kdamond,) = at_work()
    (kdamond / "contexts/0/schemes/0/quotas/ms").write_text("7")
    (kdamond / "state").write_text("commit")
    (restored,) = actuation.restore_all("end")
    assert "someone else has set it to ms=7" in (restored.skipped or "")
    assert at_work() == [kdamond]
    end_all()
