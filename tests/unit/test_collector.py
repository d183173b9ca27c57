"""Nothing is collected while a window is acted on."""

import gc
from pathlib import Path

import pytest
from recurring import Model, Program, phases, town

from llamas_bpf import collector
from llamas_bpf.contracts.situation import Situation


def test_paused_until_the_end_whatever_happens() -> None:
    with collector.paused():
        assert not gc.isenabled()
        with collector.paused():
            pass
        assert not gc.isenabled()
    assert gc.isenabled()
    with pytest.raises(KeyError), collector.paused():
        raise KeyError
    assert gc.isenabled()


class Looks(Model):
    """Notes whether garbage would be collected while it is told of a window; raises in the third."""

    def __init__(self) -> None:
        super().__init__()
        self.collects: list[bool] = []

    def observe(self, situation: Situation) -> None:
        self.collects.append(gc.isenabled())
        if situation.number == 3:
            raise KeyError


def test_the_controller_pauses_it_for_a_window_and_no_longer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    advisor = Looks()
    with town(tmp_path, monkeypatch, advisor) as there:
        there.go(Program(), phases(("A", 1)), 2)
        assert gc.isenabled()
        with pytest.raises(KeyError):
            there.go(Program(), phases(("A", 1)), 1)
        assert gc.isenabled()
    assert advisor.collects == [False, False, False]
