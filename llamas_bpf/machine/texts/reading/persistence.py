"""Whether a text says that its device keeps data without power."""

import re
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import NamedTuple

from llamas_bpf.machine.texts.claim import Claim
from llamas_bpf.machine.texts.reading.passages import Passage
from llamas_bpf.machine.texts.reading.subject import Subject

_KEPT = (
    r"keep(?:s|ing)?|kept|retain\w*|retention|preserv\w*|surviv\w*|outliv\w*|outlasts?|persists?|remember\w*|"
    r"intact|safe|unharmed|unaffected|unscathed|untouched|alone|in place|saves?|saved|expect|find|durable|"
    r"count on|rely on|nothing happens|be read|readable|"
    r"(?:is|are|still) there|still (?:on|in) it|(?:still|all) (?:be )?there|where you left|as you left|"
    r"remains?|stays?|stores?|holds?|behält|hält|bewahrt|überlebt|überstehen|übersteht"
)
_LOST = (
    r"los(?:e|es|t|ing)|gone|vanish\w*|disappear\w*|evaporat\w*|forg[eo]t\w*|wip(?:es?|ed|ing)|"
    r"history|from scratch|clear(?:s|ed)|eras(?:es?|ed|ing)|empty|blank|vergess\w*|vergisst|verliert|"
    r"verloren|weg"
)
#: What the data may outlive: the end of the power, or of whoever holds it.
_OFF = (
    r"power(?:ed|s|ing)?[- ]?(?:is |was |has |supply )?(?:off|down|loss\w*|lost|losing|cuts?|cycl\w*|fail\w*|"
    r"outages?|goes|gone|removed|removal|interrupt\w*|disappears)|unpowered|powerless|"
    r"(?:no|without|loss of|lack of|losing|cut the|removing|lose|loses|lost) (?:any |all |its |the |"
    r"external )?(?:power|supply|current|electricity|mains)|"
    r"re-?boot\w*|restart\w*|resets?|boots?|shut ?downs?|shutting down|crash\w*|outages?|blackouts?|"
    r"(?:switch|turn)\w*(?: \w+)? off|when off|unplug\w*|(?:switch|turn|power)(?:ed|ing|s)? (?:it|"
    r"them) off|switch-off|(?:power|current|supply|machine|mains|juice|electricity) (?:stops?|ends?|dies|"
    r"drops|is cut|goes down)|"
    r"(?:yank|pull|rip|cut)\w* (?:it out|out the \w+|the (?:cord|cable|mains))|(?:before|after) the crash|"
    r"(?:plug is|plug was) pulled|pull\w* the plug|"
    r"lights go out|(?:years|decades|centuries)|strom\w*|neustart\w*|ausschalten"
)
_STATE = re.compile(rf"\b(?:(?P<kept>{_KEPT})|(?P<lost>{_LOST}))\b", re.IGNORECASE)
# Others say it of much else, too: a clock is safe, a card stays where it is.
_OF_DATA_ONLY = re.compile(
    r"from scratch|blank|surviv|outli|outlast|retain|retention|preserv|remember|forg|evaporat|intact",
    re.IGNORECASE,
)
_EVENT = re.compile(rf"\b(?:{_OFF})\b", re.IGNORECASE)
_DATA = re.compile(
    r"\b(?:data|contents?|bits?|bytes|cells?|everything|anything|nothing|all|it|its|what\w*|state|"
    r"information|pages?|daten|inhalt|alles|es)\b",
    re.IGNORECASE,
)
_NO_DATA = re.compile(
    r"\b(?:settings?|configurations?|config|drivers?|firmware|counters?|statistics|numbering|time|clock|"
    r"warrant\w*)\b",
    re.IGNORECASE,
)
#: Said outright.
_NAMED = re.compile(
    r"(?P<lost>(?<!non-)(?<!non )(?<!not )(?<!nicht )\bvolatile\b|\bnon-persistent\b|\bno persistence\b|"
    r"(?<!nicht )(?<!nicht-)\bflüchtig\w*|\bforgets\b(?! about)|\bforget (?:everything|all|its|data)\b|"
    r"\bloses? (?:all |its |the |any )*(?:data|contents?|everything)\b|"
    r"\b(?:data|contents?|everything|all|bytes)\b[^.;]{0,20}\b(?:is|are|gets?|be) (?:lost|gone|erased)\b|"
    r"\b(?:needs?|requires?) (?!no\b)(?:\w+ )?(?:power|refresh\w*)\b[^.;]{0,30}\b(?:keep|hold|retain|"
    r"preserve)|\bno power,? no (?:data|contents?|memory)\b|"
    r"\b(?:power|off|down|out|stops|fails|dies)\b[^.;]{0,30}\bso (?:do|does|is|are) (?:\w+ )?(?:data|"
    r"contents?|everything)\b|\b(?:contents?|data) lost\b)"
    r"|(?P<kept>(?<!non-)(?<!non )\bpersistent\b(?! (?:rumou?r|problem|myth|bug|issue|complaint|error|"
    r"connection|noise)s?\b)|\bpersistence\b|\bnon-?[ ]?volatile\b|\bnot volatile\b|"
    r"\bnicht[- ]?flüchtig\w*|\bpmem\b|\bbattery[- ]backed|\bpower[- ](?:fail\w*|loss)[- ](?:safe|"
    r"protect\w+)|"
    r"\bpower (?:loss(?:es)?|failures?|cuts?|outages?) (?:is|are|does|do) (?:it |them )?(?:harmless|"
    r"no harm|nothing)\b|"
    r"\b(?:no|without(?: an?| any)?) (?:battery|refresh\w*)\b[^.;]{0,20}\b(?:keep|hold|retain|remember)|"
    r"\bloses? nothing\b|\bnothing (?:is|gets|will be) (?:lost|forgotten|erased|gone)\b|"
    r"\bremembers\b(?! nothing)|"
    r"\b(?:bits|data|contents?) stays?\b(?! (?:in|on|at)\b)|\bdata retention\b|\bstill there\b|"
    r"\b(?:data|contents?|everything) (?:(?!that|which|must|should|may)\w+ ){0,2}"
    r"(?:survives?|outlives?|persists?|(?:is|are) retained)\b(?! (?:only )?(?:until|while)))",
    re.IGNORECASE,
)
_NOT = re.compile(
    r"(?:\b(?:not|nothing|never|no|without|neither|nor|cannot|hardly|none)\b|n['’]t)(?:\s\w+){0,3}\s?$",
    re.IGNORECASE,
)
_NOT_BEHIND = re.compile(
    r"\s(?:nothing|none|not|no (?:data|contents?)|(?:\w+\s){0,2}(?:until|only (?:while|as long)))\b",
    re.IGNORECASE,
)
#: Of data that somebody has, and not of the device: "for data that must survive a crash".
_WANTED = re.compile(
    r"\b(?:that|which|must|should|has to|have to|needs? to|may|can) (?:\w+\s){0,3}$", re.IGNORECASE
)
_ASKS = re.compile(r"\W*(?:is|are|does|do|will|would|can|could)\b", re.IGNORECASE)
_OF_HOST = re.compile(r"\b(?:server|host|rack|system|machine|company|we|team|box)\s$", re.IGNORECASE)
_FAR = 90  # characters
# "Non-volatile: no", but not "non-volatile: no battery, no flushing".
_ANSWER = re.compile(
    r"^[\"'*_`\s]*(?:[:=|?]|\.{2,})?\s*(?:a:\s*)?(?P<no>no\b(?! \w)|none\b|false\b|"
    r"not\b(?! (?!at all)\w)|nein\b|✗|✘|n\b)|^\s*(?:[:=|]|"
    r"\.{2,})\s*(?P<yes>yes|true|ja\b|✓|✔)",
    re.IGNORECASE,
)


_REPLY = re.compile(
    r"\W*(?:a(?:nswer)?:\s*)?(?:(?P<no>no|never|nope)|yes|sure|it does|of course)\b", re.IGNORECASE
)


class _Said(NamedTuple):
    """That data is kept, or not, by the words from ``start`` to ``end`` of a passage."""

    keeps: bool
    start: int
    end: int


def read(passages: Sequence[Passage], about: Subject) -> list[Claim]:
    """A claim wherever it is said; grounding leaves it out if they contradict each other."""
    claims = []
    for passage, following in zip_longest(passages, passages[1:]):
        words = cell = ""
        if following and following.label and following.row == passage.row:  # a row's name, and its value
            words, cell = f"{passage.raw}|{following.raw}", f":{following.text}"
        asked = passage.raw.endswith("?") and following
        replied = _REPLY.match(following.text) if asked else None
        if _ASKS.match(passage.text) and passage.raw.rstrip().endswith("?"):
            continue
        for said in (*_outright(passage.text), *_of_loss(passage.text + cell)):
            if asked and not replied:
                continue
            if about.is_others(passage, said.start, said.end):
                continue
            answer = _ANSWER.match((passage.text + cell)[said.end :][:40])
            keeps = said.keeps is not bool((answer and answer["no"]) or (replied and replied["no"]))
            is_marked = passage.raw.endswith(" ") or cell.startswith(": ")  # and not only spaced
            quoted = (
                words if cell and is_marked and len(words) <= 300 else passage.words(said.start, said.end)
            )
            claims.append(Claim("persistent", keeps, quoted))
    return claims[:32]


def _outright(text: str) -> Iterator[_Said]:
    for match in _NAMED.finditer(text):
        inside = re.search(r"\b(?:not|never|n['’]t)\b", match[0], re.I)
        is_denied = bool(inside) and not match[0].lower().startswith("not volatile")
        is_denied = is_denied or bool(_NOT.search(text[max(0, match.start() - 40) : match.start()]))
        yield _Said((match.lastgroup == "kept") is not is_denied, *match.span())


def _of_loss(text: str) -> Iterator[_Said]:
    """What a sentence says becomes of the data when the power goes, in whichever order."""
    events = [match.span() for match in _EVENT.finditer(text)]
    if not events or _NO_DATA.search(text):
        return
    of_data = _DATA.search(text)
    pairs = []
    for state in _STATE.finditer(text):
        if not of_data and not _OF_DATA_ONLY.match(state[0]):
            continue
        if _OF_HOST.search(text[max(0, state.start() - 20) : state.start()]):
            continue
        near = min(events, key=lambda event: _apart(state.span(), event))
        if 0 < _apart(state.span(), near) < _FAR and not _WANTED.search(
            text[max(0, state.start() - 40) : state.start()]
        ):
            pairs.append((_apart(state.span(), near), state, near))
    if not pairs:
        return
    _, state, event = min(pairs, key=lambda pair: pair[0])
    before = text[
        max(0, state.start() - 40, *(end for start, end in events if end <= state.start())) : state.start()
    ]
    is_denied = bool(_NOT.search(before)) is not bool(_NOT_BEHIND.match(text, state.end()))
    keeps = (state.lastgroup == "kept") is not is_denied
    yield _Said(keeps, min(state.start(), event[0]), max(state.end(), event[1]))


def _apart(one: tuple[int, int], other: tuple[int, int]) -> int:
    """Characters between the two; 0 where they overlap."""
    return max(0, other[0] - one[1], one[0] - other[1])
