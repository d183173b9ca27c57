"""Whether a text says that its device keeps data without power."""

import re
from collections.abc import Sequence
from itertools import zip_longest

from llamas_bpf.machine.texts.claim import Claim
from llamas_bpf.machine.texts.reading.passages import Passage
from llamas_bpf.machine.texts.reading.subject import Subject

_KEEPS = (
    r"(?<!non-)(?<!non )\bpersistent\b|\bpersistence\b|\bnon-?[ ]?volatile\b|\bnot volatile\b|"
    r"\bnicht[- ]?flüchtig\w*|\bpmem\b|\b(?:keeps?|retains?|holds?|preserves?|remembers?|"
    r"stores?|(?:data|contents?|it|everything|bytes) (?:stays?|remains?))\b[^.;]{0,40}\b(?:power|"
    r"reboots?|restarts?|outages?|switched off|unplugged|when off|"
    r"(?:turned|"
    r"powered|power(?:ed)?) off|stromausfall)\b|"
    r"\b(?:data|contents?|it|everything|bytes)\b[^.;,]{0,20}\b(?:survives?|outlives?|persists?|(?:is|"
    r"are) (?:kept|retained|preserved))\b|\bsurvives? (?:a |an |the )?(?:power|reboot|restart|crash)|"
    r"\bbattery[- ]backed|\bnothing (?:is|gets|will be) (?:lost|forgotten|erased|gone)\b|"
    r"\bloses? nothing\b|"
    r"\b(?:behält|hält|bewahrt|überlebt|überstehen|übersteht)\b[^.;]{0,40}\b(?:strom\w*|neustart\w*|"
    r"ausschalten)\b|"
    r"\bdata retention\b(?:[^.;\n]{0,20}power)?|\b(?:bits|data|contents?) stays?\b(?! (?:in|on|at)\b)|"
    r"\bstill there\b|\bremembers\b"
)
_LOSES = (
    r"(?<!non-)(?<!non )(?<!not )(?<!nicht )\bvolatile\b|\bnon-persistent\b|"
    r"\bforgets\b(?! about)|\bforget (?:everything|all|its|data)\b|\b(?:verliert|"
    r"vergisst)\b[^.;]{0,40}\b(?:daten|inhalt|alles)\b|"
    r"(?<!nicht )(?<!nicht-)\bflüchtig\w*|\bloses?\b[^.;]{0,30}\b(?:data|contents?|everything|power|"
    r"it)\b|\b(?:data|contents?|everything|all|bytes)\b[^.;]{0,20}\b(?:(?:is|are|gets?|will be|"
    r"be) (?:lost|gone|erased|forgotten)|vanish(?:es)?|disappears?|evaporates?)\b|"
    r"\bgone\b[^.;]{0,20}\b(?:power|reboot|restart|off)\b|\bno persistence\b"
)
_SAID = re.compile(rf"(?P<loses>{_LOSES})|(?P<keeps>{_KEEPS})", re.IGNORECASE)
_NOT = re.compile(
    r"(?:\b(?:not|nothing|never|no|without|neither|nor|isn['’]t|aren['’]t|doesn['’]t|won['’]t|"
    r"don['’]t|cannot|"
    r"can['’]t|hardly)\b|n['’]t)(?:\s\w+){0,3}\s?$",
    re.IGNORECASE,
)
_ANSWER = re.compile(
    r"^\s*(?:[:=|?]|\.{2,})?\s*(?P<no>no\b|none\b|false\b|not\b|nein\b|✗|✘|n\b)|^\s*(?:[:=|]|"
    r"\.{2,})\s*(?P<yes>yes|true|ja\b|"
    r"✓|✔)",
    re.IGNORECASE,
)


def read(passages: Sequence[Passage], about: Subject) -> list[Claim]:
    """A claim wherever it is said; grounding leaves it out if they contradict each other."""
    claims = []
    for passage, following in zip_longest(passages, passages[1:]):
        words = cell = ""
        if following and following.label and following.row == passage.row:  # a row's name, and its value
            words, cell = f"{passage.raw}|{following.raw}", f":{following.text}"
        for match in _SAID.finditer(passage.text):
            if about.is_others(passage, match.start(), match.end()):
                continue
            keeps = match.lastgroup == "keeps"
            if _NOT.search(passage.text[max(0, match.start() - 40) : match.start()]) or _denied(match):
                keeps = not keeps
            answer = _ANSWER.match((passage.text + cell)[match.end() :][:40])
            if answer and answer["no"]:
                keeps = not keeps
            is_marked = passage.raw.endswith(" ") or cell.startswith(": ")  # and not only spaced
            said = (
                words
                if cell and is_marked and len(words) <= 300
                else passage.words(match.start(), match.end())
            )
            claims.append(Claim("persistent", keeps, said))
    return claims[:32]


def _denied(match: re.Match[str]) -> bool:
    return bool(re.search(r"\b(?:not|never|n['’]t)\b", match[0], re.I)) and not match[0].lower().startswith(
        "not volatile"
    )
