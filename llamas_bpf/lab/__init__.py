"""The lab: run a command in a guest whose kernel and memories are chosen, built from Debian's packages."""

from llamas_bpf.lab.errors import LabError
from llamas_bpf.lab.run import Guest, run_in_guest

__all__ = ["Guest", "LabError", "run_in_guest"]
