"""What a guest itself must do to its devices before they are what the topology says, as lines of shell.

The functions that these lines call are in vagrant/guest/devices.
"""

from llamas_bpf.lab.parts import Topology, mib


def preparation(topology: Topology) -> list[str]:
    """One call for each device that the kernel does not take into use by itself."""
    calls = ["nvdimms_as_memory"] if any(node.kind == "nvdimm" for node in topology.nodes) else []
    for cxl in topology.cxl:
        calls += ["cxl_drivers", *([f"cxl_as_memory {mib(cxl.memory)}"] if cxl.online else [])]
    for number, swap in enumerate(topology.swap):
        if swap.kind == "zram":
            calls.append(f"swap_on_zram {mib(swap.size)} {swap.priority}")
        else:
            calls.append(f"swap_on_disk swap{number} {swap.priority}")
    return calls
