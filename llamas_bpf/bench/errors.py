"""What ends a benchmark without a result."""

from llamas_bpf.errors import LlamasError


class BenchError(LlamasError):
    """A load or a process under test did not do its part."""
