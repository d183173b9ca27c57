"""Endurance, cost and power, in the text's own words."""

import re
from collections.abc import Sequence

from llamas_bpf.machine.texts import tables
from llamas_bpf.machine.texts.claim import Claim
from llamas_bpf.machine.texts.reading.passages import Passage
from llamas_bpf.machine.texts.reading.subject import Subject

_WRITES = r"(?:over|re)?writ(?:es?|ings?|ten)|re-?program\w*|program\w*|eras(?:es?|ures?|ings?|ed)|p/?e"
_ENDURANCE = re.compile(
    r"\b(?:dwpd|tbw|pbw|endurance|drive writes? (?:a|per) day|"
    rf"(?:{_WRITES}|switching)[ -](?:erase[ -])?cycles|lifetime writes|full (?:\w+ )?writes|schreibzyklen|"
    rf"(?:{_WRITES})\b[^.;]{{0,40}}\b(?:wears?|worn|before (?:it|they|cells?|the \w+) (?:die|fail|"
    r"wear)\w*)|(?:fails?|dies?|lasts?|endures?|withstands?|tolerates?|survives?|gives? out|(?:good|rated|"
    r"guaranteed|specified) for)\b[^.;]{0,30}\b(?:writes|cycles|rewrites|overwrites|erasures)|"
    r"wears? (?:out|down)|wear[ -]?out|(?:write|workload) (?:limit|rating|budget)|overwrites|rewrites|"
    r"(?:re|over)?(?:written|programmed|erased) (?:only |just |up to |about )?(?:once|"
    r"[0-9][^.;]{0,20}\btimes)|(?:lifetime|life|wears?)\b[^.;\n]{0,40}\b(?:writes|cycles|[PT]B)|"
    rf"(?:tera|peta|giga)?bytes written|(?:{_WRITES}) (?:\w+ ){{0,3}}(?:once|twice|[0-9]+ times) (?:a|"
    rf"per|each|every) day|"
    r"[PT]B (?:of writes|written|/ ?y(?:ea)?r|(?:a|per) year))\b",
    re.IGNORECASE,
)
_IDLE = re.compile(r"\b(?:idle|stand-?by|sleep\w*|at rest|quiescent|parked)\b", re.IGNORECASE)
_MONEY = (
    r"(?:(?:[$€£¥]|\b(?:USD|EUR|GBP|CHF|JPY|US\$))\s?[0-9][\d.,]*|"
    r"(?<![\d.,])[0-9][\d.,]*\s?(?:[$€£¥]|(?:us )?dollars?\b|bucks\b|quid\b|francs\b|yen\b|grand\b|"
    r"euros?\b|usd\b|eur\b|cents?\b|pounds?\b))"
)
_COST = re.compile(_MONEY, re.IGNORECASE)
_DIGIT = re.compile(
    r"[0-9]|\b(?:one|two|three|five|ten|million|billion|thousand|"
    r"hundred|once|unlimited|infinite|practically)\b",
    re.IGNORECASE,
)
_NO_VALUE = re.compile(r"\b(?:symbol|units?|conditions?|notes?|remarks?|test\w*)\b", re.IGNORECASE)
_MOST = 200


def read(passages: Sequence[Passage], about: Subject) -> list[Claim]:
    """The first figure said of each, of cost and power only with a number; better than what an idle device
    takes is what a busy one does, and than that it wears out how soon.
    """
    found: dict[str, Claim] = {}
    second: dict[str, Claim] = {}
    for passage in passages:
        for field, start, end in _said(passage):
            if field not in found and not about.is_others(passage, start, end):
                said = _clause(passage, field, start, end)
                is_vague = field == "endurance" and not _DIGIT.search(said)
                is_idle = field == "power" and _IDLE.search(said)
                (second if is_vague or is_idle else found).setdefault(field, Claim(field, said, said))
    return list((second | found).values())


def _said(passage: Passage) -> list[tuple[str, int, int]]:
    said = []
    is_name = bool(passage.heads) and not passage.label  # of a table row
    if _DIGIT.search(passage.text) and not is_name:
        said += [("endurance", match.start(), match.end()) for match in _ENDURANCE.finditer(passage.text)]
        if passage.heads and _ENDURANCE.search(passage.label) and not _NO_VALUE.search(passage.column):
            said.append(("endurance", 0, len(passage.text)))
    said += [("cost", match.start(), match.end()) for match in _COST.finditer(passage.text)]
    said += [("power", q.start, q.end) for q in passage.quantities if q.family == "power"]
    return said


def _clause(passage: Passage, field: str, start: int, end: int) -> str:
    """The part between commas and brackets that it stands in; of a table row, its value."""
    text = passage.text
    begin = max(
        (
            text.rfind(mark, 0, start) + len(mark)
            for mark in (", ", "; ", "(", ") ", " - ", " – ")
            if mark in text[:start]
        ),
        default=0,
    )
    stop = min(
        (
            place
            for mark in ((", ", ";") if field == "endurance" else (", ", ";", ")", " (", " – ", " - "))
            if (place := text.find(mark, end)) >= 0
        ),
        default=len(text),
    )
    if "|" in passage.raw:
        begin, stop = _cell(passage.raw, start)
    said = passage.raw[begin:stop].strip(" \t\n*_`#|-•.")
    return said if len(said) <= _MOST else passage.words(start, end)[:_MOST].strip()


def _cell(row: str, start: int) -> tuple[int, int]:
    """The cell that ``start`` is in, or, where that is only a name, the next."""
    cells = [cell for cell in tables.cells(row) if cell[1] > start]
    return next((cell for cell in cells if _DIGIT.search(row[slice(*cell)])), (start, len(row)))
