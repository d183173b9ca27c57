"""Run a program that prepares the lab, and say plainly when it fails."""

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

from llamas_bpf.lab.errors import LabError

_TAIL_LINES = 12


def environment() -> dict[str, str]:
    """Ours, without the model's key and address: a guest gets them by --env, other programs not at all."""
    return {name: value for name, value in os.environ.items() if not name.startswith("OPENAI_")}


def run(argv: Sequence[str | Path], *, what: str, cwd: Path | None = None) -> str:
    """Standard output of argv. If argv fails: LabError, with `what` it was for and the last lines it said."""
    words = [str(word) for word in argv]
    try:
        done = subprocess.run(
            words,
            cwd=cwd,
            env=environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
    except FileNotFoundError as error:
        raise LabError(
            f"{what} needs the program {words[0]}, which is not here: `make setup` installs it"
        ) from error
    if done.returncode != 0:
        said = (done.stderr.strip() or done.stdout.strip()).splitlines()[-_TAIL_LINES:]
        raise LabError("\n  ".join([f"{what} failed ({words[0]}, exit status {done.returncode}):", *said]))
    return done.stdout
