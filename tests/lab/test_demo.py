"""``make demo``, and what it claims: by its report of what it read in the kernel's own files."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from llamas_bpf import process_children

HOME = Path("/sys/fs/cgroup/llamas-bpf")
#: What it tells before the first window, and of each.
SHARES = re.compile(r"in fast memory +(\d+)% of hot, +(\d+)% of stream")
#: The demo's own words, and three columns: before, while in force, after the end.
ROW = r"^[│┃| ]*{} *[│┃|] *(\S.*?) *[│┃|] *(\S.*?) *[│┃|] *(\S.*?) *[│┃| ]*$"


@pytest.mark.timeout(600)
@pytest.mark.needs("btf", "lower memory tier", "node2")
def test_memory_and_processors_are_shared_out_and_given_back(tmp_path: Path) -> None:
    demo = [sys.executable, "-m", "llamas_bpf.scenarios.demo", "--seconds", "120", "--out", str(tmp_path)]
    pipe = subprocess.PIPE
    with subprocess.Popen(demo, stdout=pipe, stderr=pipe, text=True) as running:
        try:
            end_when_shared_out(running)
            report, errors = running.communicate()
        finally:
            running.terminate()
    print(report, errors[-2000:])
    assert running.returncode == 0
    hot, stream = (share(report, name) for name in ("hot", "stream"))
    assert hot[1] > hot[0], "the service's share of fast memory rose"
    assert stream[1] < stream[0], "the streaming job's fell"
    # What was judged harmful is undone before the end: what was written then, and read back, counts.
    placed = re.findall(r"/llamas-bpf/(\w+) cpuset.cpus *│ *(\S+) *│ *(\S+) *│", report)
    assert any(before != now for _, before, now in placed), "somebody was given other processors"
    for name in ("hot", "stream"):
        for setting in ("CPUs", "memory nodes"):
            before, _, restored = row(report, f"{name}: {setting}")
            assert restored == before, f"{name}'s {setting} are back"
    assert max(map(len, report.splitlines())) <= 80


def end_when_shared_out(demo: "subprocess.Popen[str]") -> None:
    """Ends its controller, as Ctrl-C would, once all that it claims has been so."""
    assert demo.stderr is not None
    everywhere = (HOME.parent / "cpuset.cpus.effective").read_text()
    first, placed = None, False
    for line in demo.stderr:
        if found := SHARES.search(line):
            hot, stream = map(int, found.groups())
            first = first or (hot, stream)
            cpus = {(HOME / name / "cpuset.cpus").read_text() for name in ("hot", "stream")}
            placed = placed or cpus != {everywhere}
            # By so much that the last window, which the report tells, is not just beside it.
            if placed and hot >= first[0] + 3 and stream <= first[1] - 3:
                os.kill(controller_of(demo.pid), signal.SIGINT)
                return


def controller_of(demo: int) -> int:
    commands = {pid: Path(f"/proc/{pid}/cmdline").read_bytes() for pid in process_children.of(demo)}
    (found,) = [pid for pid, words in commands.items() if b"run" in words.split(b"\0")]
    return found


def row(report: str, heading: str) -> tuple[str, str, str]:
    found = re.search(ROW.format(re.escape(heading)), report, re.MULTILINE)
    assert found, f"no row {heading!r} in\n{report}"
    return found[1], found[2], found[3]


def share(report: str, name: str) -> list[float]:
    return [float(cell.removesuffix("%")) for cell in row(report, f"{name}: share in fast memory")]
