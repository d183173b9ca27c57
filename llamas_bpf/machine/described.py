"""What texts and measurements add to what the kernel says of a machine."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from llamas_bpf.config import Config
from llamas_bpf.contracts.machine import Machine
from llamas_bpf.contracts.profile import DeviceProfile
from llamas_bpf.machine import cpulist, measurements, ranks, trust

PCI = Path("/sys/bus/pci/devices")


def described(bare: Machine, config: Config | None, state: Path | None, pci: Path = PCI) -> Machine:
    """``bare`` with profiles, features, tiers by these, and notes on what is wrong.

    Raises ConfigError where the texts' directory cannot be trusted.
    """
    found: tuple[DeviceProfile, ...] = ()
    wrong: tuple[str, ...] = ()
    if config:
        from llamas_bpf.machine import profiles  # not what ``exec`` needs, which lives as long as its command

        found, wrong = profiles.load(config, state)
    measured, why = measurements.current(state, bare) if state else (None, "")
    notes = [*wrong, *([why] if why else []), *missing(bare, found, pci)]
    features = trust.features(bare.nodes, found, measured)
    if measured and (why := measurements.doubt(measured, {one.node: one for one in features})):
        notes.append(f"{why}: it does not outrank HMAT and texts")
    notes += trust.disagreements(features)
    told = bare.model_copy(update={"profiles": found, "features": features, "notes": tuple(notes)})
    return ranks.by_rank(told)


def missing(bare: Machine, found: Iterable[DeviceProfile], pci: Path = PCI) -> Iterator[str]:
    """A sentence for each text about what is not there."""
    nodes = {node.id for node in bare.nodes}
    online = {cpu.id for cpu in bare.cpus}
    for profile in found:
        bound = profile.binding
        if bound.node is not None and bound.node not in nodes:
            yield f"{profile.name}: there is no node {bound.node} here: nodes are {cpulist.render(nodes)}"
        if bound.cpus is not None and (absent := set(cpulist.parse(bound.cpus)) - online):
            there = cpulist.render(online)
            yield f"{profile.name}: CPUs {cpulist.render(absent)} are not online here: {there} are"
        if bound.pci is not None and not (pci / bound.pci).exists():
            yield f"{profile.name}: there is no PCI device {bound.pci} here (lspci -D lists them)"
