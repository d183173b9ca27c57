"""``llamas-bpf exec``: the command's own status, its registration, signals."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from llamas_bpf.contracts.workload import Launched, ProcessId
from llamas_bpf.launched import LAUNCHED, WORKLOADS, launched
from llamas_bpf.machine import boot_id

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="kernel feature: only root may register workloads")
NAME = f"test-{os.getpid()}"
EXEC = [sys.executable, "-m", "llamas_bpf.cli", "exec", "--name", NAME]


def status(*command: str) -> int:
    return subprocess.run([*EXEC, *command], check=False, capture_output=True).returncode


def mine() -> list[Launched]:
    return [entry for entry in launched() if entry.name == NAME]


def test_the_status_is_the_commands() -> None:
    assert status("--", "sh", "-c", "exit 7") == 7
    assert status("sh", "-c", "kill -9 $$") == 128 + 9
    assert status("--", "/nonexistent/command") == 127
    assert status("--", "/etc") == 126
    assert status("--", "/etc/passwd/x") == 126
    assert status("--mems", "tier99", "--", "true") == 125
    assert status("--nonsense", "--", "true") == 125
    assert status() == 125
    assert subprocess.run([*EXEC[:-1], "No Such", "true"], check=False, capture_output=True).returncode == 125
    assert mine() == []


def test_it_is_registered_before_it_runs_and_no_longer_than_it_runs() -> None:
    shown = subprocess.run(
        [*EXEC, "--", "cat", WORKLOADS / f"{NAME}.json"], check=True, capture_output=True
    ).stdout
    entry = LAUNCHED.validate_json(shown)
    assert (entry.name, entry.boot_id) == (NAME, boot_id())
    assert not (WORKLOADS / f"{NAME}.json").exists()


def test_what_it_does_is_told_in_the_words_of_device_texts() -> None:
    told = [*EXEC, "--does", "matrix_compute,writes", "--", "cat", str(WORKLOADS / f"{NAME}.json")]
    shown = subprocess.run(told, check=True, capture_output=True).stdout
    assert LAUNCHED.validate_json(shown).does == ("matrix_compute", "writes")
    wrong = [*EXEC, "--does", "matrix_compute,pointer_chase", "--", "true"]
    refused = subprocess.run(wrong, check=False, capture_output=True, text=True)
    assert refused.returncode == 125
    assert "did you mean pointer_chasing?" in refused.stderr


@contextmanager
def start(*command: str) -> Iterator["subprocess.Popen[bytes]"]:
    with subprocess.Popen([*EXEC, "--", *command], stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == b"up\n"
            yield process
        finally:
            process.kill()
            for entry in mine():
                with suppress(ProcessLookupError):
                    os.kill(entry.root.pid, signal.SIGKILL)


#: The whole command, then what it has imported by its end.
LOOK = """
import sys
before = set(sys.modules)
from llamas_bpf.cli import main
try:
    main()
finally:
    print(*(sys.modules.keys() - before))
"""


def test_it_starts_with_no_more_than_it_needs() -> None:
    """It lives as long as its workload, and what only a controller uses would cost memory and time."""
    command = [sys.executable, "-c", LOOK, *EXEC[3:], "--", "true"]
    imported = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    libraries = {name.partition(".")[0] for name in imported if not name.startswith("_")}
    pydantic = {"pydantic", "pydantic_core", "annotated_types", "typing_extensions", "typing_inspection"}
    assert "llamas_bpf" in libraries
    assert libraries - sys.stdlib_module_names <= {"click", "llamas_bpf"} | pydantic
    assert not libraries & {"asyncio", "sqlite3", "ssl"}
    own = {"act", "cli", "config", "contracts", "errors", "launched", "machine", "shown"}
    own |= {"process_stat", "procfs"}
    assert {name.split(".")[1] for name in imported if name.startswith("llamas_bpf.")} <= own


TRAPS = "trap 'exit 42' {}; echo up; while :; do sleep 0.02; done"


@pytest.mark.parametrize("name", ["TERM", "INT", "HUP", "USR1", "USR2", "QUIT"])
def test_signals_are_handed_on(name: str) -> None:
    with start("sh", "-c", TRAPS.format(name)) as process:
        process.send_signal(signal.Signals[f"SIG{name}"])
        assert process.wait(60) == 42


def test_a_name_in_use_is_refused_and_then_free_again() -> None:
    with start("sh", "-c", TRAPS.format("TERM")) as process:
        (entry,) = mine()
        again = subprocess.run([*EXEC, "--", "true"], check=False, capture_output=True, text=True)
        assert again.returncode == 125
        assert f"in use by process {entry.root.pid}" in again.stderr
        assert mine() == [entry]
        process.terminate()
        assert process.wait(60) == 42
    assert status("--", "true") == 0


def test_what_a_killed_exec_left_behind_is_in_use_while_it_lives() -> None:
    with start("sh", "-c", TRAPS.format("TERM")) as process:
        (entry,) = mine()
        process.kill()
        process.wait()
        assert mine() == [entry]
        assert status("--", "true") == 125
        os.kill(entry.root.pid, signal.SIGTERM)
        while mine():
            time.sleep(0.01)
    assert status("--", "true") == 0
    assert not (WORKLOADS / f"{NAME}.json").exists()


def test_the_command_starts_with_clean_signals() -> None:
    own = Path("/proc/self/status").read_text().splitlines()
    shown = subprocess.run(
        [*EXEC, "grep", "Sig[BI]", "/proc/self/status"], check=True, capture_output=True, text=True
    )
    before = [line for line in own if line.startswith("SigBlk")]
    assert [line for line in shown.stdout.splitlines() if line.startswith("SigBlk")] == before
    ignored = next(line for line in shown.stdout.splitlines() if line.startswith("SigIgn"))
    assert int(ignored.split()[1], 16) & 1 << (signal.SIGPIPE - 1) == 0


def test_memory_policies_survive_to_the_command() -> None:
    here = tuple(int(number) for number in os.uname().release.split(".")[:2])
    for mems, words, since in (
        ("tier0", "prefer (many)", (5, 15)),
        ("weights", "weighted interleave", (6, 9)),
    ):
        shown = subprocess.run(
            [*EXEC, "--mems", mems, "--", "cat", "/proc/self/numa_maps"],
            check=False,
            capture_output=True,
            text=True,
        )
        if here < since:
            assert shown.returncode == 125
            assert "lacks a policy of" in shown.stderr
        else:
            assert shown.returncode == 0, shown.stderr
            assert words in shown.stdout


def test_registrations_that_are_not_true_are_passed_over(tmp_path: Path) -> None:
    here = ProcessId(os.getpid(), _start(os.getpid()))
    true = Launched("a", boot_id(), here, None, None)
    cases = {
        "a": true,
        "b": true,  # a file of another name
        "c": Launched("c", "another boot", here, None, None),
        "d": Launched("d", boot_id(), ProcessId(here.pid, here.start_ticks - 1), None, None),
    }
    for name, entry in cases.items():
        (tmp_path / f"{name}.json").write_bytes(LAUNCHED.dump_json(entry))
    (tmp_path / "e.json").write_text('{"name": "e"}')
    (tmp_path / "elsewhere").write_bytes(LAUNCHED.dump_json(Launched("f", boot_id(), here, None, None)))
    (tmp_path / "f.json").symlink_to(tmp_path / "elsewhere")
    os.mkfifo(tmp_path / "g.json")
    foreign = tmp_path / "h.json"
    foreign.write_bytes(LAUNCHED.dump_json(Launched("h", boot_id(), here, None, None)))
    os.chown(foreign, 12345, 12345)
    assert launched(tmp_path) == [true]
    assert launched(tmp_path / "none") == []


def _start(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19])
