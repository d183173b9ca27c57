"""What the running kernel says of its processes' delays, whether it accounts all of them or not."""

import json
import os
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from bench_command import NOBODY
from kernel_types import members

from llamas_bpf import process_stat
from llamas_bpf.digest import taskstats
from llamas_bpf.digest.delays import Delays, Replies
from llamas_bpf.digest.taskstats import ReplyError

MEMBERS = {
    "delay.cpu_ns": "cpu_delay_total",
    "delay.swapin_ns": "swapin_delay_total",
    "delay.reclaim_ns": "freepages_delay_total",
    "delay.thrashing_ns": "thrashing_delay_total",
    "delay.compaction_ns": "compact_delay_total",
}
OPEN = """
import json, os
from llamas_bpf.digest.delays import Delays
delays = Delays.open()
print(json.dumps({"missing": delays.missing, "read": delays.read([os.getpid()])}))
delays.close()
"""
#: Two threads wait for ever; at a line, a third one works and ends.
THREADS = """
import sys, threading
wait = threading.Event().wait
threading.Thread(target=wait, daemon=True).start()
print("up", flush=True)
for _ in sys.stdin:
    worker = threading.Thread(target=lambda: sum(range(10**6))); worker.start(); worker.join()
    print("done", flush=True)
"""


@pytest.fixture
def replies() -> Iterator[Replies]:
    asked = Replies()
    yield asked
    asked.close()


@contextmanager
def killed(process: subprocess.Popen[bytes]) -> Iterator[None]:
    try:
        yield
    finally:
        process.kill()


def opened(*how: str) -> dict[str, object]:
    command = [*how, sys.executable, "-W", "error", "-c", OPEN]
    found = subprocess.run(command, capture_output=True, timeout=60, check=True)
    assert found.stderr == b""
    told: dict[str, object] = json.loads(found.stdout)
    return told


def run_delay_ns(pid: int) -> int:
    """Documentation/scheduler/sched-stats.rst: of each thread that lives."""
    files = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(file.read_text().split()[1]) for file in files)


def test_figures_stand_where_the_kernels_own_types_say(replies: Replies) -> None:
    size, places = members("taskstats")
    reply = replies.about(os.getpid())
    at = len(reply) - size
    (version,) = struct.unpack_from("=H", reply, at)
    assert struct.unpack_from("=HH", reply, at - 4) == (size + 4, 3)
    assert taskstats.layout(version, size) == {
        name: places[member] for name, member in MEMBERS.items() if member in places
    }


def test_waits_for_a_cpu_are_those_of_schedstat_and_stay_when_a_thread_ends(replies: Replies) -> None:
    on_one_cpu = ["taskset", "-c", str(min(os.sched_getaffinity(0))), sys.executable, "-c"]
    with (
        subprocess.Popen([*on_one_cpu, "while True: pass"]) as other,
        subprocess.Popen([*on_one_cpu, THREADS], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process,
        killed(other),
    ):
        assert process.stdin is not None and process.stdout is not None
        assert process.stdout.readline() == b"up\n"
        before = settled(replies, process.pid)
        assert before == run_delay_ns(process.pid) > 0
        for _ in range(5):
            process.stdin.write(b"\n")
            process.stdin.flush()
            assert process.stdout.readline() == b"done\n"
        after = settled(replies, process.pid)
        assert after > run_delay_ns(process.pid) > before
        process.communicate()


def settled(replies: Replies, pid: int) -> int:
    """Once all its threads wait, for some time."""
    quiet = 0
    while quiet < 5:
        time.sleep(0.05)
        threads = [process_stat.read(pid, int(path.name)) for path in Path(f"/proc/{pid}/task").iterdir()]
        quiet = quiet + 1 if all(thread and thread.state == "S" for thread in threads) else 0
    return taskstats.delays(replies.about(pid))["delay.cpu_ns"]


def test_of_a_process_that_has_gone_there_is_nothing(replies: Replies) -> None:
    gone = subprocess.Popen(["true"])
    gone.wait()
    with pytest.raises(ReplyError) as refused:
        taskstats.delays(replies.about(gone.pid))
    assert refused.value.number == 3  # ESRCH


def test_what_is_missing_is_said_or_nothing_is() -> None:
    """The switch is not ours to turn: tests/lab/test_delays.py turns a guest's."""
    told = opened()
    if Path("/proc/sys/kernel/task_delayacct").read_text() == "1\n":
        assert told["missing"] == ""
        assert set(told["read"]) == set(MEMBERS)  # type: ignore[call-overload]
    else:
        assert "sysctl kernel.task_delayacct=1" in str(told["missing"])
        assert told["read"] == {}


def test_without_privilege_the_refusal_names_it() -> None:
    for how in (NOBODY, ["unshare", "--user", "--map-root-user"]):
        told = opened(*how)
        assert "CAP_NET_ADMIN" in str(told["missing"])
        assert told["read"] == {}


def test_nothing_is_read_once_closed() -> None:
    delays = Delays.open()
    delays.close()
    assert delays.read([os.getpid()]) == {}
