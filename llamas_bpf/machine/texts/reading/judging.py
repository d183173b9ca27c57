"""Which side the words of praise and blame of a piece of text take, denials counted."""

import re
from typing import Final

from llamas_bpf.machine.texts.reading import idioms
from llamas_bpf.machine.texts.reading.praise import POLARITY
from llamas_bpf.machine.texts.reading.subject import Subject

#: Where the words of praise and blame of a clause stand, and what each is.
Judged = list[tuple[int, str | None]]
#: Turns the praise behind it ("never any good at") into blame: only little words stand between.
_DENIED = re.compile(
    r"(?:\b(?:not?|never|hardly|scarcely|barely|neither|nor|nobody|no one|nothing|without|cannot|seldom)\b"
    r"(?! (?:only|just|merely|least))|n['’]t\b|\b(?:dont|doesnt|isnt|wont|cant|wouldnt|shouldnt)\b)"
    r"(?:\s(?:the|an?|any|all|my|your|our|its?|it['’]s|this|that|them|very|really|particularly|especially|"
    r"exactly|quite|"
    r"so|too|at|ever|even|be|been|being|want|to|going|have|has|had|would|will|say|call|think|i|you|we|they|"
    r"should|much|of|anything|something|what|where|thing|place|one|most|first|meant|made|somewhere|"
    r"and|dare|expect|recommend|suggest|advise|anybody|anyone|people|us|me|him|her|for)\b){0,5}\s*$",
    re.IGNORECASE,
)
_WELCOME: Final = re.compile(idioms.WELCOME, re.IGNORECASE)
_OUT = re.compile(
    r"\b(?:out|away|off|back|from|far|elsewhere|another|other|slot|\w+ drawer)\b", re.IGNORECASE
)
#: "Don't come here for fast scans": what it praises behind that, it denies.
_NO = re.compile(
    r"\b(?:not|never|mad|crazy|insane|foolish|fool|silly|unwise|reckless|stupid|idiot|last|nobody|no one|"
    r"cannot|dont)\b|n['’]t\b",
    re.IGNORECASE,
)
#: What only would be, in all of its sentence: "if it were faster", "should it get cheaper".
_WOULD = re.compile(
    r"\bif (?:only )?(?:it|this|they|prices?|that|the \w+) (?:\w+ )?(?:were|was|had|could|would)\b|"
    r"\b(?:should|were) (?:it|this|"
    r"they|prices?) (?:ever |only )?(?:get|be|become|come|fall)\w*\b|\bwhether\b(?![^.;]{1,40}\bor\b)|"
    r"\bwith the next \w+\b|"
    r"\b(?:remains to be seen|i can(?:not|['’]t) say|who knows|no idea|never tried|not tried|no opinion)\b|"
    r"\bwould have been\b|\b(?:i|we) doubt\b|^\W*(?:they|people|some) (?:say|claim)\b",
    re.IGNORECASE,
)
#: What nobody knows, or only others say, in its clause.
_UNSURE = re.compile(
    r"\b(?:untested|untried|unknown|remains to be seen|nobody knows|anybody['’]s guess|(?:not|nobody has|"
    r"n['’]t) (?:yet )?(?:been )?(?:tested|tried|compared|measured)|(?:vendor|maker|manufacturer|brochure|"
    r"marketing|seller|"
    r"salesman|sales\w*|box) (?:\w+ )?(?:claims?|says?|promises?d?|swears?|insists?|boasts?|praises?)|"
    r"according to the (?:brochure|vendor|maker|box|manufacturer|seller)|in theory|on paper|allegedly|"
    r"supposedly|reportedly|planned|some day)\b",
    re.IGNORECASE,
)


def is_wish(text: str) -> bool:
    """Whether the sentence ``text`` says only what would be."""
    return bool(_WOULD.search(text))


def is_unsure(text: str) -> bool:
    """Whether the clause ``text`` says what is not known, or only claimed."""
    return bool(_UNSURE.search(text))


def judged(text: str, about: Subject) -> Judged:
    """Each word of praise or blame: ``good``, ``bad``, ``neutral``, or None."""
    found = [(match.start(), _meant(match, text, about)) for match in POLARITY.finditer(text)]
    if not found and not _OUT.search(text):
        welcome = _WELCOME.search(text)
        return [(welcome.start(), _denied(welcome, text))] if welcome else []
    denied = next(
        (match.start() for match in POLARITY.finditer(text) if match["bad"] and _NO.search(match[0])), None
    )
    if denied is None:
        return found
    return [(start, "bad" if meant == "good" and start > denied else meant) for start, meant in found]


def side(text: str, about: Subject) -> str | None:
    """The side of the last word of praise or blame: ``good_at`` or ``bad_at``."""
    return last(judged(text, about))


def last(found: Judged) -> str | None:
    said = [meant for _, meant in found if meant != "neutral"]
    return f"{said[-1]}_at" if said else None


def nearest(found: Judged, start: int, end: int) -> str | None:
    """The side of the word of praise or blame nearest to ``start``; none where that is denied.

    What stands up to ``end`` ("*quick* answers") counts only if there is no other.
    """
    apart = [(abs(place - start), meant) for place, meant in found if not start <= place < end]
    meant = min(apart, default=(0, found[0][1] if found else None), key=lambda each: each[0])[1]
    return None if meant in (None, "neutral") else f"{meant}_at"


def _meant(match: re.Match[str], text: str, about: Subject) -> str | None:
    if match.lastgroup == "elsewhere":
        return "neutral" if about.is_hosts else "bad"
    return _denied(match, text) if match.lastgroup == "good" else match.lastgroup


def _denied(praise: re.Match[str], text: str) -> str:
    return "bad" if _DENIED.search(text[max(0, praise.start() - 60) : praise.start()]) else "good"
