"""The figures that the offline frontend reads from a text."""

from llamas_bpf.contracts.profile import FIGURES, DeviceProfile
from llamas_bpf.machine.texts import reading, text

GB = 10**9
NONE = (None,) * 5


def read(body: str, binding: str = "") -> DeviceProfile:
    front = f"+++\n{binding}\n+++\n" if binding else ""
    return reading.read(text.parse("it", (front + body).encode()))


def figures(body: str, binding: str = "") -> tuple[float | None, ...]:
    """Read and write latency in ns, read and write bandwidth in GB/s, capacity in GB."""
    it = read(body, binding)
    values = [getattr(it, figure) for figure in FIGURES[:5]]
    return tuple(value and value / scale for value, scale in zip(values, (1, 1, GB, GB, GB), strict=True))
