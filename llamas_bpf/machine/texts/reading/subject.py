"""Whose figure it is: the described device's, or another product's that is only compared with."""

import re
from collections.abc import Sequence
from functools import lru_cache

from llamas_bpf.machine.texts.reading import clauses, elsewhere, words
from llamas_bpf.machine.texts.reading.addressed import Addressed
from llamas_bpf.machine.texts.reading.clauses import Clause
from llamas_bpf.machine.texts.reading.passages import Passage
from llamas_bpf.machine.texts.text import DeviceText

_CARD_OR_IN = re.compile(
    r"^\W*(?:in|host)\b|\b(?:it|cards?|gpu|accelerator|drive|device|expander|ssd)\b", re.IGNORECASE
)
_BESIDE_IT = re.compile(r"\s(?:\w+\s)?(?:beside|next to|near|alongside|in front of) (?:it|this)\b", re.I)
_VARIANT = re.compile(r"\s(?:model|version|variant|edition|sibling|one)s?\b", re.IGNORECASE)
_THE = re.compile(r"(?:^|\W)(?<!is )(?<!have )(?<!got )(?<!bought )(?:the|an?)\s$", re.IGNORECASE)
_REPLACED = re.compile(
    r"\s(?:[\w-]+\s){0,3}(?:that\s|which\s)?(?:it|this|this one|ours?)\s(?:replace[sd]|took the place of)\b",
    re.I,
)
_OTHERS = re.compile(
    r"\b(?!(?:It|That|What|There|Here|Let|He|She|This|GPU|NPU|TPU|DPU|FPGA|SSD|"
    r"ASIC|(?:Read|Writ|Load|Stor|Stream)ing|Reads?|Writes?)\b)([A-Z][\w.-]*)['’]s\s(?:\w+\s){0,2}[~≈]?$"
)
_TECHNOLOGY = re.compile(rf"\b(?:{words.TECHNOLOGY})\b")
_ORDINARY = re.compile(
    rf"\b(?:ordinary|local|regular|plain|normal|conventional|main|host)\s(?:\w+\s)?(?:{_TECHNOLOGY.pattern})",
    re.IGNORECASE,
)
_BESIDE = re.compile(
    r"\b(?:beside|than|like|unlike|versus|vs|ordinary|local|regular|plain|normal|conventional|to|main|"
    r"host(?:['’]s)?|"
    r"compared with|(?:instead|that|those|speed|latency|bandwidth|capacity|size|times|half|ahead|front) of)\s"
    r"(?:our\s|the\s|its\s|an?\s|some\s)?$",
    re.I,
)
_OURS = re.compile(r"\b(?:this|ours?|the new|new)\b", re.IGNORECASE)
_DRAM = re.compile(r"L?P?DDR\d?X?|DRAM")
_CELLS = re.compile(r"GDDR\w*|HBM\w*|NAND|flash|Optane|P[Mm][Ee][Mm]|MRAM")
#: "Pages of node 0 that are used often should move here": said of this one, whatever else is named.
_HERE = re.compile(r"\b(?:here|hither|this)\b", re.IGNORECASE)
_NO_PRODUCT = re.compile(
    r"\b(?:min|typ|max|avg|unit|units|note|notes|remarks?|read|write|condition\w*|value|latency|bandwidth)\b",
    re.IGNORECASE,
)
_OWN_AGAIN = re.compile(
    r"\b(?:this|these|it|here|ours|we|our|now|the new|today|i|mine)\b|^\s*(?:reads?|writes?|loads?|stores?|"
    r"latency)\b",
    re.I,
)
_CODE = re.compile(
    r"\b(?=[\w-]*[0-9])(?!(?:L?P?DDR|GDDR|HBM|CXL|PCI|Gen|INT|FP|BF|QD|U\.|M\.|SATA|USB|CPU|"
    r"L[1-4]\b|[HDC]2[HDC]\b))[A-Z][A-Za-z]*-?[0-9][\w-]*"
)

_PARTS = re.compile(
    r"\b(?:modules|dimms|sticks|stacks|dies|chips|cards|boards|banks|channels)\b", re.IGNORECASE
)
#: "The modules sit next to the DRAM", "an array of SRAM": the subject stays what it was.
_ONLY_BY = re.compile(
    r"\bof (?:\w+ )?$|\w (?:sits?|is|are|plugged|mounted|placed|lives?) (?:right )?(?:next to|beside|"
    r"alongside|near|behind) (?:\w+ )?$",
    re.IGNORECASE,
)
_MOST_FIRST = 8
_NOW = re.compile(r"\b(?:now|nowadays|currently|these days|today)\b", re.IGNORECASE)
_HOSTS = re.compile(r"\b(?:cpus?|processors?|host|main memory)\b|-core\b", re.IGNORECASE)


class Subject:
    """What the text is about, by its first passages, and so what it is not about."""

    def __init__(self, text: DeviceText, passages: Sequence[Passage]) -> None:
        self._addressed = Addressed(text, passages)
        top = " ".join(passage.text[:300] for passage in _first(passages))
        # "Ordinary DRAM, 64 GiB" is itself what others are compared with.
        self._ordinary = _ORDINARY.match(top)
        self._technologies = set(re.findall(r"[\d.]+ ?[KMGT]i?B of (\w+)", top))
        known: set[str] = set()
        for match in _TECHNOLOGY.finditer(top):
            is_itself = self._ordinary is not None and match.end() == self._ordinary.end()
            if match[0] not in known and (is_itself or not self._is_beside(top, match)):
                self._technologies.add(match[0])
            known.add(match[0])
        if (
            any(re.fullmatch(r"DDR\d|DIMM|RDIMM", technology) for technology in self._technologies)
            and "CXL" not in self._technologies
        ):
            self._technologies.add("DRAM")
        if re.search(r"\bNVDIMM", top, re.IGNORECASE):  # is made of both
            self._technologies |= {"DRAM", "flash", "NAND"}
        first_words = passages[0].text[:150] if passages else ""
        self._is_of_host = bool(elsewhere.HOST.match(first_words)) and not _CARD_OR_IN.search(first_words)
        self.is_main = bool(self._technologies) and all(map(_DRAM.fullmatch, self._technologies))
        #: Whether it may be the host's own processor or memory, where others send what they are bad at.
        self.is_hosts = "DRAM" in self._technologies or bool(text.binding.cpus or _HOSTS.search(first_words))
        self.changed = any(_NOW.search(passage.text) for passage in passages)
        #: Whether it consists of several alike, so that "64 GB each" is of one of them.
        self.has_parts = any(_PARTS.search(passage.text) for passage in passages)
        #: Whether its list items have signs: "+ scans", "- updates".
        self.has_signs = {"+ ", "- "} <= {passage.raw[:2] for passage in passages}
        self._latest = -1  # the passage that the states are of
        self._states: list[bool] = []
        self._codes = {text.name.upper(), *_CODE.findall(top)[:1]}
        self._cores = re.findall(r"\bCortex-([A-Z][0-9]+)", top)
        self._ours = {_first_word(passage.label) for passage in passages if _OURS.search(passage.label)}

    def _is_beside(self, top: str, match: re.Match[str]) -> bool:
        """Whether the technology is named as that of something else, when it is first named."""
        before = top[: match.start()][-30:]
        # "A stack of HBM. DDR5 takes 90 ns": one device is made of one of them.
        is_second = bool(_DRAM.fullmatch(match[0]) and re.search(r"(?:^|[.;|:]\s{1,3})$", before))
        is_second = is_second and any(_CELLS.fullmatch(other) for other in self._technologies)
        return bool(is_second or _BESIDE.search(before) or _BESIDE_IT.match(top, match.end()))

    def is_others(self, passage: Passage, start: int, end: int) -> bool:
        """Whether what stands from ``start`` to ``end`` of the passage is another's."""
        is_bound = self._addressed.is_bound(passage, start, end)
        if is_bound is False:
            return True
        place = clauses.holding(passage.clauses, start)
        clause = passage.clauses[place]
        if is_bound:
            # Named by its address, it is the device whatever else it is called.
            ahead = clause.text[: max(0, start - clause.start)]
            others = elsewhere.FROM_HERE.search(ahead) or _OTHERS.search(ahead)
            return _about_others(passage.label) or bool(others)
        if self._is_elsewhere(passage):
            return True
        before = self._others_before(passage)[place]
        return (
            self._carried(clause, before)
            or self._names_another(clause.text[: max(0, start - clause.start)])
            or self._for_another(passage.text[end : end + 40])
            or bool(_VARIANT.match(passage.text, end) and _THE.search(passage.text[:start][-12:]))
        )

    def is_elsewhere(self, passage: Passage) -> bool:
        """Whether the whole passage is about something else, by what stands above and beside it."""
        end = len(passage.text)
        is_bound = None if _HERE.search(passage.text) else self._addressed.is_bound(passage, end, end)
        return self._is_elsewhere(passage) if is_bound is None else not is_bound

    def _is_elsewhere(self, passage: Passage) -> bool:
        label = passage.label
        if elsewhere.CITES.match(passage.text):
            return True
        if _about_others(label) or (not self._ordinary and _ORDINARY.search(label)):
            return True
        if _first_word(label) in self._ours and not _OURS.search(label):
            return True
        return _about_others(passage.about) or self._other_column(passage)

    def _others_before(self, passage: Passage) -> list[bool]:
        """For each clause, whether another was spoken of before it; brackets keep theirs to themselves."""
        if self._latest != passage.number:
            self._latest, self._states = passage.number, []
            others, outside = False, [False]
            for clause in passage.clauses:
                if clause.opener in ("(", "["):
                    outside.append(others)
                elif clause.opener in (")", "]") and len(outside) > 1:
                    others = outside.pop()
                self._states.append(others)
                others = self._carried(clause, others) or self._names_another(clause.text)
        return self._states

    def _carried(self, clause: Clause, others: bool) -> bool:
        if not others:
            return False
        if clause.opener in ("and", "or", "und", "(", "["):
            return not re.search(
                r"\b(?:this|it|ours|here|we|now)\b|^\s*(?:get|got|see|saw|measured?)\b", clause.text, re.I
            )
        return not _OWN_AGAIN.search(clause.text) and clause.opener not in ("but", "while", "whereas", ";")

    def _names_another(self, before: str) -> bool:
        if _OTHERS.search(before) or any(said.search(before) for said in elsewhere.EVERY):
            return True
        host = None if self._is_of_host else elsewhere.HOST.search(before)
        if host and not (self.is_main and host[0].lower() == "main memory"):
            return True
        if not self._ordinary and _ORDINARY.search(before):
            return True
        named = [match for match in _TECHNOLOGY.finditer(before) if match[0] not in self._technologies]
        if any(not _ONLY_BY.search(before[: match.start()][-30:]) for match in named):
            return True
        known = (*self._codes, *self._cores)
        codes = [code for code in _CODE.findall(before) if code.removesuffix("s") not in known]
        return bool(codes and self._has_code())

    def _has_code(self) -> bool:
        return len(self._codes) > 1

    def _for_another(self, after: str) -> bool:
        match = re.match(
            r"\s(?:for|in|on|with|of|from)\s(?:the\s|an?\s|its\s)?(?:ordinary |local |regular |plain |"
            r"normal |main |host )?([\w.-]+)",
            after,
        )
        if _REPLACED.match(after):
            return True
        if not match:
            return False
        if elsewhere.SAID.search(after[: after.find(",") if "," in after else None]):
            return True
        technology = _TECHNOLOGY.fullmatch(match[1])
        return bool(technology) and match[0].split()[0] != "of" and match[1] not in self._technologies

    def _other_column(self, passage: Passage) -> bool:
        """Whether it is the column of another product, beside one that is called this device's."""
        if _about_others(passage.column) or self._names_another(passage.column):
            return True
        if not any(_OURS.search(head) for head in passage.heads):
            return False
        return not _OURS.search(passage.column) and not _NO_PRODUCT.search(passage.column)


def _first(passages: Sequence[Passage]) -> Sequence[Passage]:
    """The passages that say what it is: the first, and where they name nothing, the next that does."""
    prose = [passage for passage in passages[:_MOST_FIRST] if not passage.column]
    naming = [place for place, passage in enumerate(prose) if _TECHNOLOGY.search(passage.text[:300])]
    return prose[: max(3, naming[0] + 1 if naming else 0)]


def _first_word(label: str) -> str:
    return label.split(maxsplit=1)[0].lower() if label.strip() else ""


def is_relative(before: str, after: str) -> bool:
    """Whether the quantity between is only relative ("twice DRAM's 80 ns", "80 ns more")."""
    return bool(elsewhere.RELATIVE_BEFORE.search(before[-60:]) or elsewhere.RELATIVE_AFTER.match(after))


def is_denied(before: str, after: str) -> bool:
    """Whether the text says that it is *not* the quantity between, or takes that back."""
    if elsewhere.RETRACTED.match(after):
        return True
    return bool(elsewhere.NOT.search(before[-60:])) and not elsewhere.NOT_MORE.search(before[-40:])


@lru_cache(4096)
def _about_others(words: str) -> bool:
    return bool(elsewhere.SAID.search(words))
