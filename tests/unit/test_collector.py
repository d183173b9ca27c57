"""Nothing is collected while a window is acted on."""

import gc

import pytest

from llamas_bpf import collector


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
