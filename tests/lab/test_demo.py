"""``make demo``, and what it claims: by its report of what it read in the kernel's own files."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

#: The demo's own words, and three columns: before, while in force, after the end.
ROW = r"^[│┃| ]*{} *[│┃|] *(\S.*?) *[│┃|] *(\S.*?) *[│┃|] *(\S.*?) *[│┃| ]*$"


@pytest.mark.needs("btf", "lower memory tier", "node2")
def test_memory_and_processors_are_shared_out_and_given_back(tmp_path: Path) -> None:
    demo = [sys.executable, "-m", "llamas_bpf.scenarios.demo", "--seconds", "60", "--out", str(tmp_path)]
    done = subprocess.run(demo, capture_output=True, text=True)
    report = done.stdout
    print(report, done.stderr[-2000:])
    assert done.returncode == 0
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


def row(report: str, heading: str) -> tuple[str, str, str]:
    found = re.search(ROW.format(re.escape(heading)), report, re.MULTILINE)
    assert found, f"no row {heading!r} in\n{report}"
    return found[1], found[2], found[3]


def share(report: str, name: str) -> list[float]:
    return [float(cell.removesuffix("%")) for cell in row(report, f"{name}: share in fast memory")]
