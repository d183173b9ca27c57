"""Near a device: the CPUs and the memory of the NUMA node that it hangs on. On it: advice to the operator."""

from collections.abc import Iterable

from llamas_bpf.contracts.hint import PlaceDevice
from llamas_bpf.contracts.machine import NumaNode
from llamas_bpf.machine import cpulist
from llamas_bpf.plan.here import CannotPlan, ForOperator, Here, Step
from llamas_bpf.plan.place_cpu import on_cpus
from llamas_bpf.plan.place_memory import on_nodes


def plan(hint: PlaceDevice, here: Here) -> list[Step]:
    workload, device = here.workload(hint.workload), here.device(hint.device)
    if hint.how == "on":
        raise ForOperator(
            f"{workload.id} would do well on {device.id} ({device.kind} at {device.pci}): no knob of the"
            " kernel moves a program there, so start it anew with a build, or an option, that uses the device"
        )
    nodes = {node.id: node for node in here.machine.nodes}
    if len(nodes) == 1:
        raise CannotPlan(f"this machine has one node, so {workload.id} is as near to {device.id} as can be")
    if device.node not in nodes:
        raise CannotPlan(
            f"the firmware does not tell which node {device.id} hangs on"
            f" (/sys/bus/pci/devices/{device.pci}/numa_node)"
        )
    its = nodes[device.node]
    cpus = _nearest(its, (node for node in nodes.values() if node.cpus)).cpus
    memory = _nearest(its, (node for node in nodes.values() if node.total_bytes))
    return [
        *on_cpus(workload, cpulist.render(cpus), here),
        *on_nodes(workload, str(memory.id), here),
    ]


def _nearest(to: NumaNode, among: Iterable[NumaNode]) -> NumaNode:
    """The node itself where it is among them; else by distance."""
    return min(among, key=lambda node: (node.id != to.id, to.distances.get(node.id, 255), node.id))
