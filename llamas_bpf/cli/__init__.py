"""The command line: one file per command, each with a ``command``."""

import sys


def main() -> None:
    """Entry point. Exit status: 0 done, 1 failed, 2 wrong usage or configuration, 3 something is missing."""
    try:
        # Imported here, so that Ctrl-C is no traceback while this is still going on.
        from llamas_bpf.cli._group import run

        status = run()
    except KeyboardInterrupt:
        status = 130
    sys.exit(status)
