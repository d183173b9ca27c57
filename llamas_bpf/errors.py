"""Errors that end a command, each with a sentence that says what to type next."""


class LlamasError(Exception):
    """Base of all: failed while running, exit status 1."""

    exit_status = 1


class ConfigError(LlamasError):
    """Wrong usage, configuration or policy: exit status 2."""

    exit_status = 2


class MissingError(LlamasError):
    """A capability of the kernel, or a privilege, that is needed and not here: exit status 3."""

    exit_status = 3
