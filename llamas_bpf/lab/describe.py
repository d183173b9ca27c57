"""A topology for whoever builds the machine elsewhere (Vagrant), and for a person."""

from typing import Any

from llamas_bpf.lab.hardware import hardware
from llamas_bpf.lab.parts import Topology
from llamas_bpf.lab.prepare import preparation


def as_json(topology: Topology) -> dict[str, Any]:
    """The description, and QEMU's options both whole and in the parts that libvirt does not set itself."""
    made = hardware(topology)
    return {
        "memory_mib": topology.memory_mib,
        "cpus": topology.cpus,
        "qemu_options": made.options(),
        "qemu_extra": list(made.extra),  # without -machine, -m and -smp
        "machine_options": ",".join(made.machine),
        "cpu_options": ",".join(made.cpu),  # to be added to the model of -cpu
        "memory_options": made.memory,
        "smp_options": made.smp,
        "prepare": preparation(topology),  # calls of functions in vagrant/guest/devices
        "topology": topology.model_dump(mode="json", exclude_none=True),
    }


def in_words(topology: Topology) -> str:
    """What there is, and QEMU's options, one a line."""
    lines = [topology.description, ""]
    for number, node in enumerate(topology.nodes):
        speed = f", {node.latency_ns} ns, {node.bandwidth_mib_s} MiB/s" if node.latency_ns else ""
        told = "" if topology.tells_latencies or not node.latency_ns else " (not told to the kernel)"
        distances = " ".join(str(distance) for distance in topology.distances[number])
        lines.append(
            f"node{number}  {node.memory} {node.kind}, {node.cpus} CPUs{speed}{told}; distances {distances}"
        )
    lines += [f"cxl    {one.memory}{', online' if one.online else ''}" for one in topology.cxl]
    for swap in topology.swap:
        slow = f", {swap.read_latency_us} us to read a page" if swap.read_latency_us else ""
        lines.append(f"swap   {swap.size} {swap.kind}, priority {swap.priority}{slow}")
    for known in topology.cpu_classes:
        lines.append(f"class  {known.name}: CPUs {known.cpus}, capacity {known.capacity}")
    lines += [f"pci    {device.name}: {device.kind} on node {device.node}" for device in topology.pci]
    options = hardware(topology).options()
    pairs = [" ".join(options[at : at + 2]) for at in range(0, len(options), 2)]
    return "\n".join([*lines, "", *pairs])
