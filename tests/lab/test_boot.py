"""Inside the guest: what every job may rely on."""

import os
import subprocess
from pathlib import Path

import pytest


def read(path: Path) -> str:
    return path.read_text().strip()


def test_the_kernel_is_the_one_asked_for() -> None:
    assert os.uname().release == os.environ["LAB_KERNEL"]


def test_cgroup_controllers_are_on() -> None:
    assert set(read(Path("/sys/fs/cgroup/cgroup.subtree_control")).split()) >= {
        "cpu",
        "cpuset",
        "io",
        "memory",
        "pids",
    }


def test_what_tracing_needs_is_mounted() -> None:
    mounts = dict(line.split()[1:3] for line in Path("/proc/mounts").read_text().splitlines())
    assert mounts["/sys/fs/bpf"] == "bpf"
    assert mounts["/sys/kernel/tracing"] == "tracefs"
    assert mounts["/sys/kernel/debug"] == "debugfs"


def test_modules_load() -> None:
    subprocess.run(["modprobe", "zram"], check=True)
    assert Path("/sys/class/zram-control").is_dir()


def test_the_project_is_installed() -> None:
    shown = subprocess.run(["llamas-bpf", "--version"], check=True, capture_output=True, text=True).stdout
    assert "llamas-bpf" in shown


def test_interrupts_reach_commands() -> None:
    """A shell's background jobs ignore SIGINT, and Python then never raises KeyboardInterrupt."""
    ignored = next(line for line in read(Path("/proc/self/status")).splitlines() if line.startswith("SigIgn"))
    assert not int(ignored.split()[1], 16) & 0b10


def test_process_1_is_the_one_asked_for() -> None:
    wanted = {"bare": "lab-init", "systemd": "systemd"}[os.environ["LAB_INIT"]]
    assert read(Path("/proc/1/comm")) == wanted


if os.environ["LAB_INIT"] == "systemd":

    def test_systemd_is_content() -> None:
        said = subprocess.run(["systemctl", "is-system-running", "--wait"], capture_output=True, text=True)
        failed = subprocess.run(["systemctl", "--failed", "--no-legend"], capture_output=True, text=True)
        assert (said.stdout.strip(), failed.stdout) == ("running", "")
        own = Path("/proc/self/cgroup").read_text()
        assert own == "0::/system.slice/lab-job.service\n"


@pytest.mark.parametrize(
    ("switch", "on", "off"),
    [
        pytest.param("/sys/kernel/mm/lru_gen/enabled", "y", "n", marks=pytest.mark.needs("mglru")),
        pytest.param("/sys/module/zswap/parameters/enabled", "Y", "N", marks=pytest.mark.needs("zswap")),
        pytest.param(
            "/sys/kernel/mm/damon/admin/kdamonds/nr_kdamonds", "1", "0", marks=pytest.mark.needs("damon")
        ),
    ],
    ids=["mglru", "zswap", "damon"],
)
def test_a_switch_of_the_kernels_can_be_turned(switch: str, on: str, off: str) -> None:
    path = Path(switch)
    before = read(path)
    seen = []
    for value in (on, off):
        path.write_text(value)
        seen.append(read(path))
    path.write_text(before)
    assert seen[0] != seen[1]
    assert read(path) == before


@pytest.mark.needs("sched_ext")
def test_no_scheduler_of_bpf_is_loaded() -> None:
    assert read(Path("/sys/kernel/sched_ext/state")) == "disabled"


@pytest.mark.needs("btf")
def test_types_of_the_kernel_are_there() -> None:
    assert Path("/sys/kernel/btf/vmlinux").stat().st_size > 1 << 20
