"""The lab's one entrance: run a command in a guest."""

import os
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO

from llamas_bpf.lab import accel, guest, job, results
from llamas_bpf.lab.emulator import prepared_emulator
from llamas_bpf.lab.errors import LabError
from llamas_bpf.lab.hardware import hardware
from llamas_bpf.lab.image import prepared_image
from llamas_bpf.lab.kernel import prepared_kernel
from llamas_bpf.lab.places import source_root
from llamas_bpf.lab.prepare import preparation
from llamas_bpf.lab.streams import Terminal
from llamas_bpf.lab.topology import load_topology


@dataclass(frozen=True)
class Guest:
    """Which guest to start, and how."""

    kernel: str = "6.12"  # a key of kernel.KERNELS
    topology: str = "tiers"  # a file of vagrant/topologies
    init: str = "bare"  # a key of guest.INITS
    timeout_s: float = 600  # from power-on; building what the cache lacks comes before
    packages: tuple[str, ...] = ()  # of Debian's, that its disk has besides
    network: bool = False  # what this host reaches, and its loopback as guest.HOST_ADDRESS


def run_in_guest(
    argv: Sequence[str],
    wanted: Guest,
    *,
    out: Path | None = None,
    env: Mapping[str, str] | None = None,
    sinks: tuple[BinaryIO, BinaryIO] | None = None,
    terminal: Terminal | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> int:
    """Run argv in a fresh guest that has the project installed, and give its exit status.

    Its standard output and error come live to `sinks`, ours if none are given; or else it is on `terminal`.
    What argv leaves in the guest's directory $OUT is unpacked into `out`. `progress` is told, in a few words,
    what takes time. Raises LabError when the lab itself fails, with the end of the guest's console when it
    was the guest.
    """
    topology = load_topology(wanted.topology)
    with ExitStack() as stack:
        emulator = stack.enter_context(prepared_emulator(progress))
        linux = stack.enter_context(prepared_kernel(wanted.kernel, progress))
        image = stack.enter_context(prepared_image(progress, wanted.packages))
        work = Path(stack.enter_context(TemporaryDirectory(prefix="llamas-lab-")))
        machine = guest.Machine(
            emulator, linux, image, hardware(topology), "tcg", wanted.init, network=wanted.network
        )
        machine = replace(machine, accelerator=accel.choose(machine, progress))
        told = {"LAB_KERNEL": linux.release, "LAB_TOPOLOGY": wanted.topology, "LAB_INIT": wanted.init}
        asked = ["join_network"] if wanted.network else []
        asked += ["wait_for_terminal"] if terminal else []
        job.pack(
            work / "job",
            argv,
            {**told, **_terminal(), **(env or {})},
            source_root(),
            wanted.timeout_s,
            [*asked, *preparation(topology)],
        )
        progress(f"booting Linux {wanted.kernel} on {wanted.topology} ({machine.accelerator})")
        result = guest.boot(
            machine,
            work / "job",
            work,
            wanted.timeout_s,
            sinks or (sys.stdout.buffer, sys.stderr.buffer),
            lambda seconds: progress(f"guest up after {seconds:.1f} s"),
            terminal,
        )
        tail = guest.console_tail(work / "console")
        try:
            status = results.read(result, out)
        except LabError as error:
            raise LabError(f"{error}\n{tail}") from error
        if status is None:
            raise LabError(f"the guest ended before CMD did\n{tail}")
        return status


def _terminal() -> dict[str, str]:
    """What CMD must be told to draw for our terminal: its own output is a pipe."""
    if not (sys.stdout.isatty() and sys.stderr.isatty()):
        return {}
    size = shutil.get_terminal_size()
    colours = {"TERM": os.environ.get("TERM", "dumb"), "FORCE_COLOR": "1"}
    return {**colours, "COLUMNS": str(size.columns), "LINES": str(size.lines)}
