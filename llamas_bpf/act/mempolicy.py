"""The memory policy that a program starts with: set_mempolicy(2), which survives execve(2)."""

import ctypes
import errno
import os
import platform
from dataclasses import dataclass

from llamas_bpf.contracts.machine import Machine
from llamas_bpf.errors import ConfigError, MissingError

# include/uapi/linux/mempolicy.h
MPOL_PREFERRED_MANY = 5  # since 5.15
MPOL_WEIGHTED_INTERLEAVE = 6  # since 6.9

_SYSCALL = {"x86_64": 238, "aarch64": 237, "riscv64": 237}
_SINCE = {MPOL_PREFERRED_MANY: "5.15", MPOL_WEIGHTED_INTERLEAVE: "6.9"}


@dataclass(frozen=True)
class Policy:
    mode: int
    nodes: tuple[int, ...]


def of(mems: str | None, machine: Machine) -> Policy | None:
    """``tier1``: memory comes from that tier while it has any. ``weights``: pages go to all nodes in turn,
    by the weights in /sys/kernel/mm/mempolicy/weighted_interleave. ConfigError for anything else."""
    if mems is None:
        return None
    tiers = {f"tier{tier.rank}": tier.nodes for tier in machine.tiers}
    if mems == "weights":
        return Policy(MPOL_WEIGHTED_INTERLEAVE, tuple(node for nodes in tiers.values() for node in nodes))
    if mems not in tiers:
        raise ConfigError(f"--mems {mems}: this machine has {', '.join(tiers)}; or give weights")
    return Policy(MPOL_PREFERRED_MANY, tiers[mems])


def adopt(policy: Policy) -> None:
    """Give the calling thread this policy; MissingError where the kernel does not know it."""
    number = _SYSCALL.get(platform.machine())
    if number is None:
        raise MissingError(f"--mems is not known for {platform.machine()}: leave it out")
    bits = max(policy.nodes) // 64 * 64 + 64
    mask = (ctypes.c_ulong * (bits // 64))()
    for node in policy.nodes:
        mask[node // 64] |= 1 << node % 64
    libc = ctypes.CDLL(None, use_errno=True)
    # "maxnode" counts one more bit than are looked at (mm/mempolicy.c, get_nodes).
    if libc.syscall(number, policy.mode, mask, ctypes.c_ulong(bits + 1)) == 0:
        return
    error = ctypes.get_errno()
    if error == errno.EINVAL:
        raise MissingError(
            f"--mems: this kernel ({os.uname().release}) lacks a policy of {_SINCE[policy.mode]}"
        )
    raise MissingError(f"--mems: the kernel refuses the memory policy: {os.strerror(error)}")
