"""What comes and goes while the kernel is watched."""

import subprocess
import threading
import time
from pathlib import Path

from controller import ENVIRONMENT, LLAMAS, running

from llamas_bpf import machine
from llamas_bpf.config import Config, SenseConfig
from llamas_bpf.controller.windows import windows


def test_what_watches_is_opened_anew_for_the_processors_that_are_left() -> None:
    here = machine.read()
    fewer = here.model_copy(update={"cpus": here.cpus[:-1] or here.cpus})
    config = Config(window_s=0.2, sense=SenseConfig(heat=False))
    stop = threading.Event()
    told = iter([here, fewer, fewer, here])
    starts, cpus = [], []
    for digest in windows(config, here, stop, None, lambda: next(told)):
        starts.append(digest.start_ns)
        cpus.append(digest.machine["cpus"])
        if len(cpus) == 4:
            stop.set()
    assert cpus == [len(here.cpus)] * 2 + [len(fewer.cpus)] * 2
    assert starts == sorted(starts)


def test_a_running_controller_notices_what_was_measured(tmp_path: Path) -> None:
    where = ("--state", str(tmp_path / "state"))
    began_s = time.monotonic()
    with running(*where) as controller:
        controller.until(lambda window: True)
        measure = [*LLAMAS, "devices", "measure", "--node", "0", *where]
        subprocess.run(measure, env=ENVIRONMENT, check=True, capture_output=True)
        # A window takes a second: this many cannot have gone by yet.
        later = int(time.monotonic() - began_s) + 3
        controller.until(lambda window: window["window"] >= later)
        assert controller.stop() == 0
        assert "was read again" in controller.talk
