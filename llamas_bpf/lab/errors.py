"""The lab's one exception."""

from llamas_bpf.errors import LlamasError


class LabError(LlamasError):
    """The lab itself failed, not the command run in it; the text says what to do about it."""
