"""DAMON schemes in a real kernel: pages move by their heat, a workload's and nobody else's; and of what is
set up for that nothing is left, whatever happens."""

import os
import signal
import time
from pathlib import Path

import pytest
from acting import action
from dying import dies
from guest_workloads import MIB, anon_bytes, holding, knob
from heat_guest import Shape, running
from heat_settings import NR_KDAMONDS, tree
from quick_start import ran
from scheme_guest import QUOTA, applied_bytes, at_work, end_all, said, scheme, set_, until

from llamas_bpf import machine
from llamas_bpf.act import Actuation, Journal
from llamas_bpf.contracts.action import Scheme, SchemeName
from llamas_bpf.contracts.workload import Launched
from llamas_bpf.damon.claim import ClaimFile
from llamas_bpf.damon.errors import NotOursError
from llamas_bpf.launched import launched

pytest_plugins = ("acting_in_guest",)
pytestmark = [pytest.mark.needs("damon"), pytest.mark.usefixtures("damon_alone")]

WARM = Shape("warm", 24, 96, "small")
NAMES: tuple[SchemeName, ...] = ("migrate_hot", "migrate_cold", "pageout", "lru_prio", "lru_deprio")


def named(name: str) -> Launched:
    return next(entry for entry in launched() if entry.name == name)


def value(name: SchemeName, node: int = 2) -> str:
    return f"target_nid={node} {QUOTA}" if name.startswith("migrate_") else QUOTA


@pytest.mark.needs("node2")
def test_cold_pages_move_and_hot_ones_and_others_stay(actuation: Actuation) -> None:
    with holding(48, "other") as other, running(WARM):
        warm = named("warm")
        before, others = anon_bytes(warm), anon_bytes(other)
        set_(actuation, scheme("migrate_cold", warm), value("migrate_cold"))
        cold = (WARM.all_mib - WARM.hot_mib) * MIB
        until(lambda: anon_bytes(warm)["N2"] - before["N2"] >= 0.9 * cold, lambda: anon_bytes(warm))
        actuation.restore_all("end")
        after = anon_bytes(warm)
        print(f"\nmigrate_cold: {before} -> {after}; another's: {others} -> {anon_bytes(other)}")
        assert after["N0"] + after["N1"] >= 0.9 * WARM.hot_mib * MIB
        assert anon_bytes(other)["N2"] == others["N2"]


@pytest.mark.needs("node2")
@pytest.mark.slow
def test_hot_pages_come_back_and_cold_ones_stay(actuation: Actuation) -> None:
    with running(WARM):
        warm = named("warm")
        assert actuation.apply([action(knob(warm, "cpuset.mems"), "2")])[0].status == "applied"
        actuation.restore_all("everything is on the slow node now")
        before = anon_bytes(warm)
        assert before["N2"] >= 0.95 * WARM.all_mib * MIB
        set_(actuation, scheme("migrate_hot", warm), value("migrate_hot", node=0), "2.1")
        until(
            lambda: anon_bytes(warm)["N0"] - before["N0"] >= 0.9 * WARM.hot_mib * MIB,
            lambda: anon_bytes(warm),
        )
        actuation.restore_all("end")
        after = anon_bytes(warm)
        print(f"\nmigrate_hot: {before} -> {after}")
        assert after["N2"] >= 0.8 * (WARM.all_mib - WARM.hot_mib) * MIB


@pytest.mark.needs("node2")
def test_when_it_is_hot_or_cold_is_as_the_text_says(actuation: Actuation) -> None:
    """And nothing moves before it can have been idle for so long: DAMON counts from its own start."""
    with running(WARM):
        warm = named("warm")
        set_(actuation, scheme("migrate_hot", warm), f"target_nid=0 looks=9 {QUOTA}")
        (kdamond,) = at_work()
        assert said(kdamond, "access_pattern/nr_accesses/min") == "9"
        actuation.restore_all("end")
        began = time.monotonic()
        set_(actuation, scheme("migrate_cold", warm), f"target_nid=2 idle_s=8 {QUOTA}", "2.1")
        (kdamond,) = at_work()
        assert said(kdamond, "access_pattern/age/min") == "8"
        until(lambda: applied_bytes(kdamond) > 0, tree, seconds=300)
        assert time.monotonic() - began >= 8


@pytest.mark.needs("swap")
def test_cold_pages_go_out_to_swap(actuation: Actuation) -> None:
    with holding(32, "other") as other, running(WARM):
        warm = named("warm")
        before, others = anon_bytes(warm), anon_bytes(other)
        set_(actuation, scheme("pageout", warm), value("pageout"))
        cold = (WARM.all_mib - WARM.hot_mib) * MIB
        until(lambda: before["N0"] - anon_bytes(warm)["N0"] >= 0.9 * cold, lambda: anon_bytes(warm))
        actuation.restore_all("end")
        print(f"\npageout: {before} -> {anon_bytes(warm)}; another's: {others} -> {anon_bytes(other)}")
        assert anon_bytes(warm)["N0"] >= 0.8 * WARM.hot_mib * MIB
        assert anon_bytes(other)["N0"] >= 0.98 * others["N0"]


@pytest.mark.slow
def test_the_whole_machine_is_sorted(actuation: Actuation) -> None:
    with running(WARM):
        for number, name in enumerate(("lru_prio", "lru_deprio"), start=1):
            set_(actuation, Scheme.model_validate({"knob": name}), QUOTA, f"{number}.1")
        prio, deprio = at_work()
        assert (said(prio, "action"), said(deprio, "action")) == ("lru_prio", "lru_deprio")
        until(lambda: applied_bytes(prio) > 0 and applied_bytes(deprio) > 0, tree)


@pytest.mark.needs("node2")
@pytest.mark.parametrize("name", NAMES)
def test_each_is_set_seen_and_undone(actuation: Actuation, held: Launched, name: SchemeName) -> None:
    target = scheme(name, held)
    set_(actuation, target, value(name))
    (kdamond,) = at_work()
    assert said(kdamond, "action") == name
    assert said(kdamond, "quotas/bytes") == "4294967296"
    assert said(kdamond, "quotas/ms") == "1000"
    if name.startswith("migrate_"):
        assert said(kdamond, "target_nid") == "2"
    (again,) = actuation.apply([action(target, value(name), id_="2.1")])
    assert again.status == "unchanged"
    other = value(name).replace("ms=1000", "ms=50")
    set_(actuation, target, other, "3.1")
    assert [said(one, "quotas/ms") for one in at_work()] == ["50"]
    (restored,) = actuation.restore_all("end")
    assert (restored.value, restored.skipped) == ("off", None)
    assert NR_KDAMONDS.read_text() == "0\n"


def test_a_goal_is_set(actuation: Actuation, held: Launched) -> None:
    set_(actuation, scheme("pageout", held), f"{QUOTA} some_mem_psi_us=10000")
    (kdamond,) = at_work()
    assert said(kdamond, "quotas/goals/0/target_metric") == "some_mem_psi_us"
    assert said(kdamond, "quotas/goals/0/target_value") == "10000"


@pytest.mark.needs("node2")
def test_a_goal_of_a_node_is_set_or_refused_by_name(actuation: Actuation, held: Launched) -> None:
    wanted = f"{value('migrate_cold')} node_mem_free_bp=2000 nid=0"
    (done,) = actuation.apply([action(scheme("migrate_cold", held), wanted)])
    if done.status == "failed":
        assert "this kernel's DAMON does not take it" in done.detail
        assert NR_KDAMONDS.read_text() == "0\n"
        pytest.skip("kernel feature: DAMON's goals of a node")
    assert done.new == wanted
    (kdamond,) = at_work()
    assert said(kdamond, "quotas/goals/0/target_metric") == "node_mem_free_bp"


def test_some_at_once_and_no_more(actuation: Actuation, held: Launched) -> None:
    wanted = [scheme(name, of) for of in (held, None) for name in ("pageout", "lru_prio", "lru_deprio")]
    actions = [action(target, QUOTA, id_=f"{number}.1") for number, target in enumerate(wanted, start=1)]
    done = actuation.apply(actions)
    assert [one.status for one in done] == ["applied"] * 4 + ["failed"] * 2
    assert "4 DAMON schemes are at work" in done[4].detail
    assert len(at_work()) == 4
    actuation.undo("2.1", "one less")
    assert len(at_work()) == 3
    assert actuation.apply(actions[4:5])[0].status == "applied"


@pytest.mark.parametrize(
    ("name", "wanted", "sentence"),
    [
        ("migrate_cold", QUOTA, "needs target_nid"),
        ("pageout", f"target_nid=2 {QUOTA}", "has no target_nid"),
        ("migrate_cold", f"target_nid=9 {QUOTA}", "node9 has no memory"),
        ("pageout", "bytes=1", "not a scheme"),
        ("pageout", f"{QUOTA} node_mem_free_bp=5", "not a scheme"),
    ],
)
def test_what_is_refused_leaves_nothing(
    actuation: Actuation, held: Launched, name: SchemeName, wanted: str, sentence: str
) -> None:
    (done,) = actuation.apply([action(scheme(name, held), wanted)])
    assert done.status == "failed"
    assert sentence in done.detail
    assert NR_KDAMONDS.read_text() == "0\n"


def test_a_workload_that_is_gone_takes_its_scheme_along(actuation: Actuation) -> None:
    with holding(1, "gone") as first:
        set_(actuation, scheme("pageout", first), QUOTA)
    with holding(1, "gone") as second:
        assert second.cgroup == first.cgroup
        set_(actuation, scheme("pageout", second), QUOTA, "2.1")
        assert len(at_work()) == 2
        (ended,) = actuation.reconcile()
        assert (ended.action_id, len(at_work())) == ("1.1", 1)
        assert [one.skipped for one in actuation.restore_all("end")] == [None]


def test_a_scheme_that_somebody_changed_keeps_nothing_locked(actuation: Actuation, held: Launched) -> None:
    set_(actuation, scheme("pageout", held), QUOTA)
    (kdamond,) = at_work()
    (kdamond / "contexts/0/schemes/0/quotas/ms").write_text("7")
    (kdamond / "state").write_text("commit")
    with pytest.raises(NotOursError, match="already used"):
        ClaimFile()
    (changed,) = actuation.reconcile()
    assert "someone else has set it to ms=7" in (changed.skipped or "")
    ClaimFile().close()
    assert at_work() == [kdamond]
    end_all()


def test_after_a_kill_rollback_leaves_nothing(tmp_path: Path, held: Launched) -> None:
    state = tmp_path / "state"

    def killed() -> None:
        set_(Actuation(machine.read(), Journal(state), dry_run=False), scheme("pageout", held), QUOTA)
        os.kill(os.getpid(), signal.SIGKILL)

    assert dies(killed, at=1_000_000)
    assert len(at_work()) == 1
    rolled_back = ran("rollback", "--all", "--state", str(state))
    assert rolled_back.returncode == 0, rolled_back.stderr
    assert NR_KDAMONDS.read_text() == "0\n"
