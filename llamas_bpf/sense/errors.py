"""What can be missing when the kernel is to be watched, each with the sentence that says what to do."""

from llamas_bpf.errors import MissingError


class SenseError(MissingError):
    """Base of all. ``missing`` names the capability in a word or two, for ``doctor`` and degradations."""

    def __init__(self, sentence: str, missing: str) -> None:
        super().__init__(sentence)
        self.missing = missing


class NoPrivilegeError(SenseError):
    """Neither root nor CAP_BPF with CAP_PERFMON."""


class NoBtfError(SenseError):
    """The kernel was built without its own type information."""


class NoBccError(SenseError):
    """BCC's Python module is not installed, or cannot be seen, or another package has its name."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence, "bcc")


class NoTracefsError(SenseError):
    """The file system that describes tracepoints is not mounted."""


class HookRefusedError(SenseError):
    """The kernel lacks a tracepoint or does not let this program attach to it."""


class ObjectError(SenseError):
    """The compiled binding or a BPF object is missing, or was built from other sources."""
