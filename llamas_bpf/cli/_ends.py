"""How a command ends that fails: with a sentence on stderr and the status that the design gives it."""

import errno
import os
import sys
from contextlib import suppress
from typing import Any

import click

from llamas_bpf.errors import LlamasError
from llamas_bpf.shown import block, plain

#: Of ``exec`` and ``lab run``, which pass the status of a command on: as env and docker do.
OWN_FAILURE = 125

_TRACEBACK = "LLAMAS_BPF_TRACEBACK"
#: What a write may meet, as opposed to a call that is wrong.
_OUTPUT = {errno.EPIPE, errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO}


def failed(error: Exception) -> int:
    """Say what went wrong; gives the exit status."""
    if isinstance(error, click.ClickException):
        error.show()
        return error.exit_code
    if isinstance(error, LlamasError):
        _say(str(error))
        return error.exit_status
    if isinstance(error, OSError) and error.filename is None and error.errno in _OUTPUT:
        return _output_failed(error)
    if os.environ.get(_TRACEBACK):
        raise error
    _say(f"this is a bug: {type(error).__name__}: {plain(error)} ({_TRACEBACK}=1 shows where)")
    return 1


class PassesStatusThrough(click.Command):
    """1, 2 and 3 are the status of the command that it runs: its own failures are 125, as with env(1)."""

    def make_context(self, *args: Any, **kwargs: Any) -> click.Context:
        try:
            return super().make_context(*args, **kwargs)
        except click.UsageError as error:
            error.show()
            raise click.exceptions.Exit(OWN_FAILURE) from None

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (click.exceptions.Abort, click.exceptions.Exit):
            raise
        except Exception as error:
            failed(error)
            return OWN_FAILURE


def _output_failed(error: OSError) -> int:
    """Nobody reads any more, as with `| head`: that is no failure. A full disk is."""
    # Python flushes once more at exit, and would fail once more: into nothing.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if error.errno == errno.EPIPE:
        return 0
    _say(f"standard output: {error.strerror}")
    return 1


def _say(sentence: str) -> None:
    with suppress(OSError):  # there is nowhere left to say it
        click.echo(f"llamas-bpf: {block(sentence)}", err=True)
