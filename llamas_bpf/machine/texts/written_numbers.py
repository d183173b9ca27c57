"""Numbers as people write them: ``1,500``, ``12,5``, ``10^14``, ``two hundred``, ``half a``, ``a dozen``."""

import math
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

_ONES = (
    *(
        "zero",
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "ten",
        "eleven",
        "twelve",
    ),
    *("thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
)
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_SMALL = {word: i for i, word in enumerate(_ONES)} | {word: 10 * i for i, word in enumerate(_TENS, start=2)}
_BIG = {"hundred": 100, "dozen": 12, "thousand": 1000, "million": 10**6, "billion": 10**9}
_OFTEN = {"once": 1, "twice": 2}
_PARTS = {"half": 0.5, "quarter": 0.25, "quarters": 0.25}
_MOST = 1e18  # said in words
_WORD = "|".join(sorted((*_SMALL, *_BIG, *_PARTS), key=len, reverse=True))

_DIGITS = re.compile(
    r"(?:(?P<grouped>(?<![^\W\d_])[0-9]{1,3}(?:[,'’_\u00a0\u202f ][0-9]{3})+(?![0-9])(?:\.[0-9]+)?)"
    r"|(?P<comma>[0-9]+,[0-9]{1,2}(?![0-9,]))|(?P<plain>[0-9]+(?:\.[0-9]+)?|\.[0-9]+))"
    r"(?P<e>[eE][+-]?[0-9]{1,3}(?![0-9A-Za-z]))?(?:\s?[x×·*]\s?10\^(?P<ten>[0-9]{1,2}))?(?:\^(?P<power>[0-9]{1,2}))?"
)
_TIMES = re.compile(rf"[ -]({'|'.join(_BIG)})\b", re.IGNORECASE)
_SPELLED = re.compile(
    rf"\b(?:an? )?(?:{_WORD})"
    r"(?:(?: |-|(?<=d) and (?:an? )?| and an? (?=half|quarter)| (?:of )?an? (?=dozen|million)| point )"
    rf"(?:{_WORD}))*\b(?: (?:of )?an?\b)?"
    r"|\ban?\b(?: (?:full|whole|single))?(?= [a-z]{4,5}(?:second|byte|bit)\b)"
    r"|(?:(?<=\bfor )|(?<=\bafter )|(?<=\bthan )|(?<=\bover )|(?<=\bwithin ))"
    r"an?(?= (?:second|minute|hour|day)\b)"
    r"|\b(?:once|twice)(?= (?:an?|per|every|each|in an?) (?:second|minute|hour|day)\b)",
    re.IGNORECASE,
)
# Digits in a name (DR5-64G, x8, v2.0) are no number; in 170ns-250ns they are.
_START = re.compile(r"[\s(\[|=:~≈<>+/]|_{2,}|\.{2,}")
_SIGN = re.compile(r"(?:[:=|(]|\b(?:is|of|at|by)|[^\W\d_]{4,})\s?[-−]$")
_NAME = re.compile(r"(?:[^\W\d]|_)[\w.]*[-.]?$|[0-9][.,]$")
_AMOUNT = re.compile(r"[0-9.,]+[A-Za-zµμ]{0,5}[-–]")
_PRONOUN = re.compile(r"\b(?:first|second|third|last|other|new|old|which|this|that) $", re.IGNORECASE)
_VAGUE = re.compile(r"\b(?:several|few|couple of|some|many) $", re.IGNORECASE)


class Number(NamedTuple):
    """It stands from ``start`` to ``end`` of its text."""

    value: float
    start: int
    end: int


def find(text: str) -> list[Number]:
    """Every number in ``text``, in order."""
    found: list[Number] = []
    for number in sorted([*_digits(text), *_words(text)], key=lambda n: n.start):
        # "2 thousand" is found with its digits and once more from "thousand" on.
        if math.isfinite(number.value) and (not found or number.start >= found[-1].end):
            found.append(number)
    return found


def _digits(text: str) -> Iterator[Number]:
    for match in _DIGITS.finditer(text):
        near = text[max(0, match.start() - 24) : match.start()]
        sign = -1 if _SIGN.search(near) else 1
        before = "" if sign < 0 else _START.split(near)[-1]
        if _NAME.search(before) and not _AMOUNT.fullmatch(before):
            continue
        times = _TIMES.match(text, match.end())
        factor = _BIG[times[1].lower()] if times else 1
        yield Number(sign * _value(match) * factor, match.start(), (times or match).end())


def _value(match: re.Match[str]) -> float:
    if match["grouped"]:
        base = float(re.sub(r"[,'’_\s]", "", match["grouped"]))
    else:
        base = float((match["comma"] or match["plain"]).replace(",", "."))
    try:
        return (
            base ** int(match["power"] or 1)
            * 10.0 ** int((match["e"] or "e0")[1:])
            * 10.0 ** int(match["ten"] or 0)
        )
    except OverflowError:
        return math.inf


def _words(text: str) -> Iterator[Number]:
    text = text.replace("\n", " ")
    for match in _SPELLED.finditer(text):
        before = text[max(0, match.start() - 12) : match.start()]
        is_pronoun = match[0].lower() == "one" and _PRONOUN.search(before)  # "the second one"
        if not is_pronoun and not _VAGUE.search(before):
            yield Number(_sum(re.findall(r"[a-z]+", match[0].lower())), match.start(), match.end())


def _sum(words: Iterable[str]) -> float:
    total, current, decimals = 0.0, 0.0, 0
    for word in words:
        if current > _MOST:
            return math.nan
        if word == "point":
            decimals = 1
        elif decimals and word in _SMALL:
            current += _SMALL[word] / 10**decimals
            decimals += 1
        elif word in _OFTEN:
            current = _OFTEN[word]
        elif word in _SMALL:
            if current % 10 and current >= 0 and _SMALL[word]:
                return math.nan  # a list, not one number
            current += _SMALL[word]
        elif word in ("hundred", "dozen"):
            current = (current or 1) * _BIG[word]
        elif word in _BIG:
            total, current = total + (current or 1) * _BIG[word], 0
        elif word in _PARTS:
            current = current * 0.25 if word == "quarters" else current + _PARTS[word]
    return total + current or 1
