"""Processor caches, each once, with the CPUs that share it (ABI/testing/sysfs-devices-system-cpu)."""

from pathlib import Path

from llamas_bpf.contracts.machine import Cache
from llamas_bpf.machine import cpulist
from llamas_bpf.machine.cpus import CPUS

_UNITS = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30}


def read(root: Path = CPUS) -> tuple[Cache, ...]:
    """In the order of level, kind and CPUs; a cache whose size the kernel does not tell is left out."""
    found = {cache for path in root.glob("cpu[0-9]*/cache/index[0-9]*") if (cache := _cache(path))}
    return tuple(sorted(found, key=lambda cache: (cache.level, cache.kind, cache.cpus)))


def _cache(path: Path) -> Cache | None:
    try:
        level, kind, size, cpus = (
            (path / name).read_text(encoding="ascii").strip()
            for name in ("level", "type", "size", "shared_cpu_list")
        )
        unit = _UNITS.get(size[-1:], 1)
        return Cache.model_validate(
            {
                "level": int(level),
                "kind": kind.lower(),
                "size_bytes": int(size.rstrip("KMG")) * unit,
                "cpus": cpulist.parse(cpus),
            }
        )
    except (OSError, ValueError):
        return None
