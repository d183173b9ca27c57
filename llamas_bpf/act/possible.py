"""What a cpuset can ever be given: every CPU, every memory node."""

from pathlib import Path

#: Where the kernel lists what there can ever be of a cpuset's two sets.
POSSIBLE = {
    "cpuset.cpus": Path("/sys/devices/system/cpu/possible"),
    "cpuset.mems": Path("/sys/devices/system/node/possible"),
}


def possible(name: str) -> str:
    """The value that takes nothing away, and that what is plugged in later falls under too."""
    try:
        return POSSIBLE[name].read_text(encoding="ascii").strip()
    except FileNotFoundError:
        return "0"  # without CONFIG_NUMA there is no list of nodes, and one node
