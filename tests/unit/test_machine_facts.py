"""Processors' kinds and caches, swap and zswap, from directories that stand for the kernel's."""

from pathlib import Path

import pytest

from llamas_bpf.contracts.machine import Cache, Swap, Zswap
from llamas_bpf.machine import caches, capabilities, cpus, swaps


def put(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text + "\n")
    return root


def processors(root: Path, number: int, **files: dict[int, str]) -> Path:
    """``/sys/devices`` with so many CPUs; ``files`` has, for a file (``a__b`` is a/b), each CPU's text."""
    cpu_root = "system/cpu"
    put(root, {f"{cpu_root}/online": f"0-{number - 1}"})
    for name, texts in files.items():
        put(root, {f"{cpu_root}/cpu{cpu}/{name.replace('__', '/')}": text for cpu, text in texts.items()})
    return root / cpu_root


def classes(root: Path) -> list[str | None]:
    return [cpu.cpu_class for cpu in cpus.read(root)]


def test_siblings_are_the_other_threads_of_a_core(tmp_path: Path) -> None:
    siblings = {0: "0,2", 1: "1,3", 2: "0,2", 3: "1,3"}
    root = processors(tmp_path, 4, topology__thread_siblings_list=siblings)
    assert [cpu.siblings for cpu in cpus.read(root)] == [(2,), (3,), (0,), (1,)]


def test_isolated_are_those_of_any_kind(tmp_path: Path) -> None:
    root = processors(tmp_path, 4)
    put(root, {"isolated": "1", "nohz_full": "3"})
    assert [cpu.isolated for cpu in cpus.read(root)] == [False, True, False, True]
    # What the kernel prints where nothing was asked for.
    put(root, {"isolated": "", "nohz_full": "  (null)"})
    assert not any(cpu.isolated for cpu in cpus.read(root))


def test_a_hybrid_processor_says_itself_which_is_what(tmp_path: Path) -> None:
    # Clocks would tell it otherwise.
    root = processors(tmp_path, 4, cpufreq__cpuinfo_max_freq={0: "1", 1: "1", 2: "9", 3: "9"})
    put(tmp_path, {"cpu_core/cpus": "0-1", "cpu_atom/cpus": "2-3"})
    assert classes(root) == ["performance", "performance", "efficiency", "efficiency"]


def test_kinds_are_told_by_capacity_before_clock(tmp_path: Path) -> None:
    root = processors(
        tmp_path,
        4,
        cpu_capacity={0: "250", 1: "1024", 2: "700", 3: "260"},
        cpufreq__cpuinfo_max_freq={0: "9000000", 1: "1000000", 2: "1000000", 3: "1000000"},
    )
    assert classes(root) == ["efficiency", "performance", "middle", "efficiency"]
    assert next((cpu.capacity, cpu.max_hz) for cpu in cpus.read(root)) == (250, 9_000_000_000)


def test_kinds_are_told_by_clock_where_capacity_is_the_same(tmp_path: Path) -> None:
    root = processors(
        tmp_path,
        3,
        cpu_capacity=dict.fromkeys(range(3), "1024"),
        cpufreq__cpuinfo_max_freq={0: "3000000", 1: "5000000", 2: "5100000"},
    )
    assert classes(root) == ["efficiency", "performance", "performance"]


def test_cores_of_one_kind_are_of_no_class_although_some_turned_out_better(tmp_path: Path) -> None:
    root = processors(tmp_path, 3, cpufreq__cpuinfo_max_freq={0: "4800000", 1: "5000000", 2: "5200000"})
    assert classes(root) == [None, None, None]
    assert classes(processors(tmp_path / "bare", 2)) == [None, None]


def test_each_cache_is_told_once(tmp_path: Path) -> None:
    indexes = {
        0: ("1", "Data", "32K", "{cpu}"),
        1: ("1", "Instruction", "64K", "{cpu}"),
        2: ("3", "Unified", "12M", "0-1"),
        3: ("4", "Unified", "odd", "0-1"),
    }
    for cpu in (0, 1):
        for index, texts in indexes.items():
            names = ("level", "type", "size", "shared_cpu_list")
            files = zip(names, (text.format(cpu=cpu) for text in texts), strict=True)
            put(tmp_path / f"cpu{cpu}/cache/index{index}", dict(files))
    (tmp_path / "cpu1/cache/index1/size").unlink()
    assert caches.read(tmp_path) == (
        Cache(level=1, kind="data", size_bytes=32 << 10, cpus=(0,)),
        Cache(level=1, kind="data", size_bytes=32 << 10, cpus=(1,)),
        Cache(level=1, kind="instruction", size_bytes=64 << 10, cpus=(0,)),
        Cache(level=3, kind="unified", size_bytes=12 << 20, cpus=(0, 1)),
    )


def test_swaps_are_told_by_what_they_are(tmp_path: Path) -> None:
    lines = (
        "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority",
        "/dev/zram0                              partition\t1048572\t\t0\t\t100",
        "/dev/vda3                               partition\t2097148\t\t512\t\t-2",
        "/swap\\040of\\011mine\\134n                 file\t\t4\t\t0\t\t-3",
    )
    put(tmp_path, {"swaps": "\n".join(lines), "zram0/comp_algorithm": "lzo-rle lzo [zstd] lz4"})
    assert swaps.read(tmp_path, tmp_path) == (
        Swap(name="/dev/zram0", kind="zram", size_bytes=1048572 << 10, priority=100, detail="zstd"),
        Swap(name="/dev/vda3", kind="partition", size_bytes=2097148 << 10, priority=-2),
        Swap(name="/swap of\tmine\\n", kind="file", size_bytes=4096, priority=-3),
    )
    assert swaps.read(tmp_path / "none", tmp_path) == ()


@pytest.mark.parametrize(("on", "enabled"), [("Y", True), ("N", False)])
def test_zswap_is_told_whether_it_is_on(tmp_path: Path, on: str, enabled: bool) -> None:
    put(tmp_path, {"enabled": on, "compressor": "lz4", "max_pool_percent": "20"})
    assert swaps.zswap(tmp_path) == Zswap(enabled=enabled, compressor="lz4", max_pool_ratio=0.2)
    assert swaps.zswap(tmp_path / "none") is None


def test_abilities_are_those_of_the_tree_that_is_read(tmp_path: Path) -> None:
    assert not any(one.available for one in capabilities.read(tmp_path))
    put(tmp_path, {"sys/kernel/mm/lru_gen/enabled": "0x0007", "sys/kernel/mm/damon/admin/kdamonds": ""})
    assert {one.name for one in capabilities.read(tmp_path) if one.available} == {"mglru", "damon"}
    put(tmp_path, {"sys/kernel/mm/lru_gen/enabled": "0x0000"})
    (mglru,) = [one for one in capabilities.read(tmp_path) if one.name == "mglru"]
    assert not mglru.available
    assert "switched off" in mglru.detail
