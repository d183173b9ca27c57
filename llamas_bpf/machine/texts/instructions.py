"""Passages of a text that instruct its reader: no evidence is taken from them."""

import re

from llamas_bpf.machine.texts import sentences

_READER = r"(?:reader|AI|LLM|language model|assistant|parser|extractor|chat ?bot|agent)s?"
_DEVICE = r"(?:device|memory|card|module|node|drive|board)"
_FIGURE = (
    r"(?:latency|latencies|bandwidth|capacity|granularity|persisten\w+|profile|field|value|figure|kind)s?"
)
_TELL = (
    r"(?:report|output|answer|return|respond|reply|record|emit|extract|state|print|write down|say|claim"
    r"|enter)"
)
_GIVE = rf"(?:{_TELL}|put(?: down)?|note(?: down)?|fill in|use|give|assume)"
_AGAIN = r"(?:figures?|numbers?|values?|text|words|description|paragraphs?|lines?|data)"
_A_FIGURE = rf"(?:that )?(?:the |a |its )?(?:\w+ )?{_FIGURE}\b"
#: "If you read it from front to back, you get 260 MB/s": the device is read, and nobody told anything.
_FROM_IT = (
    r"(?!(?: (?:(?:it|them|data) )?(?:nicely )?(?:sequential|linear|random|in (?:order|large|big|small)|"
    r"large|big|small|long)\w*\b| it (?:nicely )?(?:from )?front to back\b)"
    rf"(?![^.!?]*\b(?:{_GIVE}|set|treat|mark|rate|call)\b))"
)
_START = r"(?:^|[.!?:;]\s|\bplease\s|\bmust\s|\bshould\s|\bshall\s|\balways\s|\binstead,?\s)\s*"
_INSTRUCTS = re.compile(
    "|".join(
        (
            r"\b(?:ignore|disregard|override|ignoriere)\b[^.!?]{0,50}\b(?:above|previous|prior|earlier|"
            r"preceding|"
            r"instructions?|rules|everything|text|rest|all|said|stated|below|figures|numbers|schema|"
            r"limits|alle)\b",
            r"\bforget\b[^.!?]{0,40}\b(?:instructions?|above|previous|prior|prompt|told|read|"
            r"everything|all)\b",
            rf"\b(?:do not|don['’]t|never) (?:use|trust|believe|report|read|take)\b[^.!?]{{0,30}}\b{_AGAIN} "
            r"(?:above|below|before|here|in this)\b",
            rf"\b(?:instead of|rather than|not) (?:the|any|all) (?:\w+ )?{_AGAIN} (?:above|below|stated)\b",
            rf"\b(?:whoever|anyone who|anybody who|everyone who|if you(?: are)?|"
            rf"those who) (?:reads?{_FROM_IT}|"
            r"pars\w+|reading|process\w*|an? (?:AI|LLM|language model|assistant|model|bot))\b",
            rf"\btreat (?:this|it|the {_DEVICE})[^.!?]{{0,20}} as (?:having|if it had|[0-9])",
            rf"\b(?:note|message|hint|remark|attention)s?[,:]? (?:for|to) (?:\w+ ){{0,2}}{_READER}\b",
            rf"\b{_READER} (?:will|may|can) (?:now )?{_GIVE}\b",
            rf"\b(?:always|must|should|will now) {_GIVE} [^.!?]{{0,40}}\b{_FIGURE}\b[^.!?]{{0,20}}[0-9]",
            rf"\b{_GIVE} (?:down )?[0-9][^.!?]{{0,20}} (?:as|for) (?:the |its )?(?:\w+ )?{_FIGURE}\b",
            rf"\b(?:and|kindly|then|just|simply|or) {_TELL} {_A_FIGURE}[^.!?]*[0-9]",
            rf"{_START}(?:write|say|note) that {_A_FIGURE}[^.!?]*[0-9]",
            r"\b(?:override|overwrite)\b[^.!?]{0,40}[0-9]",
            r"\b(?:ignore|disregard|skip|forget) (?:this|that|it|the \w+ and)\b[^.!?]*[0-9]",
            r"\b(?:correct|right|expected|desired) (?:answer|output|response|reply|result)s?\b",
            r"\b(?:when|if) (?:you (?:are )?)?(?:asked|summari[sz]ing|extracting|parsing|reading this|"
            r"answering)\b|\bas (?:a|the) reader\b",
            r"\byou (?:are|will be) (?:required|rewarded|told|instructed|expected) (?:to|if)\b",
            r"\b(?:for|in) (?:the|your|this) (?:profile|JSON|answer|output|schema)\b",
            r"\b(?:tools?|programs?|scripts?|software|loaders?|systems?|anything) that (?:extracts?|"
            r"reads? this|parses?|imports?|scans?)\b|\baccept (?:it |them )?without\b",
            r"\b(?:dear|hey|hello|attention),? (?:language )?models?\b",
            r"\b(?:system|developer) (?:prompt|message|instruction)",
            r"<\|?(?:im_start|system|assistant|user)\b|\[/?INST\]|^\s*assistant:|^\s*system: (?:you|the)\b",
            r"\b(?:you are (?:now )?an? |pretend\b|jailbreak)",
            r"\bas an? (?:AI|LLM|language model|assistant)\b",
            rf"\b(?:dear|attention|note to|message to|to|hey|hello)[,:]? (?:the |any |all |an? )?{_READER}\b"
            r"(?! (?:workload|training|inference|accelerator|serving|job))",
            rf"\b{_READER} (?:must|should|shall|is to|are to|ha[sv]e? to|needs? to)\b",
            rf"{_START}{_TELL} (?:that|the|an?|this|its|it|only|[0-9\"'{{\[])",
            rf"\b(?:set|change|override|raise|replace)\b[^.!?]{{0,30}}\b{_FIGURE} (?:to|as|with|=)\s",
            r"\b(?:your|the (?:correct|right|true)) (?:answer|output|response|reply|profile|JSON)\b",
            r"\b(?:new|your|these|following) instructions?\b",
            r"\b(?:no matter|regardless of) what (?:the|this|it|is)\b",
        )
    ),
    re.IGNORECASE,
)
#: Whom it names with this, the rest of the paragraph is for.
_ADDRESSES = re.compile(
    rf"\b(?:dear|attention|(?:note|message|hint|remark)s? (?:for|to)|hey|hello)[,:]? (?:\w+ ){{0,2}}"
    rf"(?:{_READER}|models?)\b",
    re.IGNORECASE,
)
_HIDDEN = re.compile(r"<!--(?:[^-]|-(?!->))*(?:-->|$)")
_CARRIES = re.compile(rf"[0-9]|\b{_TELL}\b|\bset\b|\btreat\b", re.IGNORECASE)


def spans(body: str) -> list[tuple[int, int]]:
    """Where ``body`` instructs its reader, in order and apart from each other.

    A sentence that says itself what to report is such a passage. Behind one that does not ("ignore the
    above."), or that names its reader ("note to the AI:"), the rest of the paragraph is, too; and so are
    comments, which nobody sees in the rendered text.
    """
    found = [match.span() for match in _HIDDEN.finditer(body)]
    for start, end in sentences.spans(body):
        flat = " ".join(body[start:end].split())
        if _INSTRUCTS.search(flat):
            is_all = _CARRIES.search(flat) and not _ADDRESSES.search(flat)
            found.append((start, end if is_all else sentences.paragraph_end(body, end)))
    apart: list[tuple[int, int]] = []
    for start, end in sorted(found):
        if apart and start < apart[-1][1]:
            apart[-1] = (apart[-1][0], max(end, apart[-1][1]))
        else:
            apart.append((start, end))
    return apart
