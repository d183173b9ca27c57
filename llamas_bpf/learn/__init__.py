"""Applied actions and later digests in, verdicts out: did it help? Pure: no I/O."""

from llamas_bpf.learn.judge import Judge

__all__ = ["Judge"]
