"""What a plan may know: this window's workloads and this machine, by the ids the advisor was given."""

from collections.abc import Iterable
from dataclasses import dataclass

from llamas_bpf.contracts.action import CgroupKnob, CgroupKnobName, CgroupReclaim, Target
from llamas_bpf.contracts.machine import Device, Machine
from llamas_bpf.contracts.situation import Situation
from llamas_bpf.contracts.workload import ProcessId, Workload
from llamas_bpf.machine import cpulist


class CannotPlan(Exception):  # noqa: N818
    """Why a hint means nothing here, in one sentence."""

    check = "plan"


class ForOperator(CannotPlan):
    """Good advice, in one sentence, that no knob of the kernel can follow: the operator may."""

    check = "advice"


@dataclass(frozen=True)
class Step:
    """One target and the value it should get, in the kernel's own notation."""

    target: Target
    value: str


@dataclass(frozen=True)
class Here:
    """A situation, seen through the ids of one prompt."""

    situation: Situation
    known_ids: frozenset[str]

    @property
    def machine(self) -> Machine:
        return self.situation.machine

    def workload(self, ref: str) -> Workload:
        """The workload that ``w3`` stands for; CannotPlan if it was not named to the advisor, or has gone."""
        self._check_known(ref)
        for workload in self.situation.digest.workloads:
            if workload.id == ref:
                return workload
        raise CannotPlan(f"{ref} is gone: it is not among the workloads of this window")

    def living(self, workload: Workload) -> list[ProcessId]:
        """Its processes, to be acted on one by one; CannotPlan where there is none."""
        # One that ended before it was looked at has no known start, and cannot be told from a later one.
        found = [process for process in workload.processes if process.pid > 1 and process.start_ticks > 0]
        if not found:
            raise CannotPlan(f"{workload.id} has no process that could be acted on")
        return found

    def device(self, ref: str) -> Device:
        """The device that ``gpu0`` stands for; CannotPlan for one not named, or not on this machine."""
        self._check_known(ref)
        for device in self.machine.devices:
            if device.id == ref:
                return device
        raise CannotPlan(f"{ref} is not a device of this machine")

    def nodes(self, refs: Iterable[str]) -> str:
        """Nodes such as ``node2`` as a node list; CannotPlan for one not named, or not on this machine."""
        return cpulist.render(self.node(ref) for ref in refs)

    def node(self, ref: str) -> int:
        """The number of a node such as ``node2``; CannotPlan for one not named, or not on this machine."""
        self._check_known(ref)
        present = {f"node{node.id}": node.id for node in self.machine.nodes}
        if ref not in present:
            raise CannotPlan(f"{ref} is not a node of this machine, which has {', '.join(present)}")
        return present[ref]

    def pages(self, size: int) -> str:
        """Bytes rounded down to whole pages, as the kernel does, so that it is read back as written."""
        return str(size // self.machine.page_bytes * self.machine.page_bytes)

    def has_cgroup(self, workload: Workload, controller: str) -> bool:
        """Whether the workload is a cgroup that this controller governs (the root cgroup has no knobs)."""
        return workload.cgroup not in (None, "/") and controller in self.machine.cgroup_controllers

    def knob(self, workload: Workload, name: CgroupKnobName) -> CgroupKnob:
        """A file of the workload's cgroup; CannotPlan where it has none."""
        cgroup, number = self._cgroup(workload, name)
        return CgroupKnob(cgroup=cgroup, cgroup_id=number, knob=name)

    def reclaim(self, workload: Workload) -> CgroupReclaim:
        """The workload's ``memory.reclaim``; CannotPlan where it has none."""
        cgroup, number = self._cgroup(workload, "memory.reclaim")
        return CgroupReclaim(cgroup=cgroup, cgroup_id=number)

    def _cgroup(self, workload: Workload, name: str) -> tuple[str, int]:
        controller = name.partition(".")[0]
        if workload.cgroup == "/":
            raise CannotPlan(f"{workload.id} is the root cgroup, which has no {name}")
        if workload.cgroup is None or workload.cgroup_id is None:
            raise CannotPlan(f"{workload.id} is not a cgroup, and only a cgroup has {name}")
        if controller not in self.machine.cgroup_controllers:
            raise CannotPlan(f"{name} needs the {controller} controller, which cgroup v2 does not have here")
        try:
            workload.cgroup.encode()
        except UnicodeEncodeError:
            raise CannotPlan(f"{workload.id} has a cgroup whose name is not UTF-8") from None
        return workload.cgroup, workload.cgroup_id

    def _check_known(self, ref: str) -> None:
        if ref not in self.known_ids:
            raise CannotPlan(f"{ref} was not among the ids that the advisor was given")
