"""Kernel records in, ``EventBatch`` out: loading, attaching, draining, and counting what was lost."""
