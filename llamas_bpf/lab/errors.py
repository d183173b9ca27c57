"""The lab's one exception."""

from llamas_bpf.errors import LlamasError


class LabError(LlamasError):
    """The lab itself failed, not the command run in it; the text says what to do about it."""

    exit_status = 125  # as docker's, so that it is not taken for CMD's own
