"""The same tests on several kernels, and one table of how they went."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from llamas_bpf import shown
from llamas_bpf.lab.run import Guest
from llamas_bpf.lab.testing import GuestReport, run_tests

_HEADINGS = ("kernel", "topology", "release", "passed", "failed", "skipped", "time")


def run_matrix(
    kernels: Sequence[str],
    topologies: Sequence[str],
    guest: Guest,
    words: Sequence[str],
    out: Path,
    progress: Callable[[str], None],
) -> Iterator[GuestReport]:
    """One guest after the other, so that none takes another's processors; each as soon as it has ended."""
    for topology in topologies:
        for kernel in kernels:
            one = replace(guest, kernel=kernel, topology=topology)
            tested = run_tests(one, words, out / f"{kernel}-{topology}", progress, show=False)
            counts = tested.counts
            progress(
                f"{kernel} on {topology}: {counts.passed} passed, {len(counts.failed)} failed, "
                f"{sum(counts.skipped.values())} skipped in {_minutes(tested.seconds)}"
            )
            yield tested


def table(results: Sequence[GuestReport]) -> str:
    """Every guest a row; below, what each kernel lacks, and what failed why."""
    rows = [_HEADINGS, *(_row(tested) for tested in results)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADINGS))]
    lines = ["  ".join(word.ljust(width) for word, width in zip(row, widths, strict=True)) for row in rows]
    for tested in results:
        lines += _details(tested)
    return "\n".join(line.rstrip() for line in lines)


def as_json(tested: GuestReport) -> dict[str, Any]:
    """One row for programs."""
    guest = {"kernel": tested.guest.kernel, "topology": tested.guest.topology, "init": tested.guest.init}
    counts = asdict(tested.counts) | {"skipped": tested.counts.skipped}
    ended = {"status": tested.status, "trouble": tested.trouble, "seconds": round(tested.seconds, 1)}
    return {**guest, "release": tested.release, **counts, **ended}


def _row(tested: GuestReport) -> tuple[str, ...]:
    counts = tested.counts
    return (
        tested.guest.kernel,
        tested.guest.topology,
        shown.plain(tested.release or "?"),
        str(counts.passed),
        str(len(counts.failed)) + (" (guest)" if tested.trouble else ""),
        str(sum(counts.skipped.values())),
        _minutes(tested.seconds),
    )


def _details(tested: GuestReport) -> list[str]:
    name, counts = f"{tested.guest.kernel} on {tested.guest.topology}", tested.counts
    lines = []
    if counts.skipped:
        lacks = ", ".join(
            f"{shown.plain(feature)} ({count})" for feature, count in sorted(counts.skipped.items())
        )
        lines += ["", f"{name} skipped for want of: {lacks}"]
    lines += ["", f"{name} FAILED:"] if counts.failed or tested.trouble else []
    lines += [f"  {shown.plain(test)}" for test in counts.failed]
    lines += [f"  {shown.plain(line)}" for line in (tested.trouble or "").splitlines()]
    return lines


def _minutes(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02}"
