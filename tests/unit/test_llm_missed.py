"""The model's process is told again what it missed while it was stopped, killed and away."""

import itertools
import os
import signal
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

from llm_loop import ROWS, until
from openai_server import hints

from llamas_bpf.contracts.decision import Events
from llamas_bpf.contracts.outcome import Outcome

pytest_plugins = ["loops"]


def test_what_happened_while_its_process_was_away_is_recalled(loops: Any, tmp_path: Path) -> None:
    loop, _ = loops(hints(), state=tmp_path)
    numbers = itertools.count(1)

    def window() -> int:
        """One that judges an action of its own."""
        number = next(numbers)
        judged = Outcome(
            action_id=f"{number}.0", workload="w1", verdict="helped", expected=None, safety=[], reason="r"
        )
        loop.advisor.observe(replace(loop.situation(ROWS), last=Events(outcomes=(judged,))))
        return number

    def recalled() -> list[int]:
        path = tmp_path / "advisor" / "memory.db"
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
            texts = db.execute("SELECT text FROM entries WHERE kind = 'verdict' ORDER BY id").fetchall()
        decisions = [int(text.split("decision ")[1].split(",")[0]) for (text,) in texts]
        assert [int(text.split("window ")[1].split(",")[0]) for (text,) in texts] == [
            number + first for number in decisions
        ]
        return decisions

    loop.answer()
    first = loop.number
    window()
    until(lambda: recalled() == [1])
    pid = loop.advisor._process._process.pid
    os.kill(pid, signal.SIGSTOP)
    for _ in range(10):  # they are in the pipe when it is killed
        window()
    os.kill(pid, signal.SIGKILL)

    def restarted() -> bool:
        window()
        return bool(loop.advisor.figures().restarts)

    until(restarted)
    last = window()
    assert loop.advisor.figures().dropped
    until(lambda: (loop.advisor.observe(loop.situation(ROWS)), len(recalled()) >= last)[1])
    assert recalled() == list(range(1, last + 1))
