"""The only room that writes to the kernel.

Each name is imported when it is first used: ``exec``, which lives as long as its workload, needs none.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from llamas_bpf.act.actuation import Actuation
    from llamas_bpf.act.journal import Journal
    from llamas_bpf.act.lock import enforcing_lock
    from llamas_bpf.act.roll_back import rollback

__all__ = ["Actuation", "Journal", "enforcing_lock", "rollback"]

_WHERE = {"Actuation": "actuation", "Journal": "journal", "enforcing_lock": "lock", "rollback": "roll_back"}


def __getattr__(name: str) -> object:
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found: object = getattr(import_module(f"{__name__}.{_WHERE[name]}"), name)
    globals()[name] = found
    return found
