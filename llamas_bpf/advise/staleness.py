"""Is a late hint still worth anything?"""

from collections.abc import Iterable

from llamas_bpf import fingerprint
from llamas_bpf.contracts.hint import Hint
from llamas_bpf.contracts.situation import Situation


def still_stands(hints: Iterable[Hint], asked: Situation, now: Situation) -> list[Hint]:
    """Those that would not have ended by now, and whose workload (or the machine) is there and still is like
    it was when that was asked."""
    age_s = (now.digest.end_ns - asked.digest.end_ns) / 1e9
    alike: dict[str | None, bool] = {}
    kept = []
    for hint in hints:
        workload = getattr(hint, "workload", None)
        if workload not in alike:
            alike[workload] = _alike(workload, asked, now)
        if age_s <= hint.ttl_s and alike[workload]:
            kept.append(hint)
    return kept


def _alike(workload: str | None, asked: Situation, now: Situation) -> bool:
    before, after = fingerprint.of(asked, workload), fingerprint.of(now, workload)
    return before is not None and after is not None and fingerprint.alike(before, after)
