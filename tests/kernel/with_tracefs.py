"""Runs a program where tracefs is mounted, in a mount namespace that nobody else sees."""

import subprocess

IN_NAMESPACE = ["unshare", "--mount", "--propagation", "private", "sh", "-c"]
MOUNTED = 'mount -t tracefs tracefs /sys/kernel/tracing && exec "$@"'


def run(*command: str, script: str = MOUNTED) -> subprocess.CompletedProcess[str]:
    """The command at the end of ``script``, and what it said."""
    return subprocess.run([*IN_NAMESPACE, script, "sh", *command], capture_output=True, text=True)
