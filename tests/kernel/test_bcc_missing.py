"""What is said where BCC, or what it needs, cannot be had; and which of the two is taken."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from with_tracefs import run

from llamas_bpf.sense import backends
from llamas_bpf.sense.bcc_module import DEBIAN, find_bcc
from llamas_bpf.sense.errors import NoBccError

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="watching the kernel needs root")


def test_the_packages_of_debian_serve_a_virtual_environment() -> None:
    assert hasattr(find_bcc(), "BPF")
    assert DEBIAN.joinpath("bcc").is_dir()


def test_without_bcc_the_fix_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [place for place in sys.path if not Path(place, "bcc").is_dir()])
    monkeypatch.delitem(sys.modules, "bcc", raising=False)
    with pytest.raises(NoBccError, match=r"No module named 'bcc'.*apt-get install python3-bpfcc"):
        find_bcc(tmp_path)


@pytest.fixture
def lattices(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package named bcc that is about something else, as PyPI's is, and first on the path."""
    package = tmp_path / "bcc"
    package.mkdir()
    (package / "__init__.py").write_text("class Lattice: pass\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "bcc", raising=False)
    return package


def test_another_package_named_bcc_is_not_taken_for_it(lattices: Path, tmp_path: Path) -> None:
    with pytest.raises(NoBccError, match=rf"{lattices}/__init__.py is another package.*python3-bpfcc"):
        find_bcc(tmp_path / "no-debian")
    assert hasattr(find_bcc(), "BPF")


def test_auto_takes_bcc_only_without_btf(tmp_path: Path) -> None:
    assert backends.chosen("auto", btf=tmp_path) == "libbpf"
    assert backends.chosen("auto", btf=tmp_path / "none") == "bcc"
    assert backends.chosen("libbpf", btf=tmp_path / "none") == "libbpf"
    assert backends.backend("auto", btf=tmp_path) is None
    assert backends.backend("auto", btf=tmp_path / "none") is not None


def test_without_tracefs_the_fix_is_named() -> None:
    command = [sys.executable, "-m", "llamas_bpf.cli", "doctor", "--backend", "bcc", "--json"]
    hidden = 'mount -t tmpfs tmpfs /sys/kernel/tracing; mount -t tmpfs tmpfs /sys/kernel/debug; exec "$@"'
    done = run(*command, script=hidden)
    assert done.returncode == 3, done.stderr
    checks = {check["name"]: check for check in json.loads(done.stdout)["checks"]}
    assert not checks["bcc"]["ok"]
    assert "mount -t tracefs tracefs /sys/kernel/tracing" in checks["bcc"]["detail"]
    assert not checks["scheduling"]["ok"]


def test_doctor_tells_what_is_in_use() -> None:
    command = [sys.executable, "-m", "llamas_bpf.cli", "doctor", "--backend", "bcc", "--json"]
    done = run(*command)
    assert done.returncode == 0, done.stderr
    checks = {check["name"]: check for check in json.loads(done.stdout)["checks"]}
    assert checks["bcc"]["ok"]
    assert checks["bcc"]["detail"] == "in use (bcc)"
    assert checks["libbpf"]["detail"] == "not in use: --backend libbpf would"
    assert "tracepoint/sched/sched_switch" in checks["scheduling"]["detail"]


def test_a_wrong_backend_is_a_usage_error() -> None:
    command = [sys.executable, "-m", "llamas_bpf.cli", "record", "--backend", "ebpf"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 2
    assert "'auto', 'libbpf', 'bcc'" in done.stderr


def test_a_program_that_does_not_compile_is_refused_with_clangs_words(tmp_path: Path) -> None:
    script = f"""
import shutil
from pathlib import Path
from llamas_bpf.sense.bcc_backend import bcc_opener
from llamas_bpf.sense.bcc_module import find_bcc
from llamas_bpf.sense.errors import HookRefusedError
from llamas_bpf.sense.probes import OBJECTS
from llamas_bpf.sense.sensor import Sensor
objects = Path(shutil.copytree(OBJECTS, {str(tmp_path / "bpf")!r}))
sched = objects / "bcc" / "sched.c"
sched.write_text(sched.read_text().replace("next_pid", "next_pit"))
with Sensor(objects=objects, opener=bcc_opener(find_bcc(), objects)) as sensor:
    print(sensor.degradations[0], sorted(sensor.sources()))
"""
    done = run(sys.executable, "-c", script)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert "scheduling: not available through bcc" in done.stdout
    assert "no member named 'next_pit'" in done.stdout
    assert "['faults', 'lifecycle']" in done.stdout


def test_tracefs_that_is_roots_is_named_to_others() -> None:
    """As on an ordinary machine, where it is mounted for root alone."""
    as_nobody = 'mount -t tracefs -o mode=700 tracefs /sys/kernel/tracing && exec setpriv --reuid 65534 "$@"'
    look = (
        "from llamas_bpf.sense.bcc_backend import require_tracefs\n"
        "from llamas_bpf.sense.errors import NoPrivilegeError\n"
        "try:\n    require_tracefs()\n"
        "except NoPrivilegeError as error:\n    print(error)\n"
    )
    done = run(sys.executable, "-c", look, script=as_nobody)
    assert done.returncode == 0, done.stderr
    assert "sudo" in done.stdout
