"""What comes and goes while the kernel is watched."""

import subprocess
import threading
from pathlib import Path

from controller import ENVIRONMENT, LLAMAS, quick, running

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
    where = ("--state", str(tmp_path / "state"), *quick(tmp_path))
    node = next(node.id for node in machine.read().nodes if node.total_bytes)
    with running(*where) as controller:
        controller.until(lambda window: True)
        command = [*LLAMAS, "devices", "measure", "--node", str(node), *where]
        with subprocess.Popen(command, env=ENVIRONMENT, stdout=-1, stderr=-1) as measure:
            controller.until(lambda window: measure.poll() is not None)
            assert measure.returncode == 0, measure.communicate()
        for _ in range(3):  # the first of these may have been on its way
            controller.until(lambda window: True)
        assert controller.stop() == 0
        assert "was read again" in controller.talk
