"""Has a metric really moved, or does it always wobble like this?

Medians of the windows before and after are compared. A change counts when it is

- worth speaking of: beyond the metric's floor, absolute and relative;
- large against the noise: beyond five median absolute deviations, scaled to a standard deviation;
- steady: the windows after lie beyond those before, where one odd window is forgiven if there are many.

Each alone is fooled: floors by big noise, deviations by a spiky series whose deviation is nearly zero,
ranges by few windows. Simulated on normal, log-normal, t, spiky and correlated (0.5) noise with 10 windows
before, together they mistake a wobble for a change in at most 1 of 200 comparisons.
"""

import math
from collections.abc import Sequence
from statistics import median

from llamas_bpf.contracts.outcome import Change

#: Fewer windows than this, before or after, say nothing.
FEWEST = 3
#: From so many windows before, their noise speaks for itself. Below, that of the windows after counts too.
_MANY = 8
_DEVIATIONS = 5
#: A median absolute deviation times this estimates a normal distribution's standard deviation.
_SCALE = 1.4826

#: Smaller changes are not worth an opinion: absolute in the metric's unit, and relative to the smaller value.
_FLOORS = {
    "memory.fast_tier_ratio": (0.02, 0.02),
    "memory.current_bytes": (1 << 20, 0.02),
    # Of fewer than a hundred waits it is the longest, to the next power of two: one step more says nothing.
    "sched.runqueue_p99_ns": (100_000, 1.0),
    "sched.run_ns": (10_000_000, 0.1),
    "faults.major": (20, 0.5),
    # Everyone on the machine moves these, so they must move further.
    "machine.psi.cpu_some_ratio": (0.05, 0.2),
    "machine.psi.memory_some_ratio": (0.05, 0.2),
}
_PSI_FLOOR = (0.02, 0.1)


def change(metric: str, before: Sequence[float], after: Sequence[float]) -> Change | None:
    """Medians and noise; None where the metric is not known in enough windows. NaN is not known."""
    before, after = _known(before), _known(after)
    if min(len(before), len(after)) < FEWEST:
        return None
    was, now = median(before), median(after)
    noise = _deviation(before)
    if len(before) < _MANY:
        # A figure that has grown wobbles more, which is no reason to doubt that it has grown.
        grown = max(1.0, abs(now) / abs(was)) if was else 1.0
        noise = max(noise, _deviation(after) / grown)
    return Change(metric=metric, before=was, after=now, noise=noise)


def moved(change: Change, before: Sequence[float], after: Sequence[float]) -> int:
    """1 where the metric of ``change`` has risen, -1 where it has fallen, 0 where it is noise."""
    absolute, relative = _FLOORS.get(change.metric, _PSI_FLOOR)
    step, smaller = change.after - change.before, min(abs(change.before), abs(change.after))
    if abs(step) <= max(absolute, relative * smaller, _DEVIATIONS * change.noise):
        return 0
    sign = 1 if step > 0 else -1
    was = sorted(sign * value for value in _known(before))
    now = sorted(sign * value for value in _known(after))
    steady = now[0] > was[-1]
    if len(was) >= _MANY:
        steady = now[1] > was[-1] or now[0] > was[-2]
    return sign if steady else 0


def _deviation(values: Sequence[float]) -> float:
    middle = median(values)
    return _SCALE * median(abs(value - middle) for value in values)


def _known(values: Sequence[float]) -> list[float]:
    return [value for value in values if not math.isnan(value)]
