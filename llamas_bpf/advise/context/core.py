"""The working context: blocks of text in the window that only the model's own functions write."""

from typing import Literal, get_args

from llamas_bpf.advise.context.call import FunctionError

Label = Literal["machine", "workloads", "lessons"]
LABELS: tuple[Label, ...] = get_args(Label)


class Core:
    """``texts`` by label; each at most ``most_chars`` long."""

    def __init__(self, most_chars: int, texts: dict[str, str] | None = None) -> None:
        self.most_chars = most_chars
        self.texts: dict[Label, str] = {label: (texts or {}).get(label, "")[:most_chars] for label in LABELS}

    def append(self, label: Label, text: str) -> str:
        """A line more. Raises FunctionError where it has no room."""
        old = self.texts[label]
        return self._put(label, f"{old}\n{text}" if old else text, len(text) + bool(old))

    def replace(self, label: Label, old: str, new: str) -> str:
        """``new`` in place of the first ``old``. Raises FunctionError where there is none, or no room."""
        if not old or old not in self.texts[label]:
            raise FunctionError(f"block {label} does not hold that old text: copy it letter by letter")
        return self._put(label, self.texts[label].replace(old, new, 1).strip(), len(new) - len(old))

    def shown(self) -> list[dict[str, str | int]]:
        """For the prompt: label, text, and how much of the room is used."""
        return [
            {"label": label, "text": text, "used_chars": len(text), "most_chars": self.most_chars}
            for label, text in self.texts.items()
        ]

    def _put(self, label: Label, text: str, more: int) -> str:
        left = self.most_chars - len(self.texts[label])
        if len(text) > self.most_chars:
            raise FunctionError(
                f"block {label} has {left} of {self.most_chars} characters left and {more} more were given: "
                "shorten it with core_memory_replace, or use archival_memory_insert"
            )
        self.texts[label] = text
        return f"block {label}: {len(text)} of {self.most_chars} characters used"
