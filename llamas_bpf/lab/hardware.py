"""The QEMU options that make the machine of a topology, for the lab itself and for Vagrant."""

from dataclasses import dataclass

from llamas_bpf.lab.parts import Cxl, Node, Pci, Swap, Topology, mib

_CXL_WINDOW = "4G"  # of physical addresses: QEMU wants a multiple of 256 MiB
_ROOM_FOR_NVDIMMS = "8G"
_FIRST_BRIDGE = 64  # bus and chassis numbers of what hangs on a node, far from those of QEMU and libvirt


@dataclass(frozen=True)
class Hardware:
    """QEMU's options in parts, because libvirt sets some of them itself."""

    machine: tuple[str, ...]  # of -machine: hmat=on
    cpu: tuple[str, ...]  # of -cpu: -hypervisor
    memory: str  # of -m
    smp: str  # of -smp
    extra: tuple[str, ...]  # whole options

    def options(self) -> list[str]:
        """Everything but -cpu, whose model depends on the accelerator."""
        machine = ",".join(["q35", *self.machine])
        return ["-machine", machine, "-m", self.memory, "-smp", self.smp, *self.extra]


def hardware(topology: Topology) -> Hardware:
    """What QEMU must be told to make this machine."""
    extra = _memories(topology.nodes) + _nodes(topology) + _distances(topology.distances)
    if topology.tells_latencies:
        extra += _latencies(topology)
    for number, node in enumerate(topology.nodes):
        extra += _nvdimm(number) if node.kind == "nvdimm" else []
    for number, device in enumerate(topology.pci):
        extra += _pci(number, device)
    for number, swap in enumerate(topology.swap):
        extra += _swap_disk(number, swap) if swap.kind == "disk" else []
    for cxl in topology.cxl:
        extra += _cxl(cxl)
    return Hardware(_machine(topology), _cpu(topology), _memory(topology), _smp(topology), tuple(extra))


def _machine(topology: Topology) -> tuple[str, ...]:
    words = ["hmat=on"] if topology.tells_latencies else []
    words += ["nvdimm=on"] if any(node.kind == "nvdimm" for node in topology.nodes) else []
    if topology.cxl:
        words += ["cxl=on", "cxl-fmw.0.targets.0=cxl", f"cxl-fmw.0.size={_CXL_WINDOW}"]
    return tuple(words)


def _cpu(topology: Topology) -> tuple[str, ...]:
    # In a guest the kernel cannot flush every cache, which a new CXL region needs, and refuses to make one.
    return ("-hypervisor",) if any(cxl.online for cxl in topology.cxl) else ()


def _memory(topology: Topology) -> str:
    nvdimms = sum(node.kind == "nvdimm" for node in topology.nodes)
    room = f",slots={nvdimms},maxmem={_ROOM_FOR_NVDIMMS}" if nvdimms else ""
    return f"{topology.memory_mib}M{room}"


def _smp(topology: Topology) -> str:
    sockets = sum(node.cpus > 0 for node in topology.nodes)
    cores = topology.cpus // sockets // topology.threads_per_core
    return f"{topology.cpus},sockets={sockets},cores={cores},threads={topology.threads_per_core}"


def _memories(nodes: list[Node]) -> list[str]:
    objects = [f"memory-backend-ram,id=memory{i},size={node.memory_mib}M" for i, node in enumerate(nodes)]
    return [word for backend in objects for word in ("-object", backend)]


def _nodes(topology: Topology) -> list[str]:
    options, next_cpu = [], 0
    for i, node in enumerate(topology.nodes):
        words = [f"node,nodeid={i}"]
        if node.kind == "dram":
            words.append(f"memdev=memory{i}")
        if node.cpus:
            words.append(f"cpus={next_cpu}-{next_cpu + node.cpus - 1}")
            next_cpu += node.cpus
        elif topology.tells_latencies:
            words.append(f"initiator={node.nearest}")
        options += ["-numa", ",".join(words)]
    return options


def _distances(distances: list[list[int]]) -> list[str]:
    options = []
    for source, row in enumerate(distances):
        for target, distance in enumerate(row):
            options += ["-numa", f"dist,src={source},dst={target},val={distance}"]
    return options


def _latencies(topology: Topology) -> list[str]:
    """From farther processors a node is slower in the proportion of the distances."""
    options = []
    for source, initiator in enumerate(topology.nodes):
        for target, node in enumerate(topology.nodes):
            if not initiator.cpus or node.latency_ns is None or node.bandwidth_mib_s is None:
                continue
            nearest = target if node.nearest is None else node.nearest
            far, near = topology.distances[source][target], topology.distances[nearest][target]
            ends = f"hmat-lb,initiator={source},target={target},hierarchy=memory"
            latency = f"data-type=access-latency,latency={node.latency_ns * far // near}"
            bandwidth = f"data-type=access-bandwidth,bandwidth={node.bandwidth_mib_s * near // far}M"
            options += ["-numa", f"{ends},{latency}", "-numa", f"{ends},{bandwidth}"]
    return options


def _nvdimm(node: int) -> list[str]:
    return ["-device", f"nvdimm,id=nvdimm{node},memdev=memory{node},node={node},unarmed=off"]


def _pci(number: int, device: Pci) -> list[str]:
    bridge = f"pxb-pcie,id=bridge{number},bus=pcie.0,bus_nr={_FIRST_BRIDGE + 8 * number}"
    behind = f"bus=port{number}"
    options = ["-device", f"{bridge},numa_node={device.node}"]
    options += [
        "-device",
        f"pcie-root-port,id=port{number},bus=bridge{number},chassis={_FIRST_BRIDGE + number}",
    ]
    if device.kind == "accelerator":
        return [*options, "-device", f"bochs-display,id={device.name},{behind},romfile="]
    if device.kind == "network":
        user = f"user,id={device.name}-net,restrict=on"
        card = f"virtio-net-pci,id={device.name},netdev={device.name}-net,{behind},romfile="
        return [*options, "-netdev", user, "-device", card]
    drive = f"if=none,id={device.name}-drive,driver=null-co,size=1G,read-zeroes=on"
    disk = f"nvme,id={device.name},drive={device.name}-drive,serial={device.name},{behind}"
    return [*options, "-drive", drive, "-device", disk]


def _swap_disk(number: int, swap: Swap) -> list[str]:
    """Zeros with a snapshot over them: QEMU keeps what is written in a file that nobody has to remove."""
    size = mib(swap.size) << 20
    drive = f"if=none,id=swap{number},snapshot=on,driver=raw,file.driver=null-co"
    drive += f",file.size={size},file.read-zeroes=on"
    if swap.read_latency_us is not None:
        # Only reads: throttled writes would hold up whoever swaps out.
        drive += f",throttling.iops-read={max(1, round(1e6 / swap.read_latency_us))}"
    device = f"virtio-blk-pci,drive=swap{number},serial=swap{number},bus=pcie.0"
    return ["-drive", drive, "-device", device]


def _cxl(cxl: Cxl) -> list[str]:
    return [
        *["-object", f"memory-backend-ram,id=cxl-memory,size={mib(cxl.memory)}M,share=on"],
        *["-device", "pxb-cxl,id=cxl,bus=pcie.0,bus_nr=32"],
        *["-device", "cxl-rp,id=cxl-port,bus=cxl,port=0,chassis=100,slot=0"],
        *["-device", "cxl-type3,id=cxl-device,bus=cxl-port,volatile-memdev=cxl-memory,sn=1"],
    ]
