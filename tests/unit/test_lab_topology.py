"""Topologies: from the operator's words to QEMU's, and errors that name the mistake."""

import re
from pathlib import Path

import pytest

from llamas_bpf.lab import describe, guest
from llamas_bpf.lab.emulator import Emulator
from llamas_bpf.lab.errors import LabError
from llamas_bpf.lab.hardware import hardware
from llamas_bpf.lab.kernel import Kernel
from llamas_bpf.lab.prepare import preparation
from llamas_bpf.lab.topology import load_topology, names, parse

ORIGIN = Path("x.toml")
SMALL = """
description = "one node"
distances = [[10]]
[[nodes]]
memory = "1G"
cpus = 2
"""
PCI = """
[[pci]]
name = "{}"
kind = "storage"
node = 0
"""
BARE_NODE = """
[[nodes]]
memory = "1G"
cpus = 0
nearest = 1
"""


def test_tiers_becomes_exactly_these_options() -> None:
    options = hardware(load_topology("tiers")).options()
    assert " ".join(options).replace(" -", "\n-").splitlines() == [
        "-machine q35,hmat=on",
        "-m 3072M",
        "-smp 2,sockets=2,cores=1,threads=1",
        "-object memory-backend-ram,id=memory0,size=512M",
        "-object memory-backend-ram,id=memory1,size=512M",
        "-object memory-backend-ram,id=memory2,size=2048M",
        "-numa node,nodeid=0,memdev=memory0,cpus=0-0",
        "-numa node,nodeid=1,memdev=memory1,cpus=1-1",
        "-numa node,nodeid=2,memdev=memory2,initiator=0",
        "-numa dist,src=0,dst=0,val=10",
        "-numa dist,src=0,dst=1,val=20",
        "-numa dist,src=0,dst=2,val=40",
        "-numa dist,src=1,dst=0,val=20",
        "-numa dist,src=1,dst=1,val=10",
        "-numa dist,src=1,dst=2,val=50",
        "-numa dist,src=2,dst=0,val=40",
        "-numa dist,src=2,dst=1,val=50",
        "-numa dist,src=2,dst=2,val=10",
        *hmat(0, 0, latency_ns=80, bandwidth=20480),
        *hmat(0, 1, latency_ns=160, bandwidth=10240),
        *hmat(0, 2, latency_ns=300, bandwidth=5120),
        *hmat(1, 0, latency_ns=160, bandwidth=10240),
        *hmat(1, 1, latency_ns=80, bandwidth=20480),
        *hmat(1, 2, latency_ns=375, bandwidth=4096),
    ]


def hmat(source: int, target: int, *, latency_ns: int, bandwidth: int) -> list[str]:
    ends = f"-numa hmat-lb,initiator={source},target={target},hierarchy=memory"
    return [
        f"{ends},data-type=access-latency,latency={latency_ns}",
        f"{ends},data-type=access-bandwidth,bandwidth={bandwidth}M",
    ]


def test_flat_tells_no_latencies() -> None:
    assert hardware(load_topology("flat")).options() == [
        *["-machine", "q35", "-m", "2048M", "-smp", "2,sockets=1,cores=2,threads=1"],
        *["-object", "memory-backend-ram,id=memory0,size=2048M"],
        *["-numa", "node,nodeid=0,memdev=memory0,cpus=0-1", "-numa", "dist,src=0,dst=0,val=10"],
    ]


def test_an_unknown_topology_names_those_that_exist() -> None:
    with pytest.raises(LabError, match=r"no topology 'teirs': choose one of .*flat, .*tiers"):
        load_topology("teirs")


@pytest.mark.parametrize(
    ("written", "instead", "complaint"),
    [
        ('memory = "1G"', 'memroy = "1G"', r"nodes\.0\.memroy: unknown key; did you mean memory\?"),
        ("distances", "distance", r"distance: unknown key; did you mean distances\?"),
        ('"1G"', '"1 gig"', r"nodes\.0\.memory: '1 gig' is no size: write it like 768M or 1G"),
        ('"1G"', '"0M"', "is no size"),
        ("cpus = 2", "cpus = -1", r"nodes\.0\.cpus: Input should be greater than or equal to 0"),
        ("cpus = 2", "cpus = 0", "give at least one node cpus"),
        ("cpus = 2", 'cpus = "2"', r"nodes\.0\.cpus: Input should be a valid integer"),
        ("cpus = 2", "cpus = 2\nnearest = 0", "node 0 has cpus, which are its nearest: remove `nearest`"),
        ("[[10]]", "[[10, 20]]", "distances must be 1 rows of 1"),
        ("[[10]]", "[[20]]", "the distance of a node to itself is 10"),
        ("[[10]]", "[[10]", "x.toml is not TOML"),
        ("cpus = 2", "cpus = 2\nthreads_per_core = 3", r"nodes\.0\.threads_per_core: unknown key"),
        ("cpus = 2", 'cpus = 2\nkind = "nvdimm"', "node 0 is an NVDIMM: set its cpus to 0"),
        ("[[nodes]]", '[[swap]]\nkind = "disk"\nsize = "1G"\nprio = 1\n[[nodes]]', "did you mean priority"),
        (
            "[[nodes]]",
            '[[swap]]\nkind = "zram"\nsize = "1G"\npriority = 1\nread_latency_us = 20\n[[nodes]]',
            "zram is as fast as its processor",
        ),
        (
            "[[nodes]]",
            '[[pci]]\nname = "gpu"\nkind = "accelerator"\nnode = 1\n[[nodes]]',
            "gpu hangs on node 1",
        ),
        (
            "[[nodes]]",
            '[[cpu_classes]]\nname = "fast"\ncpus = [0]\ncapacity = 9\n[[nodes]]',
            "CPUs 0 to 1 once",
        ),
        ("[[nodes]]", PCI.format("gpu") + PCI.format("gpu") + "[[nodes]]", "2 devices are called gpu"),
        *(
            ("[[nodes]]", PCI.format(name) + "[[nodes]]", f"the lab calls a device of its own {name}")
            for name in ("root", "modules", "job", "result", "net", "cxl-port", "bridge0", "port7", "memory2")
        ),
        ("[[10]]\n", "[[10, 20], [20, 10]]\n" + BARE_NODE, "node 1 has cpus and node 0 has none: put"),
    ],
)
def test_mistakes_are_named(written: str, instead: str, complaint: str) -> None:
    with pytest.raises(LabError, match=complaint):
        parse(SMALL.replace(written, instead), ORIGIN)


def test_latencies_for_some_nodes_only_are_refused() -> None:
    slow = '[[nodes]]\nmemory = "1G"\ncpus = 0\nnearest = 0\nlatency_ns = 300\nbandwidth_mib_s = 100\n'
    text = SMALL.replace("[[10]]", "[[10, 20], [20, 10]]") + slow
    with pytest.raises(LabError, match="for every node, or for none"):
        parse(text, ORIGIN)


def test_a_node_without_cpus_must_be_near_one_that_has_some() -> None:
    text = (
        SMALL.replace("[[10]]", "[[10, 20], [20, 10]]") + '[[nodes]]\nmemory = "1G"\ncpus = 0\nnearest = 1\n'
    )
    with pytest.raises(LabError, match=r"node 1 has no cpus: set `nearest` to a node that has \(0\)"):
        parse(text, ORIGIN)


@pytest.mark.parametrize("topology", names())
def test_every_name_that_the_lab_gives_is_refused_to_others(topology: str) -> None:
    loaded, nowhere = load_topology(topology), Path("nowhere")
    linux = Kernel("6.12", "6.12.0", nowhere, nowhere)
    emulator = Emulator((), {}, nowhere)
    machine = guest.Machine(emulator, linux, nowhere, hardware(loaded), "tcg", network=True)
    words = ",".join(machine.argv(nowhere, nowhere, nowhere, guest.Ends(1, 2, 3)))
    given = set(re.findall(r"\b(?:id|serial)=([a-z][a-z0-9-]*)(?![\w.-])", words))
    assert {"root", "modules", "job", "result", "net"} <= given
    for name in given - {device.name for device in loaded.pci}:
        with pytest.raises(LabError, match="choose another name"):
            parse(SMALL + PCI.format(name), ORIGIN)


def test_every_topology_that_comes_with_the_lab_is_right() -> None:
    assert {"flat", "numa", "tiers", "tiers-nohmat", "nvm", "cxl", "near", "swap"} <= set(names())
    for name in names():
        assert hardware(load_topology(name)).options()


def test_what_is_not_told_to_the_kernel_differs_in_nothing_else() -> None:
    told, untold = hardware(load_topology("tiers")), hardware(load_topology("tiers-nohmat"))
    assert (told.machine, untold.machine) == (("hmat=on",), ())
    without = [word for word in told.extra if not word.startswith("hmat-lb")]
    plain = [word.removesuffix(",initiator=0") for word in without if word != "-numa"]
    assert plain == [word for word in untold.extra if word != "-numa"]


def test_an_nvdimm_is_no_memory_to_start_with() -> None:
    made = hardware(load_topology("nvm"))
    assert made.memory == "1536M,slots=1,maxmem=8G"
    assert made.machine == ("nvdimm=on",)
    assert "node,nodeid=2" in made.extra
    assert "nvdimm,id=nvdimm2,memdev=memory2,node=2,unarmed=off" in made.extra
    assert preparation(load_topology("nvm")) == ["nvdimms_as_memory"]


def test_swap_is_slow_in_reading_only() -> None:
    extra = hardware(load_topology("swap")).extra
    (drive,) = [word for word in extra if word.startswith("if=none")]
    assert drive.endswith(",throttling.iops-read=200"), "5 ms a page"
    assert preparation(load_topology("swap")) == ["swap_on_zram 256 100", "swap_on_disk swap1 10"]


def test_devices_hang_on_the_node_that_is_named() -> None:
    extra = " ".join(hardware(load_topology("near")).extra)
    assert "pxb-pcie,id=bridge0,bus=pcie.0,bus_nr=64,numa_node=1" in extra
    assert "bochs-display,id=gpu,bus=port0" in extra


def test_cxl_memory_is_made_a_node_by_the_guest() -> None:
    topology = load_topology("cxl")
    assert preparation(topology) == ["cxl_drivers", "cxl_as_memory 512"]
    assert hardware(topology).cpu == ("-hypervisor",)


def test_libvirt_gets_what_it_does_not_set_itself() -> None:
    shown = describe.as_json(load_topology("tiers"))
    assert (shown["memory_mib"], shown["cpus"], shown["machine_options"]) == (3072, 2, "hmat=on")
    assert shown["qemu_options"][6:] == shown["qemu_extra"]
    assert not {"-machine", "-m", "-smp"} & set(shown["qemu_extra"])
