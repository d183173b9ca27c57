"""Workloads and rules planted on purpose, for a controller that is to carry them out."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from controller import workload

#: Holds so many MiB on whatever node it was given, wakes up ten times a second, and says when it is there.
_HOLD = """
import mmap, sys, time
memory = mmap.mmap(-1, int(sys.argv[1]) << 20)
memory.madvise(mmap.MADV_NOHUGEPAGE)
for offset in range(0, len(memory), 4096):
    memory[offset] = 1
print("there", flush=True)
while True:
    time.sleep(0.1)
    memory[0] = 2
"""
_RULE = """
[[rule]]
name = "{name}"
about = "workload"
when = ["workload.started_by_exec", {when}]
for_windows = {windows}
every_s = 600
[rule.hint]
reason = "a test wants it"
confidence = 0.9
{hint}
"""
_HOLDS = '"workload.memory.total_bytes > 45000000.0"'


@contextmanager
def holding(name: str, mib: int = 64) -> Iterator[None]:
    """A workload with that much memory, all of it touched."""
    with workload(name, sys.executable, "-c", _HOLD, str(mib)) as held:
        assert held.stdout is not None
        assert held.stdout.readline() == "there\n"
        yield


def rule(name: str, hint: str, when: str = _HOLDS, windows: int = 1) -> str:
    """A rule about whatever ``exec`` started; ``hint`` is TOML, ``when`` a condition in quotation marks."""
    return _RULE.format(name=name, hint=hint, when=when, windows=windows)


def only(directory: Path, *rules: str) -> Path:
    """A configuration with these rules in place of the packaged ones."""
    folder = directory / "policies/rules"
    folder.mkdir(parents=True)
    for packaged in ("cpu", "devices", "memory", "tiering"):
        (folder / f"{packaged}.toml").write_text("")
    (folder / "ours.toml").write_text("".join(rules))
    config = directory / "config.toml"
    config.write_text(f"policies = '{directory / 'policies'}'\n")
    return config
