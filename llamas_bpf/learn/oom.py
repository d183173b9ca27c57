"""Kills for want of memory: each is one too many, so no median hides them and nothing is forgiven."""

import math
from collections.abc import Sequence

import numpy as np

from llamas_bpf.contracts.digest import Digest
from llamas_bpf.contracts.outcome import Change

METRIC = "machine.oom_kills"


def kills(digest: Digest, workload: str | None) -> float:
    """Of the workload in this window. Of anybody where that is not known, as when it has gone, and for the
    machine; NaN where nobody counts them."""
    column = digest.table["reclaim.oom_kills"]
    for known, own in zip(digest.workloads, column, strict=True):
        if known.id == workload and not np.isnan(own):
            return float(own)
    told = digest.machine.get("oom_kills")
    if told is not None:
        return float(told)
    return math.nan if np.isnan(column).all() else float(np.nansum(column))


def more(before: Sequence[float], after: Sequence[float]) -> Change | None:
    """Where there were more in all than in as many windows before; None where not, or nobody counts them."""
    was, now = ([n for n in windows if not math.isnan(n)] for windows in (before, after))
    longer = max(len(now) / len(was), 1.0) if was else 1.0
    if sum(now) <= sum(was) * longer:
        return None
    return Change(metric=METRIC, before=sum(was), after=sum(now), noise=0.0)
