"""Passages of a text that instruct its reader: no evidence is taken from them."""

import re

from llamas_bpf.machine import sentences

_READER = r"(?:reader|AI|LLM|language model|assistant|parser|extractor|chat ?bot|agent)s?"
_FIGURE = (
    r"(?:latency|latencies|bandwidth|capacity|granularity|persisten\w+|profile|field|value|figure|kind)s?"
)
_TELL = (
    r"(?:report|output|answer|return|respond|reply|record|emit|extract|state|print|write down|say|claim"
    r"|enter)"
)
_START = r"(?:^|[.!?:;]\s|\bplease\s|\bmust\s|\bshould\s|\bshall\s|\balways\s|\binstead,?\s)\s*"
_INSTRUCTS = re.compile(
    "|".join(
        (
            r"\b(?:ignore|disregard|override|ignoriere)\b[^.!?]{0,50}\b(?:above|previous|prior|earlier|preceding|"
            r"instructions?|rules|everything|text|rest|all|said|stated|below|figures|numbers|schema|limits|alle)\b",
            r"\bforget\b[^.!?]{0,40}\b(?:instructions?|above|previous|prior|prompt|told)\b",
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
_HIDDEN = re.compile(r"<!--(?:[^-]|-(?!->))*(?:-->|$)")
_CARRIES = re.compile(rf"[0-9]|\b{_TELL}\b|\bset\b|\btreat\b", re.IGNORECASE)


def spans(body: str) -> list[tuple[int, int]]:
    """Where ``body`` instructs its reader, in order and apart from each other.

    A sentence that says itself what to report is such a passage. Behind one that does not ("ignore the
    above.") the rest of the paragraph is, too; and so are comments, which nobody sees in the rendered text.
    """
    found = [match.span() for match in _HIDDEN.finditer(body)]
    for start, end in sentences.spans(body):
        flat = " ".join(body[start:end].split())
        if _INSTRUCTS.search(flat):
            found.append((start, end if _CARRIES.search(flat) else sentences.paragraph_end(body, end)))
    apart: list[tuple[int, int]] = []
    for start, end in sorted(found):
        if apart and start < apart[-1][1]:
            apart[-1] = (apart[-1][0], max(end, apart[-1][1]))
        else:
            apart.append((start, end))
    return apart
