"""Applied actions and later digests in, verdicts and lessons out: did it help? Pure: no I/O."""

from llamas_bpf.learn.judge import Judge
from llamas_bpf.learn.lessons import Lessons, gist

__all__ = ["Judge", "Lessons", "gist"]
