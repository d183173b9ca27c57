"""What the kernel knows of its processors and memories, and the operator's texts say, in a ``Machine``."""

import os
from pathlib import Path

from llamas_bpf.contracts.machine import Machine
from llamas_bpf.machine import (
    caches,
    capabilities,
    cgroups,
    cpus,
    devices,
    nodes,
    swaps,
    tiers,
)


def read() -> Machine:
    """This machine, as its kernel describes it."""
    of_tier = tiers.read()
    mount = cgroups.mount()
    return Machine(
        kernel=os.uname().release,
        boot_id=boot_id(),
        cpus=cpus.read(),
        nodes=nodes.read({node: tier.rank for tier in of_tier for node in tier.nodes}),
        tiers=of_tier,
        cgroup_mount=mount,
        cgroup_controllers=cgroups.controllers(mount),
        capabilities=capabilities.read(),
        devices=devices.read(),
        caches=caches.read(),
        swaps=swaps.read(),
        zswap=swaps.zswap(),
        page_bytes=os.sysconf("SC_PAGE_SIZE"),
    )


def boot_id() -> str:
    """Tells this boot from every other (random(4))."""
    return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
