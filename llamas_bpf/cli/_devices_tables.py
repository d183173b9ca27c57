"""What ``devices`` prints. Names come from the hardware and from files: all pass through ``shown``."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from llamas_bpf import shown
from llamas_bpf.cli import _devices_profile
from llamas_bpf.cli._devices_profile import figure, words
from llamas_bpf.contracts.machine import Cpu, Machine, NumaNode, Told
from llamas_bpf.contracts.measured import Measured, Speed
from llamas_bpf.contracts.profile import FIGURES
from llamas_bpf.machine import cpulist, measurements

_COUNTS = "*"


def show(here: Machine, measured: Measured | None) -> None:
    """Everything, in tables for 80 columns."""
    _processors(here)
    _memory(here, measured)
    if measured and len({pair.cpu_node for pair in measured.pairs}) > 1:
        show_pairs(measured)
    _rows("Memory tiers, fastest first", ("tier", "in the kernel", "nodes"), _tiers(here))
    _rows("Swap", ("name", "kind", "size", "priority", ""), _swaps(here))
    _rows("PCI devices", ("id", "what", "address", "node", "hardware"), _devices(here))
    _abilities(here)
    for profile in here.profiles:
        shown.console().print()
        _devices_profile.show(profile)
    if here.notes:
        shown.console().print()
    for note in here.notes:
        say(f"! {note}")


def show_pairs(measured: Measured) -> None:
    """Each memory node as each node of CPUs sees it."""
    rows = (
        (
            f"node{pair.node}",
            f"node{pair.cpu_node}",
            _speed("read_latency_ns", pair.read_latency_ns),
            _speed("read_bandwidth_bytes_per_s", pair.read_bandwidth_bytes_per_s),
            _speed("write_bandwidth_bytes_per_s", pair.write_bandwidth_bytes_per_s),
        )
        for pair in measured.pairs
    )
    _rows("Measured (± the middle half of the runs)", ("memory", "from", "latency", "read", "write"), rows)


def say(sentence: str) -> None:
    """A sentence of its own."""
    shown.console().print(Text(shown.plain(sentence)))


def _processors(here: Machine) -> None:
    alike: dict[tuple[str, ...], list[Cpu]] = defaultdict(list)
    for cpu in here.cpus:
        clock = f"{cpu.max_hz / 1e9:.3g} GHz" if cpu.max_hz else ""
        threads = str(1 + len(cpu.siblings))
        isolated = "isolated" if cpu.isolated else ""
        package = "" if cpu.package is None else str(cpu.package)
        alike[f"node{cpu.node}", package, cpu.cpu_class or "", threads, clock, isolated].append(cpu)
    rows = [(cpulist.render(cpu.id for cpu in cpus), *key) for key, cpus in alike.items()]
    heads = ("CPUs", "node", "package", "class", "threads a core", "clock", "")
    _rows(f"Linux {here.kernel}: {len(here.cpus)} processors", heads, rows)
    caches = Counter((one.level, one.kind, one.size_bytes, len(one.cpus)) for one in here.caches)
    parts = [
        f"L{level}{'' if kind == 'unified' else ' ' + kind} {number} × {shown.figure('_bytes', size)}"
        + (f" for {cpus} CPUs each" if cpus > 1 else "")
        for (level, kind, size, cpus), number in caches.items()
    ]
    if parts:
        say(f"Caches: {', '.join(parts)}")
        shown.console().print()


def _memory(here: Machine, measured: Measured | None) -> None:
    rows: list[tuple[str, ...]] = []
    nearest = measurements.best(measured.pairs) if measured else {}
    features = {one.node: one for one in here.features}
    for node in here.nodes:
        of_node = features.get(node.id)
        rows.append((f"node{node.id}", *_about(here, node)))
        if of_node is None:
            continue
        for name in FIGURES:
            told = of_node.figures.get(name, Told())
            tried = getattr(nearest.get(node.id), name, None)
            if told.value is not None or tried:
                rows.append(("", words(name), *_sides(name, told, tried)))
        for what, traits in (("good at", of_node.good_at), ("bad at", of_node.bad_at)):
            rows.extend(("", what, "", "", trait) for trait in traits)
        if of_node.profile:
            rows.append(("", "text", "", "", f"{of_node.profile}.md"))
    _rows(f"Memory ({_COUNTS} is what counts)", ("node", "", "measured", "HMAT, kernel", "text"), rows)


def _about(here: Machine, node: NumaNode) -> tuple[str, ...]:
    cpus = f"CPUs {cpulist.render(node.cpus)}" if node.cpus else "no CPUs"
    tier = f"tier {node.tier}" if node.total_bytes and len(here.tiers) > 1 else ""
    nearby = ", ".join(f"{n}:{d}" for n, d in node.distances.items() if n != node.id)
    return cpus, tier, f"distances {nearby}" if nearby else "", ""


def _sides(name: str, told: Told, tried: object) -> list[str]:
    """What each source says of a figure, the one that counts marked."""
    values = (told.measured, told.hmat, told.text)
    first = next((place for place, value in enumerate(values) if value is not None), None)
    cells = ["" if value is None else figure(name, value) for value in values]
    if first is not None:
        cells[first] += _COUNTS
    if isinstance(tried, Speed) and not cells[0]:
        cells[0] = f"({figure(name, tried.median)})"  # measured, but it does not count
    return cells


def _tiers(here: Machine) -> Iterable[tuple[str, ...]]:
    return ((str(tier.rank), tier.kernel_name, cpulist.render(tier.nodes)) for tier in here.tiers)


def _swaps(here: Machine) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = [
        (one.name, one.kind, shown.figure("_bytes", one.size_bytes), str(one.priority), one.detail)
        for one in here.swaps
    ]
    if here.zswap and here.zswap.enabled:
        most = f"at most {here.zswap.max_pool_ratio:.0%} of memory"
        rows.append(("zswap", "cache in front", most, "", here.zswap.compressor))
    return rows


def _devices(here: Machine) -> Iterable[tuple[str, ...]]:
    return (
        (one.id, one.kind, one.pci, "not told" if one.node is None else f"node{one.node}", one.description)
        for one in here.devices
    )


def _abilities(here: Machine) -> None:
    controllers = ", ".join(here.cgroup_controllers) or "none that can be used"
    say(f"cgroup controllers: {controllers}")
    for title, available in (("Here", True), ("Missing (doctor says why)", False)):
        names = [one.name for one in here.capabilities if one.available is available]
        if names:
            say(f"{title}: {', '.join(names)}")


def _speed(name: str, speed: Speed) -> str:
    return f"{figure(name, speed.median)} ±{speed.spread_ratio / 2:.0%}"


def _rows(title: str, heads: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Columns in which nothing stands are left out; and all of it, where there are no rows."""
    found = list(rows)
    if not found:
        return
    used = [place for place in range(len(heads)) if any(row[place] for row in found)]
    table = Table(box=None, pad_edge=False)
    for place in used:
        table.add_column(heads[place], overflow="fold")
    for row in found:
        table.add_row(*(Text(shown.plain(row[place])) for place in used))
    console = shown.console()
    console.print(Text(title, style="bold"))
    console.print(Padding(table, (0, 0, 1, 2), expand=False))
