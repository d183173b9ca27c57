"""Speaks to the controller as no honest model's process does, or tries what it should not be able to do.

``MODE PATH STATE USER KEY_FD``; all but the mode is what the controller gives.
"""

import ctypes
import fcntl
import json
import os
import random
import signal
import socket
import struct
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

mode, path, state, user, key = sys.argv[1:]
sys.path += [*path.split(os.pathsep), str(Path(__file__).parents[1]), str(Path(__file__).parent)]
mode, _, argument = mode.partition(":")


def put(data: bytes) -> None:
    while data:
        data = data[os.write(1, data) :]


def say(**message: object) -> None:
    body = json.dumps(message).encode()
    put(struct.pack("!I", len(body)) + body)


def figures() -> None:
    say(kind="figures", context_tokens=1, flushes=0, recalled_entries=0)


def floods() -> None:
    while True:
        figures()


def pours() -> None:
    """Bytes of a message that does not end."""
    put(struct.pack("!I", 60_000))
    while True:
        put(b" " * 100)


def hangs() -> None:
    time.sleep(600)


def exits() -> None:
    sys.exit(3)


def chats() -> None:
    """Well mannered, but nobody asked, or never answers."""
    while True:
        figures()
        time.sleep(0.05)


def deafens() -> None:
    """It does not read on, but has something to say."""
    os.read(0, 1)
    os.close(0)
    chats()


def answers_unasked() -> None:
    say(kind="answered", question="q", exchanges=[])
    hangs()


def begins_again() -> None:
    for _ in range(2):
        say(kind="ready", notes=[])
    hangs()


def raw() -> None:
    """These very bytes, of a seed."""
    from broken_messages import broken

    put(broken(random.Random(int(argument))))
    hangs()


def tries() -> None:
    """What gets through is told as ``notes``."""
    from bad_calls import CALLS

    from llamas_bpf.advise.confined.confine import confine

    secret = os.open(Path(state) / "store.db", os.O_RDONLY)
    os.close(secret)
    controller = int(Path("/proc/self/stat").read_text().rpartition(")")[2].split()[1])
    memory = confine(Path(state), user)
    (memory / "memory.db").write_bytes(b"mine")
    attempts: dict[str, Callable[[], object]] = {
        "write the state directory": lambda: (Path(state) / "journal").write_text("x"),
        "read the store": (Path(state) / "store.db").read_text,
        "write /sys": lambda: Path("/sys/kernel/mm/transparent_hugepage/enabled").open("r+").close(),
        "write a sysctl": lambda: Path("/proc/sys/vm/swappiness").open("r+").close(),
        "make a cgroup": lambda: Path("/sys/fs/cgroup/bad-model").mkdir(),
        "signal the controller": lambda: os.kill(controller, 0),
        "signal whom all end with": lambda: os.kill(1, 0),
        "stop whom all end with": lambda: os.kill(1, signal.SIGSTOP),
        "look into whom all end with": Path("/proc/1/exe").readlink,
        "move whom all end with": lambda: os.sched_setaffinity(1, {0}),
        "move the controller": lambda: os.sched_setaffinity(controller, {0}),
        "read the controller's environment": lambda: Path(f"/proc/{controller}/environ").read_bytes(),
        "read the controller's memory": lambda: Path(f"/proc/{controller}/mem").open("rb").close(),
        "become root": lambda: os.setuid(0),
        "join a group": lambda: os.setgroups([0]),
        "read /root": lambda: list(Path("/root/.").iterdir()),
        "write the kernel's log": lambda: Path("/dev/kmsg").open("w").close(),
        "raise its limits": lambda: __import__("resource").setrlimit(9, (-1, -1)),
        "see other processes": lambda: next(
            path for path in Path("/proc").glob("[0-9]*") if int(path.name) != os.getpid()
        ),
        "write /tmp": lambda: Path("/tmp/llamas-bpf-bad-model").write_text("x"),
        "write /dev/shm": lambda: Path("/dev/shm/llamas-bpf-bad-model").write_text("x"),
        "write /var/tmp": lambda: Path("/var/tmp/llamas-bpf-bad-model").write_text("x"),
        "be spared when memory is short": lambda: Path("/proc/self/oom_score_adj").write_text("0"),
        "reach shared memory": lambda: _check(ctypes.CDLL(None).shmget(int(argument or 0), 0, 0)),
        "hand an open file to the controller": lambda: next(filter(_handed_over, (0, 1))),
        **CALLS,
        "read by way of the controller": lambda: Path(f"/proc/{controller}/root/etc/shadow").read_bytes(),
    }
    through = []
    for what, attempt in attempts.items():
        with suppress(OSError, ValueError, StopIteration):
            attempt()
            through.append(what)
    say(kind="ready", notes=["tried", *through])
    hangs()


def _handed_over(end: int) -> bool:
    with suppress(OSError), socket.socket(fileno=os.dup(end)) as pipe:
        return bool(socket.send_fds(pipe, [b"x"], [end]))
    return False


def _check(result: int) -> None:
    if result < 0:
        raise OSError(result)


def multiplies() -> None:
    """What it starts could go on without it, in sessions of their own, and hold its pipe."""
    from llamas_bpf.advise.confined.confine import confine

    confine(Path(state), user)
    for _ in range(3):
        if not os.fork():
            os.setsid()
            hangs()
    say(kind="ready", notes=["multiplied"])
    hangs()


def outlives() -> None:
    """Its controller: neither it nor what it has started looks for its end, or takes the kernel's word."""
    from llamas_bpf.advise.confined.confine import confine

    confine(Path(state), user)
    for number in set(signal.Signals) - {signal.SIGKILL, signal.SIGSTOP}:
        signal.signal(number, signal.SIG_IGN)
    child = os.fork()
    ctypes.CDLL(None).prctl(1, 0, 0, 0, 0)  # PR_SET_PDEATHSIG
    if child:
        say(kind="ready", notes=["outlives"])
    hangs()


def locks() -> None:
    """Its own directory, which it may open."""
    from llamas_bpf.advise.confined.confine import confine

    fcntl.flock(os.open(confine(Path(state), user), os.O_RDONLY), fcntl.LOCK_EX | fcntl.LOCK_NB)
    say(kind="ready", notes=["locked"])
    hangs()


def crashes() -> None:
    ctypes.string_at(0)


globals()[mode]()
