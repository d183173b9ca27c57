"""What travels into a guest on every run: the command and the project as it is now, in one bare tar."""

import shlex
import subprocess
import tarfile
import time
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from io import BytesIO
from pathlib import Path

from llamas_bpf.lab.errors import LabError
from llamas_bpf.lab.image import PROJECT

OUT = "/out"  # $OUT in the guest, which results.py brings back

#: How long before our limit the guest stops, to store what there is: at least, and at most. Its clock starts
#: after ours, and the more so the slower it comes up; who expects that gives it longer.
_STORING_S = (5.0, 30.0)
_DEVICES = "vagrant/guest/devices"
_BUILT = ["llamas_bpf/native/*.abi3.so", "llamas_bpf/bpf/**/*"]  # git ignores these, the project needs them
_GUEST_ENVIRONMENT = {
    "OUT": OUT,
    "PYTHONUNBUFFERED": "1",  # output goes through a pipe, and is watched live
}


def pack(
    job: Path,
    argv: Sequence[str],
    env: Mapping[str, str],
    root: Path,
    limit_s: float,
    preparation: Sequence[str] = (),
) -> None:
    """Write the job: argv with `env` added to its environment, and the project found at `root`.

    The guest ends argv itself shortly before `limit_s`, so that what is in $OUT by then still comes back.
    Before argv it calls what `preparation` says, a line of shell each (vagrant/guest/devices).
    """
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    module, function = project["scripts"]["llamas-bpf"].split(":")
    launcher = f"#!/usr/bin/python3\nimport sys\nfrom {module} import {function}\nsys.exit({function}())\n"
    metadata = f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"
    with tarfile.open(job, "w") as tar:
        _add_text(tar, "/job/prepare", "\n".join([f". {PROJECT}/{_DEVICES}", *preparation, ""]))
        _add_text(tar, "/job/command", command(argv, env))
        _add_text(tar, "/job/limit_s", f"{max(1, int(limit_s - _storing_s(limit_s)))}\n")
        _add_text(tar, "/usr/local/bin/llamas-bpf", launcher, mode=0o755)
        _add_text(tar, f"{PROJECT}/llamas_bpf-{project['version']}.dist-info/METADATA", metadata)
        for path in project_files(root):
            tar.add(root / path, f"{PROJECT}/{path}", recursive=False, filter=_owned_by_root)


def _owned_by_root(member: tarfile.TarInfo) -> tarfile.TarInfo:
    """A checkout is often somebody's own, and in the guest root would refuse policies of such files."""
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    member.mode &= ~0o022
    return member


def command(argv: Sequence[str], env: Mapping[str, str]) -> str:
    """The shell script that becomes argv, in the project's directory."""
    if not argv:
        raise LabError("no command was given: lab run -- CMD...")
    exports = [f"export {name}={shlex.quote(value)}" for name, value in {**_GUEST_ENVIRONMENT, **env}.items()]
    return "\n".join([f"cd {PROJECT}", *exports, f"exec {shlex.join(argv)}", ""])


def project_files(root: Path) -> list[Path]:
    """The project's files relative to `root`: what git tracks or would track, and what was built from it."""
    built = {path.relative_to(root) for pattern in _BUILT for path in root.glob(pattern)}
    # A file may be deleted and still be tracked.
    return sorted(path for path in {*_source_files(root), *built} if (root / path).is_file())


def _source_files(root: Path) -> Iterator[Path]:
    # safe.directory: root runs the lab in a checkout that often belongs to somebody else.
    git = ["git", "-c", "safe.directory=*", "-C", str(root)]
    listed = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        names = subprocess.run([*git, *listed], capture_output=True, check=True, text=True).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        said = getattr(error, "stderr", None) or str(error)
        raise LabError(f"git cannot list the project in {root}, clone it with git: {said.strip()}") from error
    yield from (Path(name) for name in names.split("\0") if name)


def _add_text(tar: tarfile.TarFile, name: str, text: str, mode: int = 0o644) -> None:
    data = text.encode()
    member = tarfile.TarInfo(name.lstrip("/"))
    member.size, member.mode, member.mtime = len(data), mode, int(time.time())
    tar.addfile(member, BytesIO(data))


def _storing_s(limit_s: float) -> float:
    least, most = _STORING_S
    return min(most, max(least, limit_s / 5))
