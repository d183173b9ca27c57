"""The classes of processors that a text describes: "8 P-cores up to 5.4 GHz", "big: 4 cores (CPUs 4-7)"."""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise, zip_longest

from llamas_bpf.machine.texts import units, written_numbers
from llamas_bpf.machine.texts.claim import Claim
from llamas_bpf.machine.texts.reading.passages import Passage
from llamas_bpf.machine.texts.reading.subject import Subject

_MOST = 64
_CORES = re.compile(
    r"[\s-]?(?:[x×]\s)?(?P<name>(?:(?!and\b|or\b|to\b|is\b|are\b|the\b|of\b|threads?\b|with\b|on\b|"
    r"x\b)[\"“']?[A-Za-z][\w.+-]*[\"”']?\s){0,3}(?:(?:[A-Za-z]+-)?cores?|cpus|harts?|processors|ones|kerne|"
    r"kernen|cortex-?\w+)\b)",
    re.IGNORECASE,
)
_HYBRID = re.compile(r"\b(?P<p>[0-9]{1,3})\s?(?P<pn>P)\s?[+&/]\s?(?P<e>[0-9]{1,3})\s?(?P<en>E)\b")
_MULTI = re.compile(r"\b(?P<name>(?P<n>dual|quad|hexa|octa|deca)[- ]?core)\b", re.IGNORECASE)
_MULTIPLES = {"dual": 2, "quad": 4, "hexa": 6, "octa": 8, "deca": 10}
_LABELLED = re.compile(
    r"\b(?P<name>(?:[PE]|big|little|performance|efficien\w+)[- ]?(?:cores?|kerne))\s?[:=]\s{0,4}"
    r"(?P<n>[1-9][0-9]{0,2})\b(?!\.?[0-9]|\s?[GM]Hz|\s?[-–,]\s?[0-9])",
    re.IGNORECASE,
)
_NOT_CLASS = re.compile(
    r"\b(?:cuda|tensor|shader|gpu|matrix|rt|stream|vector (?:units?|engines?|lanes?|cores?)|ray|npu|ai|dsp|"
    r"compute units?|each|per (?:socket|package))\b",
    re.IGNORECASE,
)
_CPUS = re.compile(
    r"\b(?:cpus?\s?(?:nos?\.?\s?|:\s?)?|(?:with the numbers|numbered)\s(?=[0-9]{1,4}\s?[-–])|(?:cores|"
    r"harts|threads)\s\(?(?=[0-9]{1,4}\s?(?:[-–]|to)))"
    r"(?P<list>[0-9]{1,4}(?:\s?(?:[-–]|to|through|bis)\s?(?:cpu)?[0-9]{1,4})?"
    r"(?:,\s?[0-9]{1,4}(?:-[0-9]{1,4})?(?!\.?[0-9]|,[0-9]{3}\b|\s?[GM]Hz|\s(?:[\w-]+\s){0,2}cores?\b))*)\b",
    re.IGNORECASE,
)
_RANGE = re.compile(r"\s?(?:[-–]|to|through|bis)\s?(?:cpu)?", re.IGNORECASE)
_IN_LIST = re.compile(r"[0-9]\s?[-–]\s?$")  # "CPUs 8-15 little ones"
#: "Eight cores, but they are not alike": their sum, and no class.
_SEVERAL = re.compile(
    r"\b(?:not|n['’]t) (?:all )?(?:alike|equal|identical|the same|of one kind)\b|\b(?:two|three|four|several|"
    r"different|mixed) (?:kinds|types|sorts|classes)\b|\bunequal\b",
    re.IGNORECASE,
)
_CPUS_LABEL = re.compile(r"\W*(?:logical |linux )?cpus?\b", re.IGNORECASE)
_KINDS = re.compile(
    r"\b(performance|efficiency|efficient|big|little|prime|p-cores?|e-cores?|small|low[- ]power|fast|"
    r"slow|strong|weak|middle|mid|golden|silver|gold|eco)\b",
    re.IGNORECASE,
)
_ABOUT_CORES = re.compile(
    r"\bcores?\b|\bcpus?\b|\bthey\b|\b(?:all|each|any) of (?:them|these)\b|\bclock|\bturbo", re.IGNORECASE
)
_THEY = re.compile(
    r"^\W*(?:they|their|these|those|each|all of (?:them|these))\b(?! (?:\w+ )?cores?\b)", re.IGNORECASE
)


def read(passages: Sequence[Passage], about: Subject) -> list[Claim]:
    """A claim for each class; its highest clock is the one behind it, before the next class."""
    claims: list[Claim] = []
    by_cpus: list[tuple[int, Claim]] = []  # of passages that count no cores; with the claims before
    for passage in passages:
        found = _classes(passage)
        listing = list(_by_cpus(passage, about)) if len(found) < 2 else []
        by_cpus += ((len(claims), claim) for claim in listing if not found)
        if len(listing) > 1:  # "32 cores, of which CPUs 0-7 …, CPUs 8-31 …": the first is their sum
            claims += listing
            continue
        listed = list(_CPUS.finditer(passage.text))
        ahead = listed[0] if listed else None
        cpus_first = bool(
            found and ahead and ahead.start() < found[0][2] and len(listed) <= len(found)
        )  # "CPUs 0-3 are four big cores"
        behind = 0
        speeds = [q for q in passage.quantities if q.family == "frequency"]
        for (name, count, start, end), following in pairwise([*found, ("", 0, len(passage.text), 0)]):
            if about.is_others(passage, start, end) or (
                len(found) == 1 and _SEVERAL.search(passage.text[end:])
            ):
                continue
            hz = [
                q.value
                for q in speeds
                if end <= q.start < following[2] and _is_its(passage.text[end : q.start], name)
            ]
            if not hz and len(found) == 1:
                hz = [q.value for q in speeds]
            words = passage.words(start, end)
            value: dict[str, object] = {"name": name, "count": count}
            value |= {"max_hz": max(hz)} if hz else {}
            cpus = _CPUS.search(passage.text, *((behind, start) if cpus_first else (end, following[2])))
            if not cpus and len(found) == 1:
                cpus = ahead
            behind = end
            value |= {"cpus": _RANGE.sub("-", cpus["list"])} if cpus and cpus["list"] in words else {}
            claims.append(Claim("cpu_classes", value, words))
    is_counted = bool(claims)
    known = {claim.value.get("cpus") for claim in claims}
    for place, claim in reversed(by_cpus[:_MOST]):
        is_new = claim not in claims and claim.value["cpus"] not in known
        if is_new and (not is_counted or _KINDS.search(claim.value["name"])):
            claims.insert(place, claim)
    clocked = _with_clock(claims[:_MOST], passages)
    return _with_cpus([each for each in clocked if each.value.keys() & {"count", "max_hz"}], passages)


def _by_cpus(passage: Passage, about: Subject) -> Iterator[Claim]:
    """A claim for each list of CPUs with a clock behind it ("CPUs 0-3: little, 1.8 GHz")."""
    listed = [
        match for match in _CPUS.finditer(passage.text) if re.search(r"[-–,]|to|through", match["list"])
    ]
    speeds = [q for q in passage.quantities if q.family == "frequency"]
    first = listed[0].start() if listed else 0
    is_name_ahead = len(_KINDS.findall(passage.text, 0, first)) == 1  # "performance cores (0-7) …"
    behind = 0
    for match, following in zip_longest(listed, listed[1:]):
        end = following.start() if following else len(passage.text)
        hz = [q.value for q in speeds if match.end() <= q.start < end]
        words = passage.words(match.start(), match.end())
        named = list(_KINDS.finditer(passage.text, behind, match.start()))
        kind = named[-1] if is_name_ahead and named else _KINDS.search(passage.text, match.end(), end)
        kind = kind or _KINDS.search(passage.label) or (named[-1] if named and len(listed) == 1 else None)
        behind = match.end()
        is_awaited = bool(kind and len(listed) == 1)  # "… They clock to 5 GHz."
        if not (hz or is_awaited) or about.is_others(passage, match.start(), match.end()):
            continue
        value: dict[str, object] = {"name": kind[0] if kind else match[0]}
        value |= {"max_hz": max(hz)} if hz else {}
        value["cpus"] = _RANGE.sub("-", match["list"])
        yield Claim("cpu_classes", value, words)


def _with_cpus(claims: list[Claim], passages: Sequence[Passage]) -> list[Claim]:
    """Classes without CPUs take those that the next passage gives by name: "CPUs: compute 2-49, helper "
    "0-1"."""
    found: list[Claim] = []
    for claim in claims:
        at = next((i for i, passage in enumerate(passages[:-1]) if claim.words == passage.raw.strip()), None)
        following = passages[at + 1] if at is not None else None
        first = re.escape(claim.value["name"].split(maxsplit=1)[0])
        listed = (
            following
            and _CPUS_LABEL.match(following.text)
            and re.search(
                rf"\b{first}\s?[:=]?\s?([0-9]{{1,4}}-[0-9]{{1,4}})\b", following.text, re.IGNORECASE
            )
        )
        words = f"{claim.words} {following.raw.strip()}" if following else ""
        if not listed or "cpus" in claim.value or len(words) > 300:
            found.append(claim)
        else:
            found.append(Claim("cpu_classes", claim.value | {"cpus": listed[1]}, words))
    return found


def _is_its(between: str, name: str) -> bool:
    """Whether no other kind of core is named between a class and a clock."""
    other = {"P": r"\b(?:e-?cores?|efficien\w+)", "E": r"\b(?:p-?cores?|performance)"}.get(name[:1].upper())
    return len(name) > 1 or not other or not re.search(other, between, re.I)


def _classes(passage: Passage) -> list[tuple[str, int, int, int]]:
    """Name, count, start and end of each class that a passage names."""
    text = passage.text
    hybrid = _HYBRID.search(text)
    if hybrid:
        return [(hybrid[f"{k}n"], int(hybrid[k]), hybrid.start(k), hybrid.end(f"{k}n")) for k in ("p", "e")]
    found = [
        (match["name"], _MULTIPLES[match["n"].lower()], match.start(), match.end())
        for match in _MULTI.finditer(text)
    ]
    for number in written_numbers.find(text):
        cores = _CORES.match(text, number.end)
        if (
            cores
            and (not cores["name"].endswith("ones") or _KINDS.search(cores["name"]))
            and not units.at(text, number.end)
            and number.value == int(number.value) >= 1
            and not _IN_LIST.search(text, max(0, number.start - 8), number.start)
            and not _NOT_CLASS.search(cores[0] + text[cores.end() :][:12])
        ):
            found.append((_name(passage, cores["name"]), int(number.value), number.start, cores.end()))
    found += [
        (match["name"], int(match["n"]), match.start(), match.end()) for match in _LABELLED.finditer(text)
    ]
    found.sort(key=lambda each: each[2])
    total = sum(count for _, count, _, _ in found)
    # "Ten processors: two big ones, eight small ones": the first is their sum.
    return [each for each in found if len(found) < 3 or each[1] * 2 != total]


def _name(passage: Passage, name: str) -> str:
    """The words between number and "cores", else the entry's label, else "cores"."""
    label = passage.label.strip(" -*•")
    is_label = label and len(label.split()) <= 3 and not written_numbers.find(label) and label in passage.raw
    if (
        is_label
        and (name.lower().strip() in ("cores", "core", "cpus") or _KINDS.search(label))
        and not re.search(r"core|cpu", label, re.I)
    ):
        return label
    return name.strip()[:60]


def _with_clock(claims: list[Claim], passages: Sequence[Passage]) -> list[Claim]:
    """A class takes the only clock of the next sentence about the cores, of several only one that begins
    with "they"; the words span both.
    """
    about_cores = _ABOUT_CORES if len(claims) == 1 else _THEY
    return [claim if "max_hz" in claim.value else _clocked(claim, passages, about_cores) for claim in claims]


def _clocked(claim: Claim, passages: Sequence[Passage], about_cores: re.Pattern[str]) -> Claim:
    at = next((i for i, passage in enumerate(passages) if claim.words in passage.raw), None)
    if at is None or at + 1 >= len(passages):
        return claim
    following = passages[at + 1]
    speeds = [q.value for q in following.quantities if q.family == "frequency"]
    words = f"{claim.words} {following.raw.strip()}"
    if len(speeds) != 1 or len(words) > 300 or not about_cores.search(following.text):
        return claim
    return Claim("cpu_classes", claim.value | {"max_hz": speeds[0]}, words)
