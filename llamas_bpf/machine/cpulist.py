"""The kernel's list notation for CPUs and nodes: ``0-3,8`` (cpuset(7), "List format")."""

from collections.abc import Iterable


def parse(text: str) -> tuple[int, ...]:
    """Ids in ascending order; an empty list is empty. Raises ValueError on anything else."""
    ids: set[int] = set()
    for part in text.strip().split(","):
        if part:
            first, _, last = part.partition("-")
            ids.update(range(int(first), int(last or first) + 1))
    return tuple(sorted(ids))


def render(ids: Iterable[int]) -> str:
    """The canonical notation, as the kernel prints it back."""
    runs: list[list[int]] = []
    for number in sorted(set(ids)):
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ",".join(str(a) if a == b else f"{a}-{b}" for a, b in runs)
