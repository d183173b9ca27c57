"""What a guest hands back is not trusted: nothing may land outside the directory that was named."""

import tarfile
from io import BytesIO
from pathlib import Path

import pytest

from llamas_bpf.lab import results
from llamas_bpf.lab.errors import LabError


def archive(tmp_path: Path, members: list[tuple[tarfile.TarInfo, bytes]], status: str = "7\n") -> Path:
    """A result disk: a tar, and then zeros to the disk's end."""
    path = tmp_path / "result"
    with tarfile.open(path, "w") as tar:
        for member, data in [*members, (tarfile.TarInfo("lab-status"), status.encode())]:
            member.size = len(data)
            tar.addfile(member, BytesIO(data))
    with path.open("ab") as file:
        file.truncate(1 << 20)
    return path


def member(name: str, kind: bytes = tarfile.REGTYPE, link: str = "") -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.type, made.linkname, made.mode = kind, link, 0o6777
    made.uid = made.gid = 12345
    return made


HOSTILE = {
    "parent": member("./../escaped"),
    "deep parent": member("./a/../../escaped"),
    "symlink out": member("./link", tarfile.SYMTYPE, "../escaped"),
    "absolute symlink": member("./link", tarfile.SYMTYPE, "/etc/passwd"),
    "hard link out": member("./link", tarfile.LNKTYPE, "../escaped"),
    "device": member("./device", tarfile.BLKTYPE),
    "pipe": member("./pipe", tarfile.FIFOTYPE),
}


@pytest.fixture(params=["as Python has it", "as Debian 12 has it"])
def either_filter(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Python 3.11.2 of Debian 12 has no `data` filter; our own stands in for it."""
    if request.param == "as Debian 12 has it":
        monkeypatch.setattr(tarfile, "data_filter", results.plain_files_only, raising=False)


@pytest.mark.usefixtures("either_filter")
def test_status_and_files_come_back(tmp_path: Path) -> None:
    out = tmp_path / "new" / "out"
    members = [
        (member(".", tarfile.DIRTYPE), b""),
        (member("./d", tarfile.DIRTYPE), b""),
        (member("./d/f"), b"x"),
    ]
    assert results.read(archive(tmp_path, members), out) == 7
    found = out / "d" / "f"
    assert found.read_bytes() == b"x"
    assert found.stat().st_uid != 12345
    assert found.stat().st_mode & 0o7022 == 0, "neither set-user-id nor writable by others"


@pytest.mark.usefixtures("either_filter")
@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_members_land_nowhere(tmp_path: Path, kind: str) -> None:
    out = tmp_path / "out"
    with pytest.raises(LabError, match="was not unpacked"):
        results.read(archive(tmp_path, [(HOSTILE[kind], b"")]), out)
    assert not (tmp_path / "escaped").exists()
    assert list(out.iterdir()) == []


@pytest.mark.usefixtures("either_filter")
def test_a_link_that_waits_in_the_directory_is_not_followed_out(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    out = tmp_path / "out"
    out.mkdir()
    (out / "d").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(LabError, match="was not unpacked"):
        results.read(archive(tmp_path, [(member("./d/f"), b"x")]), out)
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_name_that_is_absolute_stays_out(tmp_path: Path) -> None:
    """Only what begins with `./` was in $OUT."""
    out = tmp_path / "out"
    assert results.read(archive(tmp_path, [(member(f"{tmp_path}/escaped"), b"x")]), out) == 7
    assert not (tmp_path / "escaped").exists()
    assert list(out.iterdir()) == []


def test_a_guest_that_wrote_nothing_has_no_status(tmp_path: Path) -> None:
    (tmp_path / "result").write_bytes(bytes(1 << 20))
    assert results.read(tmp_path / "result", None) is None


def test_a_torn_archive_is_no_success(tmp_path: Path) -> None:
    """The status comes last: where it is, all is."""
    disk = archive(tmp_path, [(member("./a"), b"a" * 512), (member("./b"), b"b" * 512)])
    whole = disk.read_bytes()
    for blocks in range(5):
        disk.write_bytes(whole[: blocks * 512].ljust(1 << 20, b"\0"))
        assert results.read(disk, tmp_path / "out") is None


def test_what_was_left_before_time_ran_out_comes_back(tmp_path: Path) -> None:
    disk = archive(tmp_path, [(member("./f"), b"x"), (member("lab-late"), b"55\n")], status="137\n")
    with pytest.raises(LabError, match=rf"after 55 s.*raise --timeout.*left in \$OUT is in {tmp_path}/out"):
        results.read(disk, tmp_path / "out")
    assert (tmp_path / "out/f").read_bytes() == b"x"


def test_a_full_disk_in_the_guest_is_said(tmp_path: Path) -> None:
    disk = archive(tmp_path, [(member("lab-error"), b"tar: No space left on device")])
    with pytest.raises(LabError, match=r"could not store .* No space left on device"):
        results.read(disk, tmp_path / "out")


def test_a_status_that_is_no_number_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(LabError, match="status"):
        results.read(archive(tmp_path, [], status="seven"), None)


def test_garbage_is_an_error_of_the_lab(tmp_path: Path) -> None:
    archive = tmp_path / "result"
    archive.write_bytes(b"\x01" * 4096)
    with pytest.raises(LabError, match="cannot be read"):
        results.read(archive, None)
    loop = tarfile.TarInfo("lab-status")
    loop.type, loop.linkname = tarfile.SYMTYPE, "lab-status"
    with tarfile.open(archive, "w") as tar:
        tar.addfile(loop)
    with pytest.raises(LabError, match="cannot be read"):
        results.read(archive, None)
