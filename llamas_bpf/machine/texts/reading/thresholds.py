"""When a text wants the runtime to act: "move a page here when it is touched 100 times a second"."""

import re
from collections.abc import Sequence

from llamas_bpf.machine.texts.claim import Claim
from llamas_bpf.machine.texts.quantities import Quantity
from llamas_bpf.machine.texts.reading.passages import Passage
from llamas_bpf.machine.texts.reading.subject import Subject

_MOST = 64
_ACT = re.compile(
    r"\b(?:migrat\w+|mov(?:e|es|ed|ing)|promot\w+|demot\w+|evict\w*|bring|brought|put|keep|kept|"
    r"plac(?:e|ed|ing)|offload\w*|belongs?|avoid|stop|should (?:go|come|leave|live|stay)|goes|send|sent|"
    r"get (?:it|them|rid)|go(?:es)? (?:here|there)|go(?= (?:\w+ )?(?:in)?to\b)|leaves?|make room|earns?|ship|"
    r"back to|ha(?:s|ve) to (?=go|leave|return|come)|allocat\w+|add|pull|push|use|threshold|limit|"
    r"watermark|let|return|"
    r"(?:may|can|must|shall|might|ought to) (?:not )?(?:\w+ )?(?:go|come|leave|live|stay|remain|sit|reside|"
    r"be)|(?:take|pull|shift|relocate|ship|return) (?:it|them|"
    r"pages?|the page)|intended|meant|suited|suitable|fill(?:ed)?|worth|deserves?|spill|"
    r"welcome|candidates?|park(?:ed)?|stash|steer|throw|kick)\b",
    re.IGNORECASE,
)
#: The device, as its text calls it.
_IT = (
    r"(?:here|it|this|there|(?:the|this|our|that) (?:(?!local|fast\w*|main|other|slow\w*|host|near|"
    r"ordinary)[\w-]+ )?(?:pool|expander|module|card|device|drive|stick|board|slice|shelf|far memory)|"
    r"this (?:\w+ )?(?:memory|node|tier))"
)
_AWAY = re.compile(
    r"\b(?:away|elsewhere|out|off|demot\w+ (?:it|them|pages?|to)|evict\w*|leave|from here|"
    r"somewhere else|to (?:slower|slow|the slow|dram|disk|cxl)|kick\w*|throw|offload\w*|spill\w*|"
    r"other (?:node|memory)|demot\w+|(?:bring|fetch|pull|promote|move|send|give|take)\b[^.;]{0,24} back|"
    r"(?:move|migrat\w+|swap|page|throw) out)\b",
    re.IGNORECASE,
)
_HERE = re.compile(
    rf"\b(?:here|(?:in|on)?to {_IT}|in (?:it|this)|promot\w+|there|this (?:memory|node|device|"
    r"tier)|bring|pull|welcome|(?:move|migrat\w+|swap|page) in)\b",
    re.I,
)
_FROM_HERE = re.compile(
    rf"\b(?:away from|off|out of|from) {_IT}\b|\b(?:bring|fetch|pull|promote|move|send|give|"
    r"take)\b[^.;]{0,24} back\b|"
    r"(?:should|must|has to|have to|had better) (?:leave|go(?! (?:here|to|in))|move out)\b|"
    r"\bbelongs? elsewhere\b|(?:\b(?:not|never|un)|n['’]t) ?welcome\b|\bwasted\b|\bmake room\b|"
    r"(?:\b(?:not|never)|n['’]t) (?:\w+ )?(?:belong|stay|live|go|come|remain|sit)\b|"
    r"\b(?:demot|evict)\w+(?![^.;]{0,30}\b(?:here|to (?:it|this))\b)",
    re.I,
)
_INTO_HERE = re.compile(
    rf"\b(?:in|on)?to {_IT}\b|\b(?:move|migrat\w+|swap|page) in\b|\b(?<!from )(?<!of )here\b|\b(?:go|goes|"
    r"move) to the (?!slow|fast|local|main|host|dram|disk|other|near)\w+|"
    r"\bgo in\b|\bbelongs? (?:in|on) (?:it|this)\b|"
    r"\b(?:intended|meant|suited|suitable) for\b",
    re.I,
)
#: "A page here", "a page that sits in it": where it is, and not where it goes.
_LIES_HERE = re.compile(
    rf"\bpages? (?:(?!(?:mov|migrat|promot|demot|go|put|should|must|may)\w*\b)\w+ ){{0,3}}(?:(?:in|"
    rf"on) {_IT}|here|there)\b",
    re.IGNORECASE,
)
_BACK = re.compile(rf"\bback\b|\breturn\b|\bmake room\b|{_AWAY.pattern}", re.IGNORECASE)
#: "Off it goes to the expander", but not "off to DRAM".
_OFF_TO = re.compile(
    r"\b(?:off|over|down|away|out)\b(?: (?:it|they|with|them|goes|go)){0,2} to (?!(?:the |our )?"
    r"(?:(?:slow|fast)(?:er|est)?|dram|ddr\d?|main|other|another|local|near|host|ordinary|disk|swap|ssd|"
    r"flash|cxl|node)\b)\w",
    re.IGNORECASE,
)
_ACTS = re.compile("|".join(each.pattern for each in (_AWAY, _FROM_HERE, _INTO_HERE)), re.I)
_ABOVE = re.compile(
    r"\b(?:more than|over|above|exceeds?|exceeding|at least|beyond|greater than|longer than|higher than|"
    r"hotter than|busier than|fuller than|often than|or more|reach\w*|from|mehr als|past|least)\b|>",
    re.I,
)
_BELOW = re.compile(
    r"\b(?:less (?:often )?than|fewer than|below|under|lower than|at most|or less|weniger als|drops?|"
    r"falls?|not even|stay under)\b|<",
    re.I,
)
_OR_MORE = re.compile(r"\bor (?:(?P<more>more|over|above|higher)|less|fewer|below|lower)\b", re.I)
_KEEP_BELOW = re.compile(
    r"\b(?:keep|kept|stay|leave|never|not|do not|let|don['’]t|no more|limit|fill)\b", re.I
)
_AVOID = re.compile(r"\bavoid|\bdo(?: not|n['’]t) (?:put|place|use|move)", re.IGNORECASE)
_IDLE = re.compile(
    r"\b(?:idle|untouched|unused|(?:not|n['’]t|never) (?:been )?(?:touched|used|accessed|hit|read|needed|"
    r"referenced)|"
    r"(?:nobody|no one|nothing) (?:has |had )?(?:touch|us|access|need|ask|hit|read)\w*|cold|slept|"
    r"(?:without|no) (?:an? |any |being )?(?:access|touch|use|hit|fault|reference)|inactive|old|"
    r"silence|silent|inactivity|peace|sleep|rest(?:ed|ing)|quiet|"
    r"(?:since|last) (?:its |the )?(?:last )?(?:access|touch|use|hit))\w*\b",
    re.I,
)
_USED = re.compile(
    r"\b(?:occup\w+|utili[sz]\w+|in use|full(?:er)?|fill\w*|used|capacity|usage|belegt|free)\b", re.I
)
_WRITES = re.compile(r"\b(?:writes?|written|write[- ](?:share|ratio|fraction)|stores)\b", re.I)
_TOUCHES = re.compile(
    r"\b(?:touch\w*|access\w*|us(?:e|es|ed)|hit|hits|read|times|faults?|references?|referenced|loads?|"
    r"pages?)\b",
    re.I,
)


def read(passages: Sequence[Passage], about: Subject) -> list[Claim]:
    """A claim for each condition with an action beside it."""
    claims = []
    for passage in passages:
        found = passage.quantities
        if not found or not _ACT.search(passage.text):
            continue
        for quantity in found:
            value = _threshold(passage, quantity, found)
            if value and not about.is_elsewhere(passage):
                claims.append(Claim("thresholds", value, passage.words(quantity.start, quantity.end)))
    return claims[:_MOST]


def _threshold(passage: Passage, quantity: Quantity, found: Sequence[Quantity]) -> dict[str, object] | None:
    last = max((q.end for q in found if q.end <= quantity.start), default=0)
    following = min((q.start for q in found if q.start >= quantity.end), default=len(passage.text))
    before = passage.text[last : quantity.start].rpartition(";")[2]
    latest = re.split(r",\s(?:and|but)\s", before)[-1]
    if _ACTS.search(latest + passage.text[quantity.end : following]):
        before = latest
    end = "[;,]" if _ACT.search(before) else ";"
    after = re.split(end, passage.text[quantity.end : following])[0]
    figure = _figure(quantity, before, after)
    if figure is None:
        return None
    or_more = _OR_MORE.search(after[:24])
    above, below = _last(_ABOVE, before), _last(_BELOW, before)
    if figure == "page_idle_s":
        side = "above"
    elif or_more:
        side = "above" if or_more["more"] else "below"
    elif above < 0 and below < 0:
        side = "below" if _BELOW.search(after[:12]) else "above"
        if not re.search(
            r"\b(?:when|if|once|soon|whenever|past|at|threshold|limit|from|per|until|after|beyond)\b|:",
            before,
            re.I,
        ):
            return None
    else:
        side = "above" if above > below else "below"
    if figure == "used_ratio" and side == "below" and _KEEP_BELOW.search(before):
        side = "above"  # to keep it below is to act above
    scale = 1e-9 if figure == "page_idle_s" else 1
    action = _action(figure, side, before + " \0 " + after)
    return {
        "figure": figure,
        "side": side,
        "value": float(f"{quantity.value * scale:.12g}"),
        "action": action,
    }


def _figure(quantity: Quantity, before: str, after: str) -> str | None:
    near = before + " " + after
    match quantity.family:
        case "rate" if _TOUCHES.search(near) or _ACT.search(near):
            return "page_accesses_per_s"
        case "time" if quantity.value >= 1e6 and (_IDLE.search(before) or _IDLE.search(after[:30])):
            return "page_idle_s"
        case "ratio" if _USED.search(near) and not _WRITES.search(near):
            return "used_ratio"
        case "ratio" if _WRITES.search(near):
            return "write_ratio"
        case "bandwidth" if _ABOVE.search(before[-30:]) and re.search(
            r"\b(?:when|if|once)\b",
            before,
            re.I,
        ):
            return "bandwidth_bytes_per_s"
    return None


def _action(figure: str, side: str, near: str) -> str:
    full = figure in ("used_ratio", "bandwidth_bytes_per_s") and not _AWAY.search(near)
    hot = figure == "page_accesses_per_s" and side == "above"
    said: tuple[tuple[str, object], ...] = (
        ("migrate_away", not full and _LIES_HERE.search(near) and _BACK.search(near)),
        ("migrate_here", not full and _OFF_TO.search(near)),
        ("migrate_away", _FROM_HERE.search(near)),
        ("avoid", full or _AVOID.search(near)),
        ("migrate_here", _INTO_HERE.search(near)),
        ("migrate_away", _AWAY.search(near)),
        ("migrate_here", hot or _HERE.search(near)),
    )
    return next((action for action, is_said in said if is_said), "migrate_away")


def _last(words: re.Pattern[str], text: str) -> int:
    return max((match.start() for match in words.finditer(text)), default=-1)
