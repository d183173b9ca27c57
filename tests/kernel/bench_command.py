"""``llamas-bpf bench NAME`` in a process of its own."""

import json
import subprocess
import sys
from typing import Any

#: Without any right but to read: also a virtual environment in a home directory that is closed to others.
READER = "-all,+dac_read_search"
NOBODY = [
    *("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"),
    *(f"--inh-caps={READER}", f"--ambient-caps={READER}", f"--bounding-set={READER}"),
]


def command(name: str) -> list[str]:
    """To see that it works; its figures are rough."""
    return [sys.executable, "-m", "llamas_bpf.cli", "bench", name, "--quick"]


def results(name: str, rounds: int) -> dict[str, Any]:
    """Its JSON object; nothing else may be said."""
    done = subprocess.run([*command(name), "--json", "--rounds", str(rounds)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def refuses_without_root(name: str) -> None:
    done = subprocess.run([*NOBODY, *command(name)], capture_output=True, text=True)
    assert done.returncode == 3, done.stderr
    assert "needs root" in done.stderr
