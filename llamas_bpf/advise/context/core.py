"""The working context: blocks of text in the window that only the model's own functions write.

What the model writes may be copied from what others chose. So it is shown as data: each line a JSON string.
"""

from typing import Literal, get_args

from llamas_bpf.advise.context.function_error import FunctionError
from llamas_bpf.advise.model.quoting import escaped
from llamas_bpf.as_json import Json

Label = Literal["machine", "workloads", "lessons"]
#: That one call may write, however large the blocks are.
MOST_CHARS = 1 << 16
LABELS: tuple[Label, ...] = get_args(Label)


class Core:
    """``texts`` by label; each takes at most ``most_chars`` where it is shown."""

    def __init__(self, most_chars: int, texts: dict[str, str] | None = None) -> None:
        self.most_chars = most_chars
        self.texts: dict[Label, str] = {
            label: _cut((texts or {}).get(label, ""), most_chars) for label in LABELS
        }

    def append(self, label: Label, text: str) -> str:
        """A line more. Raises FunctionError where it has no room."""
        old = self.texts[label]
        return self._put(label, f"{old}\n{text}" if old else text)

    def replace(self, label: Label, old: str, new: str) -> str:
        """``new`` in place of the first ``old``. Raises FunctionError where there is none, or no room."""
        if not old or old not in self.texts[label]:
            raise FunctionError(f"block {label} does not hold that old text: copy it letter by letter")
        return self._put(label, self.texts[label].replace(old, new, 1).strip())

    def shown(self) -> list[Json]:
        """For the prompt: label, quoted lines, and how much of the room is used."""
        return [
            {
                "label": label,
                "lines": [escaped(line) for line in text.split("\n")] if text else [],
                "used_chars": _size(text),
                "most_chars": self.most_chars,
            }
            for label, text in self.texts.items()
        ]

    def _put(self, label: Label, text: str) -> str:
        old, new = _size(self.texts[label]), _size(text)
        if new > self.most_chars:
            raise FunctionError(
                f"block {label} has {self.most_chars - old} of {self.most_chars} characters left and "
                f"{new - old} more were given: "
                "shorten it with core_memory_replace, or use archival_memory_insert"
            )
        self.texts[label] = text
        return f"block {label}: {new} of {self.most_chars} characters used"


def _size(text: str) -> int:
    """Characters between the quotes: what is escaped takes more of the window than it has letters."""
    return len(escaped(text.replace("\n", " "))) - 2


def _cut(text: str, most: int) -> str:
    """The limit may have been higher when it was written."""
    while _size(text) > most:
        text = text[: min(most, len(text) * 3 // 4)]
    return text
