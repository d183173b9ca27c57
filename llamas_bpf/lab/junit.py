"""What pytest's JUnit file says; it comes from a guest, so it is not believed blindly."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from llamas_bpf.lab.errors import LabError

_FEATURE = "kernel feature: "  # how a skip begins that names what the kernel lacks (tests/conftest.py)
_LARGEST_BYTES = 16 << 20


@dataclass(frozen=True)
class Counts:
    """How the tests of one guest ended."""

    passed: int
    failed: tuple[str, ...]  # their names
    skipped: dict[str, int]  # by what the kernel lacks


def read(path: Path) -> Counts:
    """Raises LabError if there is no such file, or if it is none that pytest wrote to its end."""
    try:
        if path.stat().st_size > _LARGEST_BYTES:
            raise LabError(f"{path} is larger than {_LARGEST_BYTES >> 20} MiB: not read")
        # expat itself refuses entities that grow without end.
        cases = list(ElementTree.parse(path).getroot().iter("testcase"))  # noqa: S314
    except FileNotFoundError:
        raise LabError(f"the guest left no {path.name}: see how its output ended") from None
    except OSError as error:
        raise LabError(f"{path} cannot be read: {error.strerror}") from error
    except ElementTree.ParseError as error:
        raise LabError(f"{path} is cut off or is no XML: {error}") from error
    failed = tuple(_name(case) for case in cases if case.find("failure") is not None or _broke(case))
    reasons = [found.get("message", "") for case in cases if (found := case.find("skipped")) is not None]
    skipped = Counter(reason.removeprefix(_FEATURE) for reason in reasons)
    return Counts(len(cases) - len(failed) - len(reasons), failed, dict(skipped))


def _broke(case: ElementTree.Element) -> bool:
    return case.find("error") is not None


def _name(case: ElementTree.Element) -> str:
    return f"{case.get('classname', '')}::{case.get('name', '')}"
