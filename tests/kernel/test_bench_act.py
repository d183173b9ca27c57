"""``bench act`` as an operator runs it: its shape, what must hold anywhere by far, and what it leaves."""

import os
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import bench_command
import pytest

from llamas_bpf import process_stat
from llamas_bpf.act.lock import LOCK
from llamas_bpf.bench import street, taskset
from llamas_bpf.bench.errors import BenchError
from llamas_bpf.digest.trees import descendants

BENCH = bench_command.command("act")


def state_directories(pid: int) -> set[Path]:
    """Where it has files open. Others may measure beside it, or have been killed while they did."""
    found = set()
    for link in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(OSError):  # it is closed by now
            file = link.readlink()
            if str(file).startswith("/var/tmp/llamas-bpf-bench-"):
                found.add(Path(*file.parts[:4]))
    return found


def gone(pids: set[int]) -> None:
    """Whoever takes in orphans may be slow to wait for them."""
    deadline = time.monotonic() + 60
    while any((stat := process_stat.read(pid)) and stat.state != "Z" for pid in pids):
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.fixture(scope="module")
def results() -> dict[str, Any]:
    return bench_command.results("act", rounds=4)


def test_every_stage_was_timed_in_every_window(results: dict[str, Any]) -> None:
    found = results["street"]
    assert (found["workloads"], found["actions"]) == (100, 10)
    assert found["ms"].keys() == {*street.STAGES, "total", "before", "restore"}
    for ms in found["ms"].values():
        assert len(ms["rounds"]) == 4
        assert 0 < ms["q1"] <= ms["median"] <= ms["q3"] <= ms["p99"] == max(ms["rounds"])


def test_the_stages_make_up_the_total(results: dict[str, Any]) -> None:
    rounds = {name: ms["rounds"] for name, ms in results["street"]["ms"].items()}
    parts = [sum(rounds[stage][number] for stage in street.STAGES) for number in range(4)]
    # The best window, in which nothing else took the processor between two stages.
    ratios = [total / part for total, part in zip(rounds["total"], parts, strict=True)]
    assert any(0.5 < ratio < 2 for ratio in ratios), ratios


def test_the_rival_and_the_mark(results: dict[str, Any]) -> None:
    total, rival, mark = results["street"]["ms"]["total"], results["taskset"], results["marks"]["total"]
    assert len(rival["rounds"]) == 3
    assert rival["ratio"] == pytest.approx(total["median"] / rival["median"])
    assert (mark["value"], mark["limit"]) == (total["p99"], 5)
    assert mark["reached"] == (total["p99"] <= 5)


def test_what_it_acts_on_gets_its_own_cpus_back_and_ends() -> None:
    with street.crowd(20) as processes:
        own = [os.sched_getaffinity(process.pid) for process in processes]
        measured = street.measure(processes, 2, lambda _: None)
        assert [os.sched_getaffinity(process.pid) for process in processes] == own
        taskset.measure(processes[:3], 1, lambda _: None)
        assert [os.sched_getaffinity(process.pid) for process in processes] == own
    assert all(len(ms) == 2 for ms in measured.ms.values())
    gone({process.pid for process in processes})


def test_fewer_actions_than_meant_are_no_result(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(street, "RULE", street.RULE.replace("> 50.0", "> 1000000000.0"))
    with street.crowd(20) as processes, pytest.raises(BenchError, match="0 of 10 actions were taken"):
        street.measure(processes, 1, lambda _: None)


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_end_in_the_middle_leaves_nothing(number: int, status: int) -> None:
    bench = subprocess.Popen([*BENCH, "--rounds", "500"], stderr=subprocess.PIPE, text=True)
    try:
        deadline, directories = time.monotonic() + 200, set[Path]()
        while len(descendants(bench.pid)) < 100 or not directories:
            assert time.monotonic() < deadline, "it does not begin"
            time.sleep(0.05)
            directories |= state_directories(bench.pid)
        time.sleep(1)
        children = descendants(bench.pid) - {bench.pid}
        bench.send_signal(number)
        _, talk = bench.communicate(timeout=60)
    finally:
        bench.kill()
    assert bench.returncode == status, talk
    assert "Traceback" not in talk
    gone(children)
    assert not [directory for directory in directories if directory.exists()]
    assert LOCK.read_text() != f"{bench.pid}\n"


def test_without_root_it_says_what_it_needs() -> None:
    bench_command.refuses_without_root("act")
