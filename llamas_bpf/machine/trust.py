"""Who is believed about a memory: what was measured, else the firmware's HMAT, else the operator's text."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from llamas_bpf.contracts.machine import NodeFeatures, NumaNode, Told
from llamas_bpf.contracts.measured import Measured
from llamas_bpf.contracts.profile import FIGURES, DeviceProfile
from llamas_bpf.machine import measurements
from llamas_bpf.shown import figure

#: Sources that are further apart than this disagree: below it, it is a matter of what each of them means.
DISAGREE = 2


def features(
    nodes: Sequence[NumaNode], profiles: Iterable[DeviceProfile], measured: Measured | None
) -> tuple[NodeFeatures, ...]:
    """Of each node with memory. Figures of ``measured`` that may not count are left out (``doubt``)."""
    of_node = {profile.binding.node: profile for profile in profiles if profile.binding.node is not None}
    told = [_told(node, of_node.get(node.id)) for node in nodes if node.total_bytes]
    if measured is None or measurements.doubt(measured, {one.node: one for one in told}):
        return tuple(told)
    nearest = measurements.best(measured.pairs)
    return tuple(
        one.model_copy(update={"figures": _with_measured(one.figures, nearest[one.node].model_dump())})
        if one.node in nearest
        else one
        for one in told
    )


def disagreements(found: Iterable[NodeFeatures]) -> Iterator[str]:
    """A sentence for each figure that its sources tell differently: all of them, and which one counts."""
    for one in found:
        for name, told in one.figures.items():
            values = {
                source: value
                for source, value in (
                    ("measured", told.measured),
                    ("kernel" if name == "capacity_bytes" else "HMAT", told.hmat),
                    ("text", told.text),
                )
                if value is not None
            }
            if max(values.values()) > DISAGREE * min(values.values()):
                each = ", ".join(f"{source} {_figure(name, value)}" for source, value in values.items())
                what = name.removesuffix("_ns").removesuffix("_bytes_per_s").removesuffix("_bytes")
                yield f"node{one.node} {what.replace('_', ' ')}: {each}; {next(iter(values))} counts"


def _told(node: NumaNode, profile: DeviceProfile | None) -> NodeFeatures:
    # The firmware's are the node's own fields, by the same names.
    figures = {
        name: Told(hmat=getattr(node, name, None), text=getattr(profile, name, None)) for name in FIGURES
    }
    figures["capacity_bytes"] = figures["capacity_bytes"].model_copy(update={"hmat": node.total_bytes})
    figures = {name: told for name, told in figures.items() if told.value is not None}
    if profile is None:
        return NodeFeatures(node=node.id, figures=figures)
    return NodeFeatures(
        node=node.id,
        profile=profile.name,
        figures=figures,
        good_at=profile.good_at,
        bad_at=profile.bad_at,
        persistent=profile.persistent,
    )


def _with_measured(figures: Mapping[str, Told], pair: Mapping[str, object]) -> dict[str, Told]:
    found = dict(figures)
    for name in FIGURES:
        speed = pair.get(name)
        if isinstance(speed, dict):
            found[name] = found.get(name, Told()).model_copy(update={"measured": speed["median"]})
    return found


def _figure(name: str, value: float) -> str:
    return figure("_bytes", value) + "/s" if name.endswith("_per_s") else figure(name, value)
