"""What a text says its device is good and bad at."""

import re
from collections.abc import Collection, Iterator, Sequence
from itertools import zip_longest

from llamas_bpf.machine.texts.claim import Claim
from llamas_bpf.machine.texts.reading import judging
from llamas_bpf.machine.texts.reading.clauses import Clause
from llamas_bpf.machine.texts.reading.passages import Passage
from llamas_bpf.machine.texts.reading.praise import POLARITY
from llamas_bpf.machine.texts.reading.subject import Subject
from llamas_bpf.machine.texts.reading.trait_words import TRAITS

_MOST_LABEL = 4  # words
_ANSWER = re.compile(
    r"\W*(?:[0-9:]{4,8}\W+[\w.-]{1,20}:\s*|\w{1,20}>\s*|a(?:nswer)?:\s*)?(?:(?P<yes>yes|sure|absolutely|"
    r"certainly|definitely|of course|by all means)|"
    r"no|not|never|don['’]?t|please don['’]?t|please do not|rather not|better not|avoid|nope)\b",
    re.IGNORECASE,
)
_WHAT = re.compile(r"\b(?:what|which|where|when|was|welche\w*|wo|wann)\b", re.IGNORECASE)
_HOW = re.compile(r"\b(?:how|who|whose|why|wie|wer|warum)\b", re.IGNORECASE)
_GOES = re.compile(r"\b(?:go(?:es)?|lives?|put|runs?) (?:there|here|on (?:it|this))\b", re.IGNORECASE)
_MOST_ANSWER = 12  # words; what is longer has a verb of its own
_YES_OR_NO = re.compile(r"\W*(?:(?P<yes>yes|ja|✓|✔)|no|nein|✗|✘|never)\W*", re.IGNORECASE)
_EXCEPT = re.compile(
    r"\b(?:except|apart from|aside from|other than|excluding|with the exception of)(?: for)?\b[^.;,:]{0,40}$",
    re.IGNORECASE,
)
#: "No hot data, please.", but not "no random access penalty".
_REFUSED = re.compile(r"(?:^|[:–-])\W*(?:but |so |and |please,? |again, )?no (?:\w+ )?$", re.IGNORECASE)
_BEHIND = re.compile(
    r"[\w-]*(?: \w+)? (?:penalty|costs?|problems?|issues?|limit|trouble|is|are|amplif\w*|errors?)\b"
)
#: Of list items, where a text uses both.
_SIGNS = {"+ ": "good_at", "- ": "bad_at"}
_MOST_FRAGMENT = 8  # words; what is longer is a sentence
_OTHER = {"good_at": "bad_at", "bad_at": "good_at"}
_FOR = re.compile(r"\s*for\b", re.IGNORECASE)
_FOR_ALL = re.compile(r"\bfor (?:anything|everything|whatever)\b", re.IGNORECASE)
_MOST_FOR = 6  # words
_CARRY_ON = ("and", "or", "nor", "und", ",", "(", "[", "")
_CARRY_BACK = (*_CARRY_ON, "so")  # "Small records wear it out, so don't."


def read(passages: Sequence[Passage], about: Subject) -> list[Claim]:
    """A claim for each trait beside a word of praise or blame, once for each side."""
    claims: dict[tuple[str, str], Claim] = {}
    for passage, following in zip_longest(passages, passages[1:]):
        for side, trait, start, end in _traits(passage, about, claims.keys()):
            claims.setdefault((side, trait), Claim(side, trait, passage.words(start, end)))
        if following:
            for claim in (*_answered(passage, following, about), *_in_row(passage, following, about)):
                claims.setdefault((claim.field, claim.value), claim)
    return list(claims.values())


def _in_row(name: Passage, cell: Passage, about: Subject) -> Iterator[Claim]:
    """A claim for each trait that names a row ("| hot pages | no |") below a head such as "Recommended"."""
    answer = _YES_OR_NO.fullmatch(cell.text)
    side = judging.side(cell.column, about) if answer and name.row == cell.row and not name.label else None
    if answer and side and not POLARITY.search(name.text):
        side = side if answer["yes"] else _OTHER[side]
        for trait, stems in TRAITS.items():
            if stems.search(name.text):
                yield Claim(side, trait, f"{name.raw}|{cell.raw}")


def _answered(question: Passage, following: Passage, about: Subject) -> Iterator[Claim]:
    """A claim for each trait asked for ("For writes?" - "No.") or answered ("What for?" - "Writes.")."""
    words = f"{question.raw}\n{following.raw}"
    if not question.raw.endswith("?") or len(words) > 300 or _HOW.search(question.text):
        return
    if _WHAT.search(question.text):
        side = judging.side(question.text, about) or ("good_at" if _GOES.search(question.text) else None)
        if side and len(following.text.split()) <= _MOST_ANSWER and not POLARITY.search(following.text):
            for trait, stems in TRAITS.items():
                if stems.search(following.text):
                    yield Claim(side, trait, words)
        return
    answer = _ANSWER.match(following.text)
    if answer:
        for trait, stems in TRAITS.items():
            if stems.search(question.text):
                yield Claim("good_at" if answer["yes"] else "bad_at", trait, words)
        return
    # "Hot data? Look somewhere else."
    reply = following.clauses[0].text
    side = judging.side(reply, about)
    if (
        side
        and len(question.text.split()) <= _MOST_FRAGMENT
        and not any(s.search(reply) for s in TRAITS.values())
    ):
        for trait, stems in TRAITS.items():
            if stems.search(question.text):
                yield Claim(side, trait, words)


def _traits(
    passage: Passage, about: Subject, known: Collection[tuple[str, str]]
) -> Iterator[tuple[str, str, int, int]]:
    found = passage.quantities
    if passage.raw.endswith("?") and len(passage.raw.split()) > _MOST_LABEL:
        return  # a question praises nothing
    if judging.is_wish(passage.text):
        return
    judgements = [judging.judged(clause.text, about) for clause in passage.clauses]
    sides = _sides(passage, judgements, about)
    for place, clause in enumerate(passage.clauses):
        judged = judgements[place]
        if judging.is_unsure(clause.text):
            continue
        here = [q.family for q in found if clause.start <= q.start < clause.end]
        for trait, stems in TRAITS.items():
            for match in stems.finditer(clause.text):
                start = clause.start + match.start()
                if (trait == "latency" and "time" in here) or (trait == "bandwidth" and "bandwidth" in here):
                    continue  # a figure, and no judgement
                carried = None if here and trait in ("reads", "writes") else sides[place]
                side = judging.nearest(judged, *match.span()) or carried
                if _REFUSED.search(clause.text[: match.start()]) and not _BEHIND.match(
                    clause.text, match.end()
                ):
                    side = "bad_at"
                if side and _EXCEPT.search(passage.text[:start]):
                    side = _OTHER[side]
                if (
                    side
                    and (side, trait) not in known
                    and not about.is_others(passage, start, start + len(match[0]))
                ):
                    yield side, trait, start, start + len(match[0])
                    break


def _sides(passage: Passage, judgements: Sequence[judging.Judged], about: Subject) -> list[str | None]:
    """Each clause's side; without a word of its own, what carries over from before, behind or above."""
    among = passage.clauses
    own = [judging.last(judged) for judged in judgements]
    sides: list[str | None] = []
    for place, clause in enumerate(among):
        before = sides[-1] if sides and clause.opener in _CARRY_ON else None
        # "A GPU, for parallel work", "For large tables."
        is_short = len(among) == 1 and len(clause.text.split()) <= _MOST_FOR
        is_for = ((place or is_short) and _FOR.match(clause.text)) or (
            _FOR_ALL.search(clause.text) and not _holds_quantity(passage, clause)
        )
        meant = "good_at" if is_for else None
        sides.append(own[place] or before or meant)
    for place in range(len(among) - 2, -1, -1):
        if sides[place] is None and among[place + 1].opener in _CARRY_BACK:
            sides[place] = sides[place + 1]
    # "Good for: …" speaks for all behind it, "I'd call it slow: …" does not.
    label = passage.label if len(passage.label.split()) <= _MOST_LABEL else ""
    above = _SIGNS.get(passage.raw[:2]) if about.has_signs else None
    above = above or judging.side(f"{label} {passage.column}", about) or judging.side(passage.about, about)
    return [side or above for side in sides]


def _holds_quantity(passage: Passage, clause: Clause) -> bool:
    return any(clause.start <= quantity.start < clause.end for quantity in passage.quantities)
