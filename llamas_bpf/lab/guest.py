"""One guest from power-on to power-off: its QEMU, its disks, its live output, its end."""

import os
import selectors
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from llamas_bpf.lab import commands
from llamas_bpf.lab.emulator import Emulator
from llamas_bpf.lab.errors import LabError
from llamas_bpf.lab.image import DISK_ID
from llamas_bpf.lab.kernel import Kernel

ACCELERATORS = {
    "kvm": ["-accel", "kvm", "-cpu", "host"],
    "tcg": ["-accel", "tcg,thread=multi", "-cpu", "max"],
}

HOST_ADDRESS = "10.0.2.2"  # what a guest with a network calls this host, by QEMU's convention

_NETWORK = ["-netdev", "user,id=net", "-device", "virtio-net-pci,netdev=net"]
_BOOT_LIMIT_S = 90  # emulated boots take 4 to 10
_RESULT_BYTES = 1 << 30  # of a sparse file
_RUNNING = b"lab: running"  # what the guest's init says on the console when it starts CMD
_SIGNS_OF_DEATH = ("Kernel panic", "lab: failed")
_CONSOLE_TAIL_LINES = 30
_POLL_S = 0.1
# panic=-1 restarts at once, which ends QEMU (-no-reboot).
_KERNEL_ARGUMENTS = (
    f"root=PARTUUID={DISK_ID:08x}-01 rootfstype=ext4 rw init=/usr/sbin/lab-init console=ttyS0 panic=-1"
)


@dataclass(frozen=True)
class Machine:
    """Everything that a guest is made of, ready to start."""

    emulator: Emulator
    kernel: Kernel
    image: Path
    hardware: Sequence[str]  # the topology's QEMU options
    accelerator: str  # a key of ACCELERATORS
    network: bool = False

    def argv(self, job: Path, result: Path, console: Path, out_fd: int, err_fd: int) -> list[str]:
        """The command line. setpriv has the kernel kill QEMU if we die without having done so."""
        bare = ["-nodefaults", "-no-user-config", "-display", "none", "-no-reboot"]
        return [
            *["setpriv", "--pdeathsig", "KILL", *self.emulator.argv, *bare],
            *ACCELERATORS[self.accelerator],
            *self.hardware,
            *["-kernel", str(self.kernel.image), "-append", _KERNEL_ARGUMENTS],
            *_disk("root", self.image, "snapshot=on"),
            *_disk("modules", self.kernel.modules, "readonly=on"),
            *_disk("job", job, "readonly=on"),
            *_disk("result", result, "cache=unsafe"),  # read only after QEMU has ended
            *["-serial", f"file:{console}", "-device", "virtio-serial-pci"],
            *_port("llamas.stdout", out_fd),
            *_port("llamas.stderr", err_fd),
            *(_NETWORK if self.network else []),
        ]


@dataclass(frozen=True)
class Limits:
    """How long a guest may take."""

    total_s: float
    boot_s: float = _BOOT_LIMIT_S


def boot(
    machine: Machine,
    job: Path,
    work: Path,
    limits: Limits,
    sinks: tuple[BinaryIO, BinaryIO],
    running: Callable[[float], None],
) -> Path:
    """Run the job in a guest and give the disk with its results; QEMU is gone when this returns or raises.

    The guest's standard output and error are copied live to `sinks`; `running` is told the seconds until CMD
    started. `work` is a directory for the files of this run. Raises LabError, with the end of the guest's
    console, if the guest does not come up or does not end in time.
    """
    result, console = work / "result", work / "console"
    with result.open("wb") as file:
        file.truncate(_RESULT_BYTES)
    console.touch()
    with _qemu(machine, job, result, console) as (process, streams):
        try:
            _copy(dict(zip(streams, sinks, strict=True)), _deadlines(console, limits, running))
            process.wait(timeout=10)
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
    machine: Machine, job: Path, result: Path, console: Path
) -> Iterator[tuple[subprocess.Popen[bytes], list[int]]]:
    """QEMU running, with the reading ends of the guest's two streams; killed on the way out."""
    (out, out_end), (err, err_end) = os.pipe(), os.pipe()
    with (console.parent / "qemu").open("wb") as log:
        process = subprocess.Popen(
            machine.argv(job, result, console, out_end, err_end),
            env=commands.environment() | machine.emulator.environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            pass_fds=[out_end, err_end],
            start_new_session=True,  # Ctrl-C is ours to handle
        )
    os.close(out_end)
    os.close(err_end)
    try:
        yield process, [out, err]
    finally:
        process.kill()
        process.wait()
        os.close(out)
        os.close(err)


def _deadlines(console: Path, limits: Limits, running: Callable[[float], None]) -> Callable[[], None]:
    """What to call between two pieces of output; raises TimeoutError when the guest has taken too long."""
    started = time.monotonic()
    is_up = False

    def look() -> None:
        nonlocal is_up
        passed_s = time.monotonic() - started
        if not is_up and _RUNNING in console.read_bytes():
            is_up = True
            running(passed_s)
        if not is_up and passed_s > min(limits.boot_s, limits.total_s):
            raise TimeoutError(
                f"the guest did not come up within {passed_s:.0f} s: try again, or another topology"
            )
        if passed_s > limits.total_s:
            raise TimeoutError(
                f"CMD was still running after {passed_s:.0f} s: raise --timeout, or look for a hang"
            )

    return look


def _copy(streams: dict[int, BinaryIO], look: Callable[[], None]) -> None:
    """Copy what comes from each stream to its sink until all have ended, calling `look` now and then."""
    with selectors.DefaultSelector() as selector:
        for stream in streams:
            selector.register(stream, selectors.EVENT_READ)
        while selector.get_map():
            for key, _ in selector.select(timeout=_POLL_S):
                data = os.read(key.fd, 1 << 16)
                if data:
                    streams[key.fd].write(data)
                    streams[key.fd].flush()
                else:
                    selector.unregister(key.fd)
            look()


def _disk(serial: str, path: Path, options: str) -> list[str]:
    drive = f"if=none,id={serial},format=raw,file={str(path).replace(',', ',,')},{options}"
    return ["-drive", drive, "-device", f"nvme,drive={serial},serial={serial}"]


def _port(name: str, fd: int) -> list[str]:
    return [
        "-chardev",
        f"file,id={name},path=/dev/fd/{fd}",
        "-device",
        f"virtserialport,chardev={name},name={name}",
    ]
