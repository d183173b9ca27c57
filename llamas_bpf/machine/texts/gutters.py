"""What runs down the left of commented or quoted lines: ``//``, ``#``, ``>``, the stars of ``/** … */``."""

import re

_GUTTER = re.compile(r"[ \t]*(//+!?|#+|>+|;+|--|%+|\*)(?=[ \t]|$)")
_OPENS = re.compile(r"[ \t]*/\*+[ \t]*$")
_CLOSES = re.compile(r"[ \t]*\*+/[ \t]*$")


def without(body: str) -> str:
    """``body``, as long, with the gutters of two lines or more as spaces.

    Stars are one only within ``/* … */``: elsewhere they begin the items of a list.
    """
    lines = body.split("\n")
    marks = [_GUTTER.match(line) for line in lines]
    is_comment = False
    for place, line in enumerate(lines):
        is_edge = bool(_OPENS.match(line) or (is_comment and _CLOSES.match(line)))
        is_comment = bool(_OPENS.match(line)) or (is_comment and not is_edge)
        mark = marks[place]
        if is_edge:
            lines[place] = " " * len(line)
        elif mark and (is_comment if mark[1] == "*" else _has_neighbour(marks, place)):
            lines[place] = " " * mark.end() + line[mark.end() :]
    return "\n".join(lines)


def _has_neighbour(marks: "list[re.Match[str] | None]", place: int) -> bool:
    around = marks[max(0, place - 1) : place] + marks[place + 1 : place + 2]
    mark = marks[place]
    return mark is not None and any(other is not None and other[1] == mark[1] for other in around)
