"""Where cgroup v2 is mounted and which controllers can be used there."""

from pathlib import Path

USED = ("cpu", "cpuset", "memory", "io")
MOUNTS = Path("/proc/self/mountinfo")


def mount(mounts: Path = MOUNTS) -> str | None:
    """The first cgroup v2 mount of this process's namespace (proc_pid_mountinfo(5))."""
    for line in mounts.read_text(encoding="utf-8").splitlines():
        before, _, after = line.partition(" - ")
        if after.split()[0] == "cgroup2":
            return before.split()[4].replace("\\040", " ")
    return None


def controllers(where: str | None) -> tuple[str, ...]:
    """Of those this project uses. A controller bound to cgroup v1 is absent (cgroup-v2.rst, "Mounting")."""
    if where is None:
        return ()
    words = (Path(where) / "cgroup.controllers").read_text(encoding="ascii").split()
    return tuple(name for name in USED if name in words)
