"""What the figures of a device can be at all: outside of this, somebody misread or mistyped."""

from typing import NamedTuple


class Bounds(NamedTuple):
    """Lowest and highest possible value, in the field's unit, and why."""

    low: float
    high: float
    why: str


_LATENCY = Bounds(0.1, 10e9, "light covers 3 cm in 0.1 ns; what takes over 10 s is no memory access")
_BANDWIDTH = Bounds(1, 1e15, "whole supercomputers' memories reach some PB/s, no single device does")

BOUNDS = {
    "read_latency_ns": _LATENCY,
    "write_latency_ns": _LATENCY,
    "read_bandwidth_bytes_per_s": _BANDWIDTH,
    "write_bandwidth_bytes_per_s": _BANDWIDTH,
    "capacity_bytes": Bounds(1, 2**60, "1 EiB is more than any machine can address"),
    "granularity_bytes": Bounds(1, 2**30, "1 GiB is the largest page there is"),
    "count": Bounds(1, 8192, "Linux runs at most 8192 processors"),
    "max_hz": Bounds(1e6, 20e9, "no processor has run at 20 GHz"),
    "page_accesses_per_s": Bounds(0.001, 1e10, "no memory answers 10^10 times a second"),
    "page_idle_s": Bounds(0.001, 3e7, "a page idle for a year is no case for a runtime"),
    "used_ratio": Bounds(0, 1, "a share is at most 100 %"),
    "write_ratio": Bounds(0, 1, "a share is at most 100 %"),
    "bandwidth_bytes_per_s": _BANDWIDTH,
}
