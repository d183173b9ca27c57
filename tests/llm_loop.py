"""The ``llm`` advisor, window by window, against a server on loopback."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from openai_server import Server
from situations import Row, hot, situation, stream

from llamas_bpf.advise import Earlier, llm
from llamas_bpf.config import Config, LlmConfig
from llamas_bpf.contracts.exchange import Exchange
from llamas_bpf.contracts.hint import Advice
from llamas_bpf.contracts.situation import Situation

PLACE = {"kind": "place_memory", "workload": "w1", "nodes": ["node0", "node1"]}
ROWS = (hot(started_by_exec=True), stream())


def until(reached: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 100
    while not reached():
        assert time.monotonic() < deadline
        time.sleep(0.01)


class Loop:
    """Windows, one second each in the digests' time; next to no time here."""

    def __init__(self, server: Server, state: Path | None = None, **settings: Any) -> None:
        # So much is enough for any tokenizer: nothing need be measured first.
        window = {"tokens": 20_000}
        asked = {"base_url": server.url, "model": "m", "timeout_s": 5, "context": window} | settings
        config = Config(llm=LlmConfig.model_validate(asked))
        self.advisor = llm.create(config, Earlier(state))
        self.number = 0
        self.exchanges: list[Exchange] = []
        self.seen = 0  # of them

    def window(self, rows: tuple[Row, ...] = ROWS) -> Advice | None:
        advice = self.advisor.advise(self.situation(rows))
        self.exchanges += self.advisor.drain_exchanges()
        return advice

    def situation(self, rows: tuple[Row, ...]) -> Situation:
        self.number += 1
        return situation(rows, number=self.number)

    def answer(self, rows: tuple[Row, ...] = ROWS) -> tuple[Advice | None, Exchange]:
        """What comes of the next exchange to end, in the window in which it does."""
        deadline = time.monotonic() + 100
        advice = self.window(rows)
        while len(self.exchanges) == self.seen:
            assert time.monotonic() < deadline
            time.sleep(0.01)
            self.number -= 1  # waiting is not to make digest time pass
            advice = self.window(rows)
        self.seen += 1
        return advice, self.exchanges[self.seen - 1]
