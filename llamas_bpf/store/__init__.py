"""What was seen, hinted, refused, written and judged, kept on disk: the only SQLite.

``Store`` writes it, and is the controller's; ``Reader`` and ``Export`` read it, also while a
controller writes.
"""

from llamas_bpf.store.database import StoreError
from llamas_bpf.store.export import Export
from llamas_bpf.store.read import Reader
from llamas_bpf.store.write import Store

__all__ = ["Export", "Reader", "Store", "StoreError"]
