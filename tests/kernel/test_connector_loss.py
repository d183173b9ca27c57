"""What the process-event connector says when it missed something, or cannot listen at all."""

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest
from bench_command import NOBODY

from llamas_bpf.sense.connector import Connector
from llamas_bpf.sense.process_events import EXIT, Event, ProcessEvents, StreamBrokenError, decode

LISTENER = [sys.executable, "-W", "error", str(Path(__file__).with_name("connector_listener.py"))]


def burst(count: int) -> None:
    subprocess.run(["sh", "-c", f"i=0; while [ $i -lt {count} ]; do (:); i=$((i+1)); done"], check=True)


def test_after_an_overflow_it_says_so_once_and_hears_again() -> None:
    """More processes than the kernel keeps for us, while we cannot read."""
    with subprocess.Popen(LISTENER, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as listener:
        assert listener.stdin is not None and listener.stdout is not None
        assert json.loads(listener.stdout.readline()) == {"open": True}
        listener.send_signal(signal.SIGSTOP)
        burst(1600)
        listener.send_signal(signal.SIGCONT)
        takes = [json.loads(listener.stdout.readline())]
        while takes[-1]["whole"]:
            takes.append(json.loads(listener.stdout.readline()))
        seen = [subprocess.Popen(["true"]) for _ in range(5)]
        pids = {process.pid for process in seen if process.wait() == 0}
        assert len(pids) == 5
        while not pids <= {tgid for take in takes for tgid in take["tgids"]}:
            takes.append(json.loads(listener.stdout.readline()))
        output, _ = listener.communicate("\n", timeout=60)
    takes += [json.loads(line) for line in output.splitlines()]
    assert [take["whole"] for take in takes].count(False) == 1


def test_an_event_that_is_missing_shows() -> None:
    """The kernel drops one without a word where it has no memory for it; here somebody else takes it."""
    cpu = min(os.sched_getaffinity(0))
    some_births = ["taskset", "-c", str(cpu), "sh", "-c", "(:); (:); (:)"]
    before = descriptors()
    with closing(ProcessEvents(1 << 20)) as events:
        subprocess.run(some_births, check=True)
        assert cpu in {event.cpu for event in events.receive()}
        with netlink_among(descriptors() - before) as thief:
            subprocess.run(some_births, check=True)
            while decode(thief.recv(4096)).cpu != cpu:
                pass
        with pytest.raises(StreamBrokenError, match=f"on CPU {cpu}"):
            events.receive()


def netlink_among(files: set[int]) -> socket.socket:
    found = [socket.socket(fileno=os.dup(file)) for file in files if stat.S_ISSOCK(os.fstat(file).st_mode)]
    (thief,) = [each for each in found if each.family == socket.AF_NETLINK]
    for each in found:
        if each is not thief:
            each.close()
    return thief


def test_records_that_nobody_takes_are_bounded_and_missed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    connector, ended, keep = Connector(most=300), set[int](), Connector._keep

    def noting(self: Connector, events: list[Event]) -> None:
        keep(self, events)
        ended.update(event.data[1] for event in events if event.what == EXIT)

    def wait_for_what_has_happened() -> None:
        """Events come in their order: for one of its own."""
        with subprocess.Popen(["true"]) as marker:
            deadline = time.monotonic() + 60
            while marker.pid not in ended:
                assert time.monotonic() < deadline
                time.sleep(0.01)

    monkeypatch.setattr(Connector, "_keep", noting)
    connector.open()
    with closing(connector):
        burst(400)
        wait_for_what_has_happened()
        records, whole = connector.take()
        assert len(records) == 300
        assert not whole
        burst(2)
        wait_for_what_has_happened()
        records, whole = connector.take()
        assert len(records) >= 4
        assert whole


def descriptors() -> set[int]:
    return {int(entry.name) for entry in Path("/proc/self/fd").iterdir() if entry.exists()}


@pytest.mark.parametrize("namespace", ["user", "net", "pid"])
def test_inside_a_namespace_the_refusal_names_it(namespace: str) -> None:
    inside = ["unshare", f"--{namespace}", "--fork"]
    found = subprocess.run([*inside, *LISTENER], stdin=subprocess.DEVNULL, capture_output=True, timeout=60)
    assert found.stderr == b""
    told = json.loads(found.stdout)
    assert told["kind"] == "HookRefusedError"
    assert f"only in the initial {namespace.replace('net', 'network')} namespace" in told["error"]


def test_without_privilege_it_listens_or_names_what_is_missing() -> None:
    """Since Linux 6.6 anybody may listen ("connector/cn_proc: Allow non-root users access")."""
    found = subprocess.run([*NOBODY, *LISTENER], stdin=subprocess.DEVNULL, capture_output=True, timeout=60)
    assert found.stderr == b""
    told = [json.loads(line) for line in found.stdout.splitlines()]
    anybody = tuple(int(number) for number in os.uname().release.split(".")[:2]) >= (6, 6)
    assert told[0] == {"open": True} if anybody else "CAP_NET_ADMIN" in told[0]["error"]
