"""Actions, and a directory that stands for a cgroup v2 mount, for whatever is to be changed."""

from pathlib import Path

from situations import machine

from llamas_bpf.contracts.action import Action, CgroupKnob, CgroupKnobName, Target
from llamas_bpf.contracts.machine import Machine
from llamas_bpf.machine import boot_id

DEFAULTS = {"cpu.weight": "100", "cpuset.cpus": "", "cpuset.mems": "", "memory.high": "max"}


def here(mount: Path | None = None) -> Machine:
    """An invented machine in this boot, with its cgroups below ``mount``."""
    changes = {"boot_id": boot_id(), "cgroup_mount": str(mount) if mount else None}
    return machine().model_copy(update=changes)


def action(
    target: Target, value: str, id_: str = "1.1", workload: str | None = "w1", ttl_s: int = 60
) -> Action:
    decision = int(id_.partition(".")[0])
    return Action(id=id_, hint_id=decision, workload=workload, target=target, value=value, ttl_s=ttl_s)


def fake_cgroup(mount: Path, path: str = "/llamas-bpf/hot") -> None:
    """Plain files with the kernel's defaults."""
    directory = mount / path.strip("/")
    directory.mkdir(parents=True)
    for name, value in DEFAULTS.items():
        (directory / name).write_text(value + "\n")


def knob(mount: Path, name: CgroupKnobName = "cpu.weight", path: str = "/llamas-bpf/hot") -> CgroupKnob:
    """A file of a cgroup that exists now."""
    number = (mount / path.strip("/")).stat().st_ino
    return CgroupKnob(cgroup=path, cgroup_id=number, knob=name)
