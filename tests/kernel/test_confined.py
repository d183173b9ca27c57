"""The model's process on this kernel: it has no rights, and whatever it does, the loop goes on."""

import ctypes
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import count
from pathlib import Path

import pytest
from controller import quick, running
from openai_server import hangs, hints, serving
from situations import hot, situation

from llamas_bpf import own, process_stat
from llamas_bpf.advise import Earlier, llm
from llamas_bpf.advise.confined import process
from llamas_bpf.advise.confined.messages import Answered, Document, Figures, Observation, Question, Start
from llamas_bpf.advise.confined.process import Confined, Ended
from llamas_bpf.advise.confined.process import Said as One
from llamas_bpf.advise.confined.start import ENVIRONMENT
from llamas_bpf.advise.model.prompt import Prompts, variables
from llamas_bpf.config import Config, LlmConfig
from llamas_bpf.contracts.exchange import Exchange
from llamas_bpf.errors import ConfigError

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="kernel feature: only root has rights to give up")

BAD = (sys.executable, "-I", str(Path(__file__).with_name("bad_model.py")))
KEY = "sk-very-secret-0123456789"
Said = list[One]


@pytest.fixture
def state(tmp_path: Path) -> Path:
    (tmp_path / "store.db").write_text("the controller's")
    return tmp_path


@contextmanager
def confined(state: Path, url: str = "http://127.0.0.1:9/v1", bad: str = "") -> Iterator[Confined]:
    texts = Prompts(Config()).texts
    start = Start(base_url=url, model="m", config=LlmConfig(timeout_s=100), templates=texts)
    more = {"program": (*BAD, bad)} if bad else {}
    found = Confined(start, KEY, state, "", 1000, **more)
    try:
        yield found
    finally:
        found.close()
        assert found._process is None


def window(number: int, ask: bool = False) -> Observation:
    question = Question(id=f"q{number}") if ask else None
    shown = variables(situation([hot()], number=number), 1)[0] if ask else None
    return Observation(
        number=number, end_ns=number, at_s=0, machine={}, records=[], shown=shown, question=question
    )


def until(found: Confined, reached: Callable[[Said], bool], what: str) -> Said:
    """Windows go by until that has come."""
    said: Said = []
    deadline = time.monotonic() + 120
    while not reached(said):
        assert time.monotonic() < deadline, (what, found.trouble, said[-3:])
        said += found.receive()
        time.sleep(0.02)
    return said


def ended(said: Said) -> bool:
    return any(isinstance(one, Ended) for one in said)


def ready(found: Confined) -> int:
    """Its pid, once it has answered to a window."""
    found.receive()
    assert found.send(window(0))
    until(found, lambda said: any(isinstance(one, Figures) for one in said), "figures")
    return pid_of(found)


def pid_of(found: Confined) -> int:
    assert found._process
    return found._process.pid


def status(pid: int) -> dict[str, str]:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


def test_it_has_no_rights(state: Path) -> None:
    with serving(hangs) as server, confined(state, server.url) as found:
        pid = ready(found)
        assert found.send(window(1, ask=True))
        until(found, lambda said: bool(server.questions), "a question")
        told = status(pid)
        uids = set(told["Uid"].split())
        assert uids == set(told["Gid"].split())
        (uid,) = map(int, uids)
        assert uid in range(61184, 65520)
        assert told["Groups"] == ""
        assert {int(told[f"Cap{name}"], 16) for name in ("Inh", "Prm", "Eff", "Bnd", "Amb")} == {0}
        assert told["NoNewPrivs"] == "1"
        assert told["Seccomp"] == "2"  # a filter
        # Not dumpable: its files in /proc are root's, and its own user cannot read them.
        assert Path(f"/proc/{pid}/mem").stat().st_uid == 0
        for name in ("environ", "mem", "maps", "fd"):
            peek = ["setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups", "cat"]
            assert subprocess.run([*peek, f"/proc/{pid}/{name}"], capture_output=True).returncode
        for name in ("environ", "cmdline"):
            assert KEY.encode() not in Path(f"/proc/{pid}/{name}").read_bytes()
        environ = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
        names = {line.partition(b"=")[0].decode() for line in environ if line}
        assert names <= {*ENVIRONMENT, "OPENBLAS_NUM_THREADS", "LC_CTYPE"}
        open_files = sorted(str(file.readlink()) for file in Path(f"/proc/{pid}/fd").iterdir())
        rest = [
            file
            for file in open_files
            if not file.startswith(("socket:", "pipe:")) and "advisor/memory.db" not in file
        ]
        assert set(rest) == {"/dev/null"}
        # The two pipes, and the server.
        assert len({file for file in open_files if file.startswith("pipe:")}) == 2
        assert len([file for file in open_files if file.startswith("socket:")]) == 1
        assert server.keys == [f"Bearer {KEY}"]
        assert (state / "advisor").stat().st_uid == uid
        assert (state / "advisor").stat().st_mode & 0o777 == 0o700


def test_it_can_do_nothing_but_write_its_memory(state: Path) -> None:
    with confined(state, bad="tries") as found:
        until(found, lambda said: bool(found.notes) or ended(said), "what it tried")
        assert found.notes == ("tried",), found.trouble
    assert (state / "advisor" / "memory.db").read_bytes() == b"mine"
    assert (state / "store.db").read_text() == "the controller's"


def test_it_can_do_what_a_client_does(state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Look up names, and speak TLS: libc and OpenSSL have their own ways to ask the kernel."""
    place = tmp_path / "tls"
    place.mkdir(mode=0o755)
    whole, shown = place / "whole.pem", place / "certificate.pem"
    subject = ("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost")
    made = ("-keyout", str(whole), "-out", str(shown))
    makes = ("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", *subject, *made)
    subprocess.run(makes, check=True, capture_output=True)
    whole.write_text(whole.read_text() + shown.read_text())
    monkeypatch.setenv("SSL_CERT_FILE", str(shown))
    with serving(hints()) as server, confined(state, server.speak_tls(whole)) as found:
        ready(found)
        assert found.send(window(1, ask=True))
        said = until(found, lambda said: any(isinstance(one, Answered) for one in said), "an answer")
        (answered,) = (one for one in said if isinstance(one, Answered))
        assert {(one.status, one.detail) for one in answered.exchanges} == {("ok", "")}


@pytest.mark.parametrize("closed", ["", "ca.pem"])
def test_certificates_that_it_cannot_read_are_named(
    state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, closed: str
) -> None:
    place = tmp_path / "tls"
    place.mkdir(mode=0o755)
    (place / "ca.pem").touch(mode=0o644)
    (place / closed).chmod(0o700)
    monkeypatch.setenv("SSL_CERT_FILE", str(place / "ca.pem"))
    with confined(state) as found:
        until(found, ended, "its end")
        assert f"SSL_CERT_FILE: {place / closed} is not open to everybody: put it elsewhere" in found.trouble


def test_it_shares_no_memory_with_anybody(state: Path) -> None:
    libc, key = ctypes.CDLL(None), 0x6C000000 + os.getpid()
    segment = libc.shmget(key, 4096, 0o1666)
    assert segment >= 0
    try:
        with confined(state, bad=f"tries:{key}") as found:
            until(found, lambda said: bool(found.notes) or ended(said), "what it tried")
            assert found.notes == ("tried",), found.trouble
    finally:
        assert libc.shmctl(segment, 0, None) == 0  # IPC_RMID


def test_a_confinement_that_fails_is_the_end(state: Path) -> None:
    """A stranger's directory, or a link to one, is not taken over."""
    (state / "advisor").symlink_to("/etc")
    with confined(state) as found:
        (end,) = until(found, ended, "its end")
        assert isinstance(end, Ended)
        assert "Not a directory" in end.sentence
        assert found.trouble == end.sentence
    (state / "advisor").unlink()
    (state / "advisor").mkdir()
    os.chown(state / "advisor", 1234, 1234)
    with confined(state) as found:
        (end,) = until(found, ended, "its end")
        assert isinstance(end, Ended)
        assert "belongs to uid 1234" in end.sentence


def test_a_memory_that_changes_hands_brings_no_strangers_files(state: Path) -> None:
    """Its last owner has put links there, hoping that root gives them what they lead to."""
    memory, precious = state / "advisor", state / "precious"
    memory.mkdir(mode=0o700)
    precious.write_text("root's")
    (memory / "memory.db").write_text("")
    for path in (memory, memory / "memory.db"):
        os.chown(path, 65000, 65000)
    (memory / "symbolic").symlink_to(precious)
    (memory / "hard").hardlink_to(precious)
    busy = subprocess.Popen(["setpriv", "--reuid=65000", "--clear-groups", "sleep", "600"])
    try:
        with confined(state) as found:
            uid = int(status(ready(found))["Uid"].split()[0])
            assert uid != 65000
            assert memory.stat().st_uid == (memory / "memory.db").stat().st_uid == uid
            assert precious.stat().st_uid == 0
    finally:
        busy.kill()
        busy.wait()


@pytest.mark.parametrize("mode", ["floods", "pours", "answers_unasked", "begins_again"])
def test_one_that_breaks_the_rules_is_killed_and_started_again(state: Path, mode: str) -> None:
    with confined(state, bad=mode) as found:
        for restarts in (0, 1):
            (end,) = until(found, ended, mode)[-1:]
            assert isinstance(end, Ended)
            assert "does not keep to the rules" in end.sentence
            assert found.restarts == restarts


@pytest.mark.parametrize("seed", range(24))
def test_broken_messages_end_it(state: Path, seed: int) -> None:
    with confined(state, bad=f"raw:{seed}") as found:
        (end,) = until(found, ended, f"seed {seed}")[-1:]
        assert isinstance(end, Ended)
        assert "does not keep to the rules" in end.sentence


def test_one_that_crashes_has_ended(state: Path) -> None:
    with confined(state, bad="crashes") as found:
        until(found, ended, "its end")
        # The pipe is closed before there is a status.
        assert any(why in found.trouble for why in ("killed by signal 11", "hung up"))


def test_what_it_has_started_ends_with_it(state: Path) -> None:
    with confined(state, bad="multiplies") as found:
        until(found, lambda said: found.notes == ("multiplied",), "its children")
        first = pid_of(found)
        family = family_of(first)
        assert len(family) == 5  # with the one that it ends with
        os.kill(first, signal.SIGKILL)
        until(found, ended, "its end")
        assert "killed by signal 9" in found.trouble
        gone(family)


def family_of(pid: int) -> list[int]:
    namespace = Path(f"/proc/{pid}/ns/pid").readlink()
    return [one for one in _pids() if _is_of(one, namespace)]


def _is_of(pid: int, namespace: Path) -> bool:
    try:
        return Path(f"/proc/{pid}/ns/pid").readlink() == namespace
    except OSError:
        return False


def gone(pids: list[int]) -> None:
    deadline = time.monotonic() + 60
    while any((stat := process_stat.read(pid)) and stat.state != "Z" for pid in pids):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_two_do_not_share_a_memory(state: Path) -> None:
    """The second says so, and has it when the first is done with it."""
    with confined(state) as second:
        with confined(state) as first:
            pid = ready(first)
            (end,) = until(second, ended, "its end")
            assert isinstance(end, Ended)
            assert "another controller" in end.sentence
            assert "--state" in end.sentence
            # The first does not notice.
            assert first.send(window(1))
            until(first, bool, "figures")
            assert pid_of(first) == pid
        until(second, lambda said: second._process is not None, "its start")
        ready(second)


def test_it_can_lock_nobody_out(state: Path) -> None:
    """One that outlives its controller, which was killed, does not stop the next."""
    with confined(state, bad="locks") as found:
        until(found, lambda said: found.notes == ("locked",), "its lock")
        assert found._lock is not None
        os.close(found._lock)
        found._lock = None
        with confined(state) as second:
            ready(second)


def test_more_than_it_can_read_is_said_before_it_starts(state: Path) -> None:
    documents = [Document(source="nvme", text="x" * (5 << 20))]
    start = Start(base_url=None, model="m", config=LlmConfig(), templates={}, documents=documents)
    with pytest.raises(ConfigError, match="shorten the texts in devices"):
        Confined(start, KEY, state, "", 1)
    with confined(state) as found:
        ready(found)
        assert not found.send(window(1).model_copy(update={"machine": {"text": "x" * (5 << 20)}}))
        assert found.dropped == 1
        assert not found.trouble


def test_one_that_dies_is_started_again(state: Path) -> None:
    with confined(state) as found:
        first = ready(found)
        os.kill(first, signal.SIGKILL)
        until(found, ended, "its end")
        assert "model's process" in found.trouble
        assert ready_again(found) != first
        assert (found.restarts, found.trouble) == (1, "")


def ready_again(found: Confined) -> int:
    until(found, lambda said: found._process is not None and found.restarts > 0, "a restart")
    return ready(found)


@pytest.mark.parametrize("mode", ["hangs", "chats"])
def test_one_that_never_answers_is_killed(state: Path, mode: str) -> None:
    with confined(state, bad=mode) as found:
        found._answer_s = 2
        found.receive()
        assert found.send(window(1, ask=True))
        until(found, ended, "its end")
        assert "never answered" in found.trouble


def test_one_that_reads_no_more_is_killed(state: Path) -> None:
    """Whatever it says."""
    with confined(state, bad="deafens") as found:
        until(found, bool, "figures")
        for number in range(1, 10):
            found.send(window(number))
            time.sleep(0.02)
        until(found, ended, "its end")
        assert "reads no more" in found.trouble


def test_one_that_is_stopped_is_killed(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with confined(state) as found:
        os.kill(ready(found), signal.SIGSTOP)
        monkeypatch.setattr(process, "_QUIET_S", 1.0)
        found.send(window(1))
        until(found, ended, "its end")
        assert "has said nothing" in found.trouble


def test_what_it_does_not_read_is_dropped_and_nobody_waits(state: Path) -> None:
    big = window(1).model_copy(update={"machine": {"text": "x" * 500_000}})
    with confined(state, bad="hangs") as found:
        found.receive()
        sent = waited = 0
        for _ in range(50):
            # A call that waits is a voluntary switch; a few may be waits for memory, or for a kernel's lock.
            before = resource.getrusage(resource.RUSAGE_THREAD).ru_nvcsw
            found.receive()
            sent += found.send(big)
            waited += resource.getrusage(resource.RUSAGE_THREAD).ru_nvcsw > before
        assert waited <= 5
        assert 1 <= sent < 10
        assert found.dropped == 50 - sent
        assert len(found._unsent) < 1 << 20


@pytest.mark.parametrize("mode", ["floods", "pours", "raw:1", "hangs", "exits"])
def test_the_next_advisor_answers_and_windows_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    monkeypatch.setattr(llm, "Confined", partial(Confined, program=(*BAD, mode)))
    monkeypatch.setattr(llm, "_answer_s", lambda config: 2.0)
    advisor = llm.create(Config(llm=LlmConfig(base_url="http://127.0.0.1:9", model="m")), Earlier(tmp_path))
    try:
        exchanges: list[Exchange] = []
        deadline = time.monotonic() + 100
        for number in count(1):
            assert time.monotonic() < deadline
            advice = advisor.advise(situation((hot(started_by_exec=True),), number=number))
            exchanges += advisor.drain_exchanges()
            if exchanges:
                break
            time.sleep(0.05)
        assert advice is None
        assert [exchange.status for exchange in exchanges] == ["died"]
        assert advisor.figures().hour.calls == 1
        assert "model's process" in advisor.why
    finally:
        advisor.close()


def test_it_ends_with_its_controller(tmp_path: Path) -> None:
    """Killed, amid a question: nobody is left to end it."""
    options = ("--advisor", "llm", "--state", str(tmp_path / "state"), *quick(tmp_path))
    with serving(hangs) as server, running(*options, env={"OPENAI_BASE_URL": server.url}) as run:
        run.until(lambda window: bool(server.questions))
        children = [pid for pid in _pids() if _parent(pid) == run.process.pid]
        assert len(children) == 2
        run.process.kill()
        gone(children)


@pytest.mark.parametrize("bad", ["locks", "outlives"])
def test_it_ends_with_its_controller_also_while_it_hangs(state: Path, bad: str) -> None:
    """It never looks whether the controller hangs up, or does all that it can to live on."""
    reading, writing = os.pipe()
    controller = os.fork()
    if not controller:
        try:
            with confined(state, bad=bad) as found:
                until(found, lambda said: bool(found.notes), bad)
                os.write(writing, " ".join(map(str, family_of(pid_of(found)))).encode())
                os.kill(os.getpid(), signal.SIGKILL)
        finally:
            os._exit(1)
    os.close(writing)
    os.waitpid(controller, 0)
    with os.fdopen(reading) as told:
        family = [*map(int, told.read().split())]
    assert len(family) == {"locks": 2, "outlives": 3}[bad]
    gone(family)


def test_it_is_the_controllers_own(state: Path) -> None:
    with serving(hints()) as server, confined(state, server.url) as found:
        pid = ready(found)
        family = family_of(pid)
        assert len(family) == 2
        assert all(map(own.holds, family))
    assert not any(map(own.holds, family))


def _pids() -> list[int]:
    return [int(path.name) for path in Path("/proc").glob("[0-9]*")]


def _parent(pid: int) -> int:
    stat = process_stat.read(pid)
    return stat.parent if stat else 0
