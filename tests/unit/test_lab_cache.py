"""The lab's cache: built once, checked before use, rebuilt when damaged, safe when two runs start at once."""

import shutil
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from llamas_bpf.lab import cache, manifest
from llamas_bpf.lab.errors import LabError
from llamas_bpf.lab.places import cache_root

RECIPE = {"wanted": "a thing"}


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))


class Builder:
    """Builds an entry with a file, a sparse file and a link, and counts how often."""

    def __init__(self, takes_s: float = 0) -> None:
        self.built = 0
        self.takes_s = takes_s

    def __call__(self, place: Path) -> None:
        self.built += 1
        (place / "inner").mkdir()
        (place / "inner/data").write_text("data")
        (place / "link").symlink_to("inner/data")
        (place / "folder").symlink_to("inner")
        with (place / "sparse").open("wb") as file:
            file.truncate(5 << 20)
            file.seek(3 << 20)
            file.write(b"deep inside")
        time.sleep(self.takes_s)


def use(
    build: Callable[[Path], None], recipe: dict[str, str] = RECIPE, said: list[str] | None = None
) -> Path:
    with cache.entry("thing", recipe, build, (said if said is not None else []).append) as place:
        return place


def test_the_second_use_finds_what_the_first_built() -> None:
    build = Builder()
    assert use(build) == use(build)
    assert build.built == 1
    assert (use(build) / "link").read_text() == "data"


def test_another_recipe_is_another_entry() -> None:
    build = Builder()
    assert use(build) != use(build, {"wanted": "another"})
    assert build.built == 2
    assert len(cache.entries()) == 2


def overwrite(place: Path) -> None:
    with (place / "sparse").open("r+b") as file:
        file.seek(3 << 20)
        file.write(b"D")


def write_into_a_hole(place: Path) -> None:
    with (place / "sparse").open("r+b") as file:
        file.seek(1 << 20)
        file.write(b"x")


def retarget(place: Path) -> None:
    (place / "link").unlink()
    (place / "link").symlink_to("/etc/passwd")


def retarget_folder(place: Path) -> None:
    (place / "folder").unlink()
    (place / "folder").symlink_to("/etc")


@pytest.mark.parametrize(
    "damage",
    [
        overwrite,
        write_into_a_hole,
        retarget,
        retarget_folder,
        lambda place: (place / "folder").unlink(),
        lambda place: (place / "inner/data").unlink(),
        lambda place: (place / "added").touch(),
        lambda place: (place / "sparse").write_bytes(b""),
        lambda place: (place / "MANIFEST.json").unlink(),
        lambda place: (place / "MANIFEST.json").write_text("[]"),
    ],
)
def test_a_damaged_entry_is_built_again(damage: Callable[[Path], None]) -> None:
    build, said = Builder(), list[str]()
    damage(use(build))
    place = use(build, said=said)
    assert build.built == 2
    assert manifest.agrees(place)
    assert any("damaged" in line for line in said)


def test_holes_written_out_as_zeros_are_no_damage() -> None:
    build = Builder()
    place = use(build)
    data = (place / "sparse").read_bytes()
    (place / "sparse").write_bytes(data)
    use(build)
    assert build.built == 1


def test_two_at_once_build_once() -> None:
    build, places = Builder(takes_s=0.3), list[Path]()
    threads = [threading.Thread(target=lambda: places.append(use(build))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert build.built == 1
    assert len(places) == 4
    assert len(set(places)) == 1


def test_a_failed_build_leaves_nothing_and_the_next_succeeds() -> None:
    def fail(place: Path) -> None:
        (place / "half").touch()
        raise OSError(28, "No space left on device")

    with pytest.raises(LabError, match=r"No space left on device.*XDG_CACHE_HOME"):
        use(fail)
    assert cache.entries() == []
    build = Builder()
    use(build)
    assert build.built == 1


def test_what_a_killed_build_left_behind_is_replaced() -> None:
    build = Builder()
    place = use(build)
    place.rename(place.with_name(place.name + ".building"))
    assert (use(build) / "inner/data").is_file()
    assert build.built == 2


def test_clean_keeps_what_is_in_use() -> None:
    said: list[str] = []
    with cache.entry("thing", RECIPE, Builder(), said.append) as place:
        cache.clean(said.append)
        assert manifest.agrees(place)
    assert said == [f"{place.name} is in use: kept"]
    cache.clean(said.append)
    assert not place.exists()
    assert said[-1] == f"{place.name} removed"


def test_what_cannot_be_removed_is_not_said_to_be(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    stuck, other = use(Builder()), use(Builder(), {"wanted": "another"})
    removes = shutil.rmtree

    def refuse(path: Path) -> None:
        if path == stuck:
            raise PermissionError(1, "Operation not permitted")
        removes(path)

    monkeypatch.setattr(shutil, "rmtree", refuse)
    with pytest.raises(LabError, match=rf"{stuck} was not removed: Operation not permitted: remove it as"):
        cache.clean(said.append)
    assert said == [f"{other.name} removed"]


def test_a_build_alone_starts_empty_and_leaves_nothing() -> None:
    killed = cache_root() / "box.building"
    killed.mkdir()
    (killed / "half").touch()
    with cache.alone("box", print) as work:
        assert list(work.iterdir()) == []
        (work / "file").touch()
    assert cache.entries() == []


def test_the_cache_follows_xdg(tmp_path: Path) -> None:
    assert cache_root() == tmp_path / "llamas-bpf"


def test_what_is_being_built_is_listed() -> None:
    place = cache_root() / "thing.new"
    place.mkdir(parents=True)
    script = "while :; do mkdir inner; touch inner/1 inner/2 inner/3 inner/4; rm -r inner; done"
    with subprocess.Popen(["sh", "-c", script], cwd=place) as builder:
        try:
            for _ in range(3000):
                assert [entry.name for entry in cache.entries()] == ["thing.new"]
        finally:
            builder.kill()
