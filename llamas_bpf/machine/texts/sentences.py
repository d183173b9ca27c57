"""Where sentences, list items, table rows and paragraphs of a text begin and end."""

import re

_NEW = re.compile(
    r"[ \t]*(?:[-*•+|>#–]|[0-9]{1,2}[.)]\s|```|\[?[0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?\]?\s|<\w{1,20}>\s)"
)
_ENTRY = re.compile(r"[ \t]*[\w(\"'][^\n:=.,;]{0,40}(?:[:=]|\.{3}|\s{2,}|\t)")
_FEATURE = re.compile(
    r"\s*(?:idle |peak |max\w* |typ\w* |random |sequential )?(?:reads?|writes?|latency|bandwidth|"
    r"capacity|size|power|cost|price|endurance|type|kind|good|bad|persisten\w+|volatile|non-volatile|"
    r"granularity)\b[^.,;]*[:=]",
    re.IGNORECASE,
)
# The dot of "approx. 90 ns" ends nothing, nor does the mark of "Latency? 90 ns.".
_SHORT = (
    "ca",
    "approx",
    "vs",
    "e.g",
    "i.e",
    "etc",
    "No",
    "resp",
    "cap",
    "max",
    "min",
    "avg",
    "typ",
    "incl",
    "cf",
    "al",
    "ref",
    "refs",
    "fig",
    "Inc",
    "Corp",
    "Ltd",
    "Dr",
    "Mr",
    "St",
    "nom",
    "est",
)
_STOP = re.compile(
    "".join(rf"(?<!\b{re.escape(word)})" for word in _SHORT)
    + r"(?<=[^\s.])(?!\.{2,3}\s(?-i:[a-z]))[.!]{1,3}[\"')\]*_]*(?=\s)",
    re.I,
)
_WRAPPED = 60  # a line of so many characters may have been broken by its width, in the middle of a sentence
_ROW = re.compile(r"[ \t]*\S[^\t\n]*?(?:[ \t]{3,}|\t)\S")
_CLOSED = re.compile(r"(?:[{}]|=[^;\n]*;)\s*(?:/[*/].*)?$")
_KEYED = re.compile(r"[ \t]*[A-Z][^.:,;\n]{0,30}:\s")
# What ends in one of these goes on in the next line.
_OPEN = re.compile(
    r"(?:[,;&(/-]|\b(?:an?|the|of|to|in|on|at|for|and|or|is|are|takes?|needs?|costs?|about|with|per|than|by|"
    r"from|but|its|not|no|only|some|as|that|which|when|if|while|reads?|writes?|was|has|have|holds?|"
    r"reach(?:es)?))\s*$",
    re.IGNORECASE,
)
_NARROW = 40  # characters; nobody breaks a sentence at such a width
_WIDE = 120  # a list has no longer lines
_RAGGED = 0.7  # of the longest line; wrapped lines are longer on average
_LONGEST = 600  # characters; what is longer is no sentence, and is cut, so that reading it stays quick
_PARAGRAPH = re.compile(r"\n[ \t]*\n")


def spans(body: str) -> list[tuple[int, int]]:
    """Start and end of each, without the white space around them."""
    found: list[tuple[int, int]] = []
    for start, end in _blocks(body):
        begin = start
        for stop in [*(match.end() for match in _STOP.finditer(body, start, end)), end]:
            for first in range(begin, stop, _LONGEST):
                piece = body[first : min(stop, first + _LONGEST)]
                if piece.strip():
                    found.append((first + len(piece) - len(piece.lstrip()), first + len(piece.rstrip())))
            begin = stop
    return found


def paragraph_end(body: str, start: int) -> int:
    """Where the paragraph that ``start`` lies in ends."""
    match = _PARAGRAPH.search(body, start)
    return match.start() if match else len(body)


def _blocks(body: str) -> list[tuple[int, int]]:
    """Lines that belong together: those of a paragraph or list item, or a single row or entry."""
    starts, position, before = [0], 0, ""
    lines = body.split("\n")
    listed = _listed(lines)
    for number, line in enumerate(lines):
        if not line.strip() or not before.strip() or _begins(line, before) or number in listed:
            starts.append(position)
        before = line
        position += len(line) + 1
    return list(zip(starts, [*starts[1:], len(body)], strict=True))


def _listed(lines: list[str]) -> set[int]:
    """The lines that begin something new because theirs is no paragraph, but a list with a line for each."""
    found: set[int] = set()
    first = 0
    for place in range(len(lines) + 1):
        if place < len(lines) and lines[place].strip():
            continue
        lengths = [len(line.rstrip()) for line in lines[first:place]]
        if len(lengths) > 2 and (
            max(lengths) < _NARROW
            or (
                len(lengths) > 2
                and max(lengths) < _WIDE
                and sum(lengths[:-1]) < _RAGGED * max(lengths) * (len(lengths) - 1)
            )
        ):
            for number in range(first + 1, place):
                is_number = lines[number].lstrip()[:1].isdigit() and not re.search("[0-9]", lines[number - 1])
                if not is_number and not _OPEN.search(lines[number - 1]):
                    found.add(number)
        first = place + 1
    return found


def _begins(line: str, before: str) -> bool:
    if _NEW.match(line) or before.lstrip().startswith(("#", "|", "```")):
        return True
    if _CLOSED.search(before):
        return True
    if any(shape.match(line) and shape.match(before) for shape in (_ROW, _KEYED)):
        return True
    if len(before) < _WRAPPED and _ENTRY.match(before) and line.lstrip()[:1].isupper():
        return True
    return bool(_ENTRY.match(line)) and (len(before) < _WRAPPED or bool(_FEATURE.match(line)))
