"""Lets an action through, or says in a sentence why not."""

from llamas_bpf.guard.guard import Guard
from llamas_bpf.guard.limits import Limits, load_limits

__all__ = ["Guard", "Limits", "load_limits"]
