"""What may take its time in a window: when that begins, and what is left out once it is over."""

import os
import socket
from pathlib import Path

import numpy as np
import pytest

from llamas_bpf import machine, process_stat
from llamas_bpf.act import page_budget, page_calls, process_memory, systemd
from llamas_bpf.act.actuators import reclaim
from llamas_bpf.act.actuators.pages import PagesActuator
from llamas_bpf.act.cgroup_files import CgroupFiles
from llamas_bpf.act.entries import Old
from llamas_bpf.act.errors import ActError
from llamas_bpf.act.page_budget import PageBudget
from llamas_bpf.act.process_memory import PAGE_BYTES, ProcessMemory, Range
from llamas_bpf.contracts.action import CgroupKnob, CgroupReclaim, Pages


class Clock:
    """Goes on when it is told to."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *modules: object) -> None:
        self.now = 100.0
        for module in modules:
            monkeypatch.setattr(module, "time", self)

    def monotonic(self) -> float:
        return self.now


def test_the_second_for_pages_begins_with_the_first_write(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, budget = Clock(monkeypatch, page_budget), PageBudget()
    budget.begin()
    clock.now += 20  # others' actions
    budget.start()
    assert budget.left == page_budget.BYTES_PER_S
    clock.now += page_budget.SECONDS / 2
    budget.start()
    assert budget.left > 0
    clock.now += page_budget.SECONDS / 2
    assert budget.left == 0


def test_the_second_for_reclaim_begins_with_the_first_write(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    clock, written = Clock(monkeypatch, reclaim), []

    def write(*words: object) -> None:
        written.append(words[-1])
        clock.now += reclaim.SECONDS

    files = CgroupFiles(machine.read())
    monkeypatch.setattr(files, "write", write)
    monkeypatch.setattr(files, "read", lambda target, name: str(1 << 30))
    tool = reclaim.ReclaimActuator(files)
    tool.begin()
    clock.now += 20
    target = CgroupReclaim(cgroup="/w", cgroup_id=1)
    for _ in range(2):
        tool.write(target, str(2 * reclaim.BATCH_BYTES))
    assert written == [str(reclaim.BATCH_BYTES)]


def test_a_spent_budget_costs_no_look_at_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_budget, "BYTES_PER_S", 0)
    monkeypatch.setattr(process_memory, "opened", None)
    tool, found = PagesActuator(machine.read()), Old(value="referenced:1")
    tool.begin()
    done = tool.put(Pages(knob="pages.cold", pid=2, start_ticks=1), "4096", found, lambda threads: "")
    assert done.now == found
    assert tool.remark().startswith("0 B called cold; the rest is left for a later window")


def test_however_long_it_takes_to_look_something_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch, page_budget)

    def ranges(memory: ProcessMemory) -> list[Range]:
        clock.now += 20
        return [Range(PAGE_BYTES, 3 * PAGE_BYTES, 2 * PAGE_BYTES, 0)]

    there = np.array([PAGE_BYTES, 2 * PAGE_BYTES], dtype=np.uint64)
    monkeypatch.setattr(ProcessMemory, "ranges", ranges)
    monkeypatch.setattr(ProcessMemory, "present", lambda memory, one: [there])
    monkeypatch.setattr(page_calls, "advise", lambda pidfd, runs, advice: runs[0][1] - runs[0][0])
    stat, tool = process_stat.read(os.getpid()), PagesActuator(machine.read())
    assert stat is not None
    tool.begin()
    target = Pages(knob="pages.cold", pid=os.getpid(), start_ticks=stat.start_ticks)
    tool.put(target, "8192", Old(value=""), lambda threads: "")
    assert tool.remark() == "8 KiB called cold"


def test_a_silent_systemd_holds_up_a_batch_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(systemd, "RUNNING", tmp_path)
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", f"unix:path={tmp_path}/bus")
    tool, target = systemd.Systemd(), CgroupKnob(cgroup="/a.service", cgroup_id=1, knob="cpu.weight")
    with socket.socket(socket.AF_UNIX) as bus:
        bus.bind(f"{tmp_path}/bus")
        bus.listen()
        bus.setblocking(False)
        for _ in range(3):
            with pytest.raises(ActError, match="systemd does not answer"):
                tool.unit_of(target)
        bus.accept()[0].close()
        with pytest.raises(BlockingIOError):
            bus.accept()
        tool.begin()
        with pytest.raises(ActError, match="systemd does not answer"):
            tool.unit_of(target)
        bus.accept()[0].close()
