"""The model's process gives up its rights: what it sees of the disk, what it may use, and whom it is."""

import errno
import os
import resource
import sys
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import llamas_bpf
from llamas_bpf.advise.confined import memory
from llamas_bpf.advise.confined.user import account, free
from llamas_bpf.errors import ConfigError

_LIMITS = {
    resource.RLIMIT_AS: 2 << 30,
    resource.RLIMIT_CORE: 0,
    resource.RLIMIT_NOFILE: 64,
    # Of all that run as this user, threads included.
    resource.RLIMIT_NPROC: 16,
    resource.RLIMIT_FSIZE: 16 << 30,
}


def confine(state: Path, user: str) -> Path:
    """Returns the directory of its memory, on whose disk it can write, and nowhere else.

    Without being root, only what takes no rights is done: it stays the same user. Raises ConfigError, with
    what to do; then this process must end.
    """
    state = state.resolve()
    try:
        directory = memory.opened(state)
        try:
            return _confine(state, directory, user)
        finally:
            os.close(directory)
    except OSError as error:
        raise ConfigError(f"the model's process cannot be confined: {error}") from None


def _confine(state: Path, directory: int, user: str) -> Path:
    place = state / memory.NAME
    uid, gid = os.getuid(), os.getgid()
    if os.geteuid() == 0:
        _check_single_thread()
        _check_certificates()
        whom = account(user) or free(state, memory.owner(directory))
        uid, gid = whom.uid, whom.gid
        memory.give(directory, whom)
        _show_only_what_is_needed(place, _program())
    # Where memory is short, this is what the kernel ends first; only root could take that back.
    Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")
    os.environ["TMPDIR"] = str(place)  # SQLite may sort on disk
    for limit, wanted in _LIMITS.items():
        hard = resource.getrlimit(limit)[1]
        most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(limit, (most, most))
    os.umask(0o077)
    give_up_rights(uid, gid)
    return place


def give_up_rights(uid: int, gid: int) -> None:
    """For good. Root becomes this user. Raises OSError, and then this process must end."""
    ffi, lib = native()
    step = ffi.new("const char **")
    error = lib.confine_rights(uid, gid, step)
    check(ffi.string(step[0]).decode() if step[0] else "give up its rights", error)


def _check_single_thread() -> None:
    """Most rights are a thread's own: another one would keep them."""
    threads = len(list(Path("/proc/self/task").iterdir()))
    if threads != 1:
        raise OSError(errno.EBUSY, f"it has {threads} threads")


def _program() -> Iterator[Path]:
    """What Python itself still reads: it imports some modules late, and the certificates."""
    yield Path(llamas_bpf.__file__).parent
    yield from map(Path, {sys.prefix, sys.base_prefix, *filter(None, sys.path)})
    yield from _certificates().values()


def _certificates() -> dict[str, Path]:
    names = ("SSL_CERT_FILE", "SSL_CERT_DIR")
    return {name: Path(os.environ[name]) for name in names if os.environ.get(name)}


def _check_certificates() -> None:
    """Their directory is shown, wherever it is, but as closed as it is; and OpenSSL's error names no file."""
    for name, path in _certificates().items():
        needed = {path.parent: 0o001, path: 0o004} if path.is_file() else {path: 0o001}
        for each, bit in needed.items():
            if each.exists() and not each.stat().st_mode & bit:
                raise ConfigError(
                    f"{name}: {each} is not open to everybody: put it elsewhere, as in /etc/ssl"
                )


def _show_only_what_is_needed(place: Path, program: Iterable[Path]) -> None:
    """Only ``place`` can be written to. Where the way to what is needed is closed, as below /root, that is
    covered by an empty directory with only this."""
    _, lib = native()
    check("have mounts of its own", lib.confine_mounts())
    needed = [place, *program]
    directories = {path if path.is_dir() else path.parent for path in needed if path.exists()}
    behind: dict[Path, list[Path]] = {}
    for path in sorted(found.resolve() for found in directories):
        if closed := _closed_ancestor(path):
            behind.setdefault(closed, []).append(path)
    for closed, paths in behind.items():
        with ExitStack() as stack:
            shown = {path: os.open(path, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC) for path in paths}
            for descriptor in shown.values():
                stack.callback(os.close, descriptor)
            check(f"cover {closed}", lib.confine_cover(os.fsencode(closed)))
            for path, descriptor in shown.items():
                path.mkdir(mode=0o755, parents=True, exist_ok=True)
                _show(descriptor, path)
    own = os.open(place, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        _show(own, place)  # a mount of its own, else this would be about its whole disk
        check(f"write to {place}", lib.confine_writable(os.fsencode(place)))
    finally:
        os.close(own)


def _show(descriptor: int, path: Path) -> None:
    _, lib = native()
    check(f"show {path}", lib.confine_show(descriptor, os.fsencode(path)))


def _closed_ancestor(path: Path) -> Path | None:
    """The highest directory on the way there through which not everybody may pass."""
    for above in reversed(path.parents):
        if not above.stat().st_mode & 0o001:
            return above
    return None


def native() -> tuple[Any, Any]:
    """The compiled part. Not by way of ``native.probe``, which needs numpy."""
    import llamas_bpf.native._native as compiled

    return compiled.ffi, compiled.lib


def check(what: str, error: int) -> None:
    """Raises OSError, where a call of the compiled part gave a negative errno."""
    if error:
        raise OSError(-error, f"{os.strerror(-error)}: could not {what}")
