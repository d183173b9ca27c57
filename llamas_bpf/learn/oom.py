"""Kills for want of memory: each is one too many, so no median hides them and nothing is forgiven."""

import math
from collections.abc import Sequence

import numpy as np

from llamas_bpf.contracts.digest import Digest
from llamas_bpf.contracts.outcome import Change

METRIC = "machine.oom_kills"


def kills(digest: Digest) -> float:
    """Of anybody in this window, since one workload's gain may be another's end."""
    told = digest.machine.get("oom_kills")
    if told is not None:
        return float(told)
    column = digest.table["reclaim.oom_kills"]
    return math.nan if np.isnan(column).all() else float(np.nansum(column))


def more(before: Sequence[float], after: Sequence[float]) -> Change | None:
    """Where some window after had more than any before; None where not, or where nobody counts them."""
    was, now = (max((n for n in windows if not math.isnan(n)), default=0.0) for windows in (before, after))
    return Change(metric=METRIC, before=was, after=now, noise=0.0) if now > was else None
