"""What travels into the guest, and what the guest's disk is made from."""

import os
import subprocess
import tarfile
from contextlib import suppress
from io import BytesIO
from pathlib import Path

import pytest

from llamas_bpf.lab import commands, disk, guest, image, job
from llamas_bpf.lab.emulator import Emulator
from llamas_bpf.lab.errors import LabError
from llamas_bpf.lab.hardware import hardware
from llamas_bpf.lab.kernel import Kernel
from llamas_bpf.lab.places import source_root
from llamas_bpf.lab.topology import load_topology


def test_the_command_survives_the_shell() -> None:
    argv = ["printf", "%s|", "a b", "$HOME", "it's", "*", ""]
    script = job.command(argv, {"SETTING": "of 'two' words"}).replace("cd /src\n", "")
    assert subprocess.check_output(["sh", "-c", script], text=True) == "a b|$HOME|it's|*||"
    asked = job.command(["sh", "-c", 'echo "$SETTING $OUT"'], {"SETTING": "of 'two' words"}).replace(
        "cd /src\n", ""
    )
    assert subprocess.check_output(["sh", "-c", asked], text=True) == "of 'two' words /out\n"


def test_the_models_key_reaches_no_program_of_the_lab(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://secret.example/v1")
    assert "secret" not in commands.run(["env"], what="a test")
    emulator = Emulator(("sh", "-c", f"env >{tmp_path}/seen"), {"QEMU_MODULE_DIR": "/here"}, tmp_path)
    linux = Kernel("6.12", "6.12.0", tmp_path, tmp_path)
    machine = guest.Machine(emulator, linux, tmp_path, hardware(load_topology("flat")), "tcg")
    with suppress(LabError):  # it ends at once, as no guest does
        guest.boot(machine, tmp_path, tmp_path, 20, (BytesIO(), BytesIO()), lambda _: None)
    seen = (tmp_path / "seen").read_text()
    assert "QEMU_MODULE_DIR=/here" in seen
    assert "PATH=" in seen
    assert "secret" not in seen


def test_no_command_is_an_error() -> None:
    with pytest.raises(LabError, match="no command"):
        job.command([], {})


def test_the_project_travels_with_what_was_built_from_it(tmp_path: Path) -> None:
    root = tmp_path / "project"
    for name in [
        "llamas_bpf/a.py",
        "llamas_bpf/native/_native.abi3.so",
        "llamas_bpf/bpf/x.bpf.o",
        "llamas_bpf/bpf/bcc/kernel/x.h",
        "junk.log",
    ]:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(name)
    (root / ".gitignore").write_text("*.so\nllamas_bpf/bpf/\n*.log\n")
    (root / "pyproject.toml").write_text((source_root() / "pyproject.toml").read_text())
    subprocess.run(["git", "init", "-q", root], check=True)
    (root / "llamas_bpf/a.py").chmod(0o664)
    os.chown(root / "llamas_bpf/a.py", 12345, 12345)
    job.pack(tmp_path / "job", ["true"], {}, root, limit_s=60)
    with tarfile.open(tmp_path / "job") as tar:
        names = set(tar.getnames())
        member = tar.getmember("src/llamas_bpf/a.py")
    # Whoever's checkout it is: in the guest, root refuses policies that others could have written.
    assert (member.uid, member.gid, member.mode & 0o777) == (0, 0, 0o644)
    assert {"job/command", "usr/local/bin/llamas-bpf", "src/llamas_bpf/a.py", "src/pyproject.toml"} <= names
    assert {"src/llamas_bpf/native/_native.abi3.so", "src/llamas_bpf/bpf/x.bpf.o"} <= names
    assert "src/llamas_bpf/bpf/bcc/kernel/x.h" in names
    assert "src/junk.log" not in names


@pytest.mark.parametrize(("ours_s", "guests"), [(20, "15\n"), (100, "80\n"), (600, "570\n"), (0.5, "1\n")])
def test_the_guest_stops_a_little_before_us(tmp_path: Path, ours_s: float, guests: str) -> None:
    job.pack(tmp_path / "job", ["true"], {}, source_root(), ours_s)
    with tarfile.open(tmp_path / "job") as tar:
        file = tar.extractfile("job/limit_s")
        assert file is not None
        assert file.read().decode() == guests


def test_outside_git_the_error_says_so(tmp_path: Path) -> None:
    with pytest.raises(LabError, match="clone it with git"):
        job.project_files(tmp_path)


def test_the_guest_gets_what_the_project_needs_and_not_its_linters() -> None:
    needs = image.python_requirements((source_root() / "pyproject.toml").read_text())
    names = " ".join(needs)
    assert "numpy" in names
    assert "pytest" in names
    assert "ruff" not in names
    assert "mypy" not in names


def test_the_partition_table_names_one_linux_partition_to_the_end() -> None:
    table = disk.partition_table(1 << 30, 0x6C616D61)
    assert len(table) == 512
    assert table[440:444] == bytes.fromhex("616d616c")
    assert table[446 + 4] == 0x83
    assert int.from_bytes(table[454:458], "little") == 2048
    assert int.from_bytes(table[458:462], "little") == (1 << 21) - 2048
    assert table[510:] == b"\x55\xaa"
