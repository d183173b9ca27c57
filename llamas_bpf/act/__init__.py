"""The only room that writes to the kernel."""

from llamas_bpf.act.actuation import Actuation
from llamas_bpf.act.journal import Journal
from llamas_bpf.act.lock import enforcing_lock
from llamas_bpf.act.rollback import rollback

__all__ = ["Actuation", "Journal", "enforcing_lock", "rollback"]
