"""How a device profile is shown: each field with the words that it was read from, then the doubts."""

from typing import Any

from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from llamas_bpf import shown
from llamas_bpf.contracts.profile import DeviceProfile

_NAMED_ELSEWHERE = ("name", "cpu_classes", "thresholds")


def show(profile: DeviceProfile) -> None:
    """Texts are free words: all of it passes through ``shown``."""
    console = shown.console()
    title = f"{profile.name}, {bound(profile)}, read by {profile.reader}"
    console.print(Text(shown.plain(title), style="bold"))
    rows = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=False)
    # Where no words are quoted, their empty column would leave the others too little.
    for share, least in ((1, 8), (1, 8), (2, 0)):
        rows.add_column(overflow="fold", ratio=share, min_width=least)
    for field, value, key in _fields(profile):
        said = f"“{profile.evidence[key]}”" if key in profile.evidence else ""
        rows.add_row(*(Text(shown.plain(cell)) for cell in (field, value, said)))
    console.print(Padding(rows, (0, 0, 0, 2), expand=False))
    for doubt in profile.doubts:
        sentence = f"in doubt: {doubt.field}: “{doubt.words}”: {doubt.why}"
        console.print(Padding(Text(shown.plain(sentence), style="yellow"), (0, 0, 0, 2), expand=False))


def bound(profile: DeviceProfile) -> str:
    """What hardware it is about, in a few words."""
    binding = profile.binding
    if binding.node is not None:
        return f"node{binding.node}"
    if binding.cpus is not None:
        return f"CPUs {binding.cpus}"
    return f"PCI {binding.pci}" if binding.pci else "somewhere"


def words(field: str) -> str:
    """A field without its unit, which its value has: ``read_latency_ns`` as ``read latency``."""
    for unit in ("_bytes_per_s", "_bytes", "_ns"):
        field = field.removesuffix(unit)
    return field.replace("_", " ")


def figure(field: str, value: object) -> str:
    """A profile's value in words: ``read_bandwidth_bytes_per_s`` 38e9 as ``35.4 GiB/s``."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        if field.endswith("_bytes_per_s"):
            return shown.figure("_bytes", value) + "/s"
        return shown.figure(field, value)
    return str(value)


def _fields(profile: DeviceProfile) -> list[tuple[str, str, str]]:
    """Of each: its name, its value, and under which key its words are."""
    found: list[tuple[str, str, str]] = []
    said: dict[str, Any] = profile.said()
    for field, value in said.items():
        if isinstance(value, list) and field not in _NAMED_ELSEWHERE:
            found += [(words(field), str(one), f"{field}.{one}") for one in value]
        elif field not in _NAMED_ELSEWHERE:
            found.append((words(field), figure(field, value), field))
    for number, one in enumerate(profile.cpu_classes):
        parts = (f"{one.count} CPUs" if one.count else "", f"CPUs {one.cpus}" if one.cpus else "")
        clock = f"{one.max_hz / 1e9:.3g} GHz" if one.max_hz else ""
        what = ", ".join(part for part in (one.name, *parts, clock) if part)
        found.append(("class of CPUs", what, f"cpu_classes.{number}"))
    for number, when in enumerate(profile.thresholds):
        what = f"{when.figure} {when.side} {when.value:g}: {when.action}"
        found.append(("threshold", what, f"thresholds.{number}"))
    return found
