"""The lab's one entrance: run a command in a guest."""

import os
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from llamas_bpf.lab import accel, guest, job, results
from llamas_bpf.lab.emulator import prepared_emulator
from llamas_bpf.lab.errors import LabError
from llamas_bpf.lab.image import prepared_image
from llamas_bpf.lab.kernel import prepared_kernel
from llamas_bpf.lab.places import source_root
from llamas_bpf.lab.topology import load_topology


def run_in_guest(
    argv: Sequence[str],
    *,
    kernel: str = "6.12",
    topology: str = "tiers",
    out: Path | None = None,
    timeout_s: float = 600,
    env: Mapping[str, str] | None = None,
    network: bool = False,
    progress: Callable[[str], None] = lambda _: None,
) -> int:
    """Run argv in a fresh guest that has the project installed, and give its exit status.

    The guest runs `kernel` on the machine that vagrant/topologies/<topology>.toml describes. Its standard
    output and error come live to ours. What argv leaves in the guest's directory $OUT is unpacked into `out`.
    `timeout_s` counts from power-on; building what the cache lacks comes before. With `network` the guest
    reaches what this host reaches, and this host's loopback as guest.HOST_ADDRESS; else nothing. `progress`
    is told, in a few words, what takes time. Raises LabError when the lab itself fails, with the end of the
    guest's console when it was the guest.
    """
    hardware = load_topology(topology).qemu_options()
    with ExitStack() as stack:
        emulator = stack.enter_context(prepared_emulator(progress))
        linux = stack.enter_context(prepared_kernel(kernel, progress))
        image = stack.enter_context(prepared_image(progress))
        work = Path(stack.enter_context(TemporaryDirectory(prefix="llamas-lab-")))
        machine = guest.Machine(emulator, linux, image, hardware, accelerator="tcg", network=network)
        machine = replace(machine, accelerator=accel.choose(machine, progress))
        job.pack(work / "job", argv, {**_terminal(), **(env or {})}, source_root())

        progress(f"booting Linux {kernel} on {topology} ({machine.accelerator})")
        result = guest.boot(
            machine,
            work / "job",
            work,
            guest.Limits(timeout_s),
            (sys.stdout.buffer, sys.stderr.buffer),
            lambda seconds: progress(f"guest up after {seconds:.1f} s"),
        )
        status = results.read(result, out)
        if status is None:
            raise LabError(f"the guest ended before CMD did\n{guest.console_tail(work / 'console')}")
        return status


def _terminal() -> dict[str, str]:
    """What CMD must be told to draw for our terminal: its own output is a pipe."""
    if not (sys.stdout.isatty() and sys.stderr.isatty()):
        return {}
    size = shutil.get_terminal_size()
    colours = {"TERM": os.environ.get("TERM", "dumb"), "FORCE_COLOR": "1"}
    return {**colours, "COLUMNS": str(size.columns), "LINES": str(size.lines)}
