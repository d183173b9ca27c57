"""``bench devices``: how much of what device texts say each frontend finds, and what it makes up."""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from statistics import median
from typing import Any

from llamas_bpf.bench.device_score import Score, score
from llamas_bpf.bench.device_truth import Case
from llamas_bpf.bench.marks import Mark
from llamas_bpf.contracts.profile import DeviceProfile
from llamas_bpf.errors import LlamasError

#: A frontend: from a text's name and its bytes, as they lie on disk, to a profile.
Reader = Callable[[str, bytes], DeviceProfile]


@dataclass(frozen=True)
class Read:
    """One text, by one frontend. ``error``: why it gave no profile."""

    case: Case
    score: Score
    ms: float
    error: str | None = None

    def as_json(self) -> dict[str, Any]:
        """Without what is empty."""
        told = {"name": self.case.name, "split": self.case.split, "ms": self.ms, "error": self.error}
        return {name: value for name, value in (told | vars(self.score)).items() if value not in (None, [])}


@dataclass(frozen=True)
class Total:
    """Of some texts, in numbers of features; ``ms`` is the median of a text."""

    texts: int
    present: int
    found: int
    wrong: int
    missed: int
    unwanted: int
    ungrounded: int
    errors: int
    ms: float

    @classmethod
    def of(cls, reads: list[Read]) -> "Total":
        scores = [each.score for each in reads]
        return cls(
            texts=len(reads),
            present=sum(each.present for each in scores),
            found=sum(len(each.found) for each in scores),
            wrong=sum(len(each.wrong) for each in scores),
            missed=sum(len(each.missed) for each in scores),
            unwanted=sum(len(each.unwanted) for each in scores),
            ungrounded=sum(len(each.ungrounded) for each in scores),
            errors=sum(each.error is not None for each in reads),
            ms=median(each.ms for each in reads),
        )

    @property
    def percent(self) -> float:
        """Of the features, how many were found."""
        return 100 * self.found / self.present if self.present else 100.0


@dataclass(frozen=True)
class Results:
    """What came out, by frontend."""

    reads: dict[str, list[Read]]

    def totals(self, frontend: str) -> dict[str, Total]:
        """By split, in name order."""
        reads = self.reads[frontend]
        splits = sorted({each.case.split for each in reads})
        return {split: Total.of([each for each in reads if each.case.split == split]) for split in splits}

    def marks(self) -> dict[str, Mark]:
        """What every frontend should reach."""
        found: dict[str, Mark] = {}
        for frontend in self.reads:
            totals = self.totals(frontend)
            for split, total in totals.items():
                what = f"{frontend}, {split}: features found"
                found[f"{frontend}.{split}.found"] = Mark(what, total.percent, 90, False, " %")
            made_up = sum(total.ungrounded for total in totals.values())
            found[f"{frontend}.ungrounded"] = Mark(f"{frontend}: ungrounded values", made_up, 0, True)
        return found

    def failures(self) -> Iterator[str]:
        """A sentence for each frontend that gave no profile for some of the texts, with the first reason."""
        for frontend, reads in self.reads.items():
            if failed := [each for each in reads if each.error is not None]:
                count = f"{len(failed)} of {len(reads)} texts"
                yield f"{frontend} gave nothing for {count}; the first time: {failed[0].error}"

    def as_json(self) -> dict[str, Any]:
        """Everything, the single texts too."""
        return {
            "frontends": {
                frontend: {
                    "totals": {split: vars(total) for split, total in self.totals(frontend).items()},
                    "texts": [each.as_json() for each in reads],
                }
                for frontend, reads in self.reads.items()
            },
            "marks": {name: mark.as_json() for name, mark in self.marks().items()},
        }


def measure(readers: Mapping[str, Reader], cases: list[Case], step: Callable[[str], None]) -> Results:
    """Each frontend on each text. ``step`` is called once for each, with what is read."""
    reads: dict[str, list[Read]] = {}
    for frontend, reader in readers.items():
        reads[frontend] = []
        for case in cases:
            step(f"{frontend}: {case.name}")
            reads[frontend].append(_read(reader, case))
    return Results(reads)


def _read(reader: Reader, case: Case) -> Read:
    began = time.perf_counter()
    profile, error = None, None
    try:
        profile = reader(case.name, case.raw)
    except LlamasError as failed:
        error = str(failed)
    return Read(case, score(case, profile), (time.perf_counter() - began) * 1000, error)
