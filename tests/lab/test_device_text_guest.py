"""The same program in the same machine: only the paragraph about node 2 changes, and its hot pages go to the
other side. Counted by the kernel."""

import sys
from pathlib import Path

import pytest
from guest_workloads import MIB, anon_bytes
from quick_start import running, started

from llamas_bpf.launched import launched

PROGRAM = str(Path(__file__).parent / "hot_program.py")
HOT_MIB = 64
SLOW = """
A CXL memory expander on a PCIe card: 2 GiB of DDR4 behind a controller. A read takes about 400 ns and a write
450 ns, at 5 GB/s. Good for large data that is rarely used.
"""
FAST = """
On-package memory, stacked beside the processor's cores: 2 GiB. A read takes about 40 ns and a write 40 ns, at
400 GB/s. Good for frequently accessed data.
"""


def sides(tmp_path: Path, name: str, paragraph: str) -> tuple[float, float]:
    """The share of the program's memory on node 2, before and while the controller runs."""
    texts = tmp_path / name / "policies/devices"
    texts.mkdir(parents=True)
    (texts / "node2.md").write_text(f"---\nnode = 2\n---\n{paragraph}")
    config = tmp_path / name / "config.toml"
    config.write_text(f"policies = '{texts.parent}'\n")
    options = ("--enforce", "--advisor", "rules", "--state", str(tmp_path / name / "state"))
    program = [sys.executable, PROGRAM, str(HOT_MIB)]
    with started("exec", "--name", name, "--mems", "weights", "--", *program) as process:
        assert process.stdout.readline() == b"up\n"
        (workload,) = (entry for entry in launched() if entry.name == name)

        def share() -> float:
            sizes = anon_bytes(workload)
            assert sum(sizes.values()) >= HOT_MIB * MIB
            print(f"\n{name}: " + ", ".join(f"{node} {size >> 12} pages" for node, size in sizes.items()))
            return sizes["N2"] / sum(sizes.values())

        before = share()
        with running(*options, "--config", str(config)) as run:
            run.until(lambda window: not 0.2 < share() < 0.8, most=120)
            after = share()
            assert run.stop() == 0
        process.end()
    return before, after


@pytest.mark.needs("btf", "node2 untold", "weighted interleave")
def test_one_paragraph_turns_the_placement_around(tmp_path: Path) -> None:
    slow, fast = sides(tmp_path, "slow", SLOW), sides(tmp_path, "fast", FAST)
    # It begins spread over all nodes, so that either side can be reached.
    assert 0.25 < slow[0] < 0.45
    assert 0.25 < fast[0] < 0.45
    assert slow[1] <= 0.2
    assert fast[1] >= 0.8
