"""What the kernel knows of its processors and memories, and the operator's texts say, in a ``Machine``."""

import os
from pathlib import Path

from llamas_bpf.config import Config
from llamas_bpf.contracts.machine import Machine
from llamas_bpf.machine import (
    caches,
    capabilities,
    cgroups,
    cpus,
    described,
    devices,
    nodes,
    swaps,
    tiers,
)


def read(config: Config | None = None, state: Path | None = None) -> Machine:
    """This machine, as its kernel describes it.

    With a ``config`` also as the device texts do, with ``state`` as they were learned and as was measured.
    Raises ConfigError where the texts' directory cannot be trusted.
    """
    of_tier = tiers.read()
    mount = cgroups.mount()
    bare = Machine(
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
    return described.described(bare, config, state)


def boot_id() -> str:
    """Tells this boot from every other (random(4))."""
    return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
