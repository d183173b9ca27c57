"""One guest from power-on to power-off: its QEMU, its disks, its live output, its end."""

import os
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from llamas_bpf.lab import commands, streams
from llamas_bpf.lab.emulator import Emulator
from llamas_bpf.lab.errors import LabError
from llamas_bpf.lab.hardware import Hardware
from llamas_bpf.lab.image import DISK_ID
from llamas_bpf.lab.kernel import Kernel

ACCELERATORS = {"kvm": ("kvm", "host"), "tcg": ("tcg,thread=multi", "max")}  # with the CPU's model
INITS = {"bare": "/usr/sbin/lab-init", "systemd": "/usr/lib/systemd/systemd"}

HOST_ADDRESS = "10.0.2.2"  # what a guest with a network calls this host, by QEMU's convention

_ROOT_BUS = "bus=pcie.0"  # or QEMU would try the bridges of the topology
_NETWORK = ["-netdev", "user,id=net", "-device", f"virtio-net-pci,netdev=net,{_ROOT_BUS}"]
_BOOT_LIMIT_S = 180  # emulated boots take 4 to 10, on a busy host up to a minute
_OFF_LIMIT_S = 60  # a second, likewise
_RESULT_BYTES = 1 << 30  # of a sparse file
_SIGNS_OF_DEATH = ("Kernel panic", "lab: failed")
_CONSOLE_TAIL_LINES = 30
# panic=-1 restarts at once, which ends QEMU (-no-reboot).
_KERNEL_ARGUMENTS = f"root=PARTUUID={DISK_ID:08x}-01 rootfstype=ext4 rw console=ttyS0 panic=-1"


@dataclass(frozen=True)
class Machine:
    """Everything that a guest is made of, ready to start."""

    emulator: Emulator
    kernel: Kernel
    image: Path
    hardware: Hardware
    accelerator: str  # a key of ACCELERATORS
    init: str = "bare"  # a key of INITS
    network: bool = False

    def argv(self, job: Path, result: Path, console: Path, ends: "Ends") -> list[str]:
        """The command line. setpriv has the kernel kill QEMU if we die without having done so."""
        bare = ["-nodefaults", "-no-user-config", "-display", "none", "-no-reboot"]
        accelerator, cpu = ACCELERATORS[self.accelerator]
        return [
            *["setpriv", "--pdeathsig", "KILL", *self.emulator.argv, *bare],
            *["-accel", accelerator, "-cpu", ",".join([cpu, *self.hardware.cpu])],
            *self.hardware.options(),
            *["-kernel", str(self.kernel.image)],
            *["-append", f"{_KERNEL_ARGUMENTS} init={INITS[self.init]}"],
            *_disk("root", self.image, "snapshot=on"),
            *_disk("modules", self.kernel.modules, "readonly=on"),
            *_disk("job", job, "readonly=on"),
            *_disk("result", result, "cache=unsafe"),  # read only after QEMU has ended
            *["-serial", f"file:{console}", "-device", f"virtio-serial-pci,{_ROOT_BUS}"],
            *_port("llamas.stdout", ends.out),
            *_port("llamas.stderr", ends.err),
            *(_console(ends.terminal) if ends.terminal is not None else []),
            *(_NETWORK if self.network else []),
        ]


@dataclass(frozen=True)
class Ends:
    """QEMU's file descriptors of what connects the guest with us."""

    out: int
    err: int
    terminal: int | None = None


def boot(
    machine: Machine,
    job: Path,
    work: Path,
    total_s: float,
    sinks: tuple[BinaryIO, BinaryIO],
    running: Callable[[float], None],
    terminal: streams.Terminal | None = None,
) -> Path:
    """Run the job in a guest and give the disk with its results; QEMU is gone when this returns or raises.

    The guest's standard output and error are copied live to `sinks`; `running` is told the seconds until CMD
    started; with `terminal`, CMD is on that. `work` is a directory for the files of this run. Raises
    LabError, with the end of the guest's console, if the guest does not come up or does not end in time.
    """
    result, console = work / "result", work / "console"
    with result.open("wb") as file:
        file.truncate(_RESULT_BYTES)
    console.touch()
    deadlines = streams.Deadlines(console, total_s, min(_BOOT_LIMIT_S, total_s), running)
    with _qemu(machine, job, result, console, terminal is not None) as (process, (out, err), line):
        try:
            copies = {out: sinks[0], err: sinks[1]}
            streams.copy(copies, deadlines.look, streams.Line(line, terminal) if line and terminal else None)
            process.wait(timeout=_OFF_LIMIT_S)
        except (TimeoutError, subprocess.TimeoutExpired) as error:
            raise LabError(f"{error}\n{console_tail(console)}") from None
    if process.returncode != 0:
        raise LabError(f"QEMU failed: {(work / 'qemu').read_text(errors='replace').strip()}")
    return result


def console_tail(console: Path) -> str:
    """Why the guest ended, where its console says so, and the console's last lines: for below an error."""
    lines = console.read_text(errors="replace").splitlines()
    causes = [line for line in lines if any(sign in line for sign in _SIGNS_OF_DEATH)]
    tail = ["its console ended with:", *(f"  | {line}" for line in lines[-_CONSOLE_TAIL_LINES:])]
    return "\n".join([f"its console says: {causes[-1].strip()}", *tail] if causes else tail)


@contextmanager
def _qemu(
    machine: Machine, job: Path, result: Path, console: Path, with_terminal: bool
) -> Iterator[tuple[subprocess.Popen[bytes], tuple[int, int], socket.socket | None]]:
    """QEMU running, the reading ends of the guest's two streams, and its terminal; killed on the way out."""
    (out, out_end), (err, err_end) = os.pipe(), os.pipe()
    line, line_end = socket.socketpair() if with_terminal else (None, None)
    ends = Ends(out_end, err_end, line_end.fileno() if line_end else None)
    with (console.parent / "qemu").open("wb") as log:
        process = subprocess.Popen(
            machine.argv(job, result, console, ends),
            env=commands.environment() | machine.emulator.environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            pass_fds=[fd for fd in (ends.out, ends.err, ends.terminal) if fd is not None],
            start_new_session=True,  # Ctrl-C is ours to handle
        )
    os.close(out_end)
    os.close(err_end)
    if line_end is not None:
        line_end.close()
    try:
        yield process, (out, err), line
    finally:
        process.kill()
        process.wait()
        os.close(out)
        os.close(err)
        if line is not None:
            line.close()


def _disk(serial: str, path: Path, options: str) -> list[str]:
    drive = f"if=none,id={serial},format=raw,file={str(path).replace(',', ',,')},{options}"
    return ["-drive", drive, "-device", f"nvme,drive={serial},serial={serial},{_ROOT_BUS}"]


def _port(name: str, fd: int) -> list[str]:
    return [
        "-chardev",
        f"file,id={name},path=/dev/fd/{fd}",
        "-device",
        f"virtserialport,chardev={name},name={name}",
    ]


def _console(fd: int) -> list[str]:
    return [
        "-chardev",
        f"socket,id=llamas.terminal,fd={fd}",
        "-device",
        "virtconsole,chardev=llamas.terminal",
    ]
