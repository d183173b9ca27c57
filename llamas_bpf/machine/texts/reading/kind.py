"""What kind of device a text is about: by the nouns of its first sentences."""

import re
from collections import Counter
from collections.abc import Sequence

from llamas_bpf.machine.texts.claim import Claim
from llamas_bpf.machine.texts.reading.passages import Passage
from llamas_bpf.machine.texts.text import DeviceText

_NOUNS = {
    "network": r"smart-?nics?|nics?|dpus?|(?:data|infrastructure) processing units?|network (?:card|adapter|"
    "interface|device)|ethernet (?:card|"
    r"adapter|controller|port)|hcas?|gbe (?:[\w-]+ )?(?:adapter|card|port|controller)|"
    r"host channel adapter|netzwerkkarte|infiniband (?:card|adapter)",
    "gpu": r"gpus?[0-9]*|nvidia|graphics (?:card|processor|processing unit|accelerator)|grafikkarte|"
    r"(?:general-purpose )?graphics",
    "accelerator": r"npus?|tpus?|dsps?|fpgas?|asics?|accelerators?|neural (?:processing|engine|"
    r"processor)\w*|(?!data|infra|central|graphics)\w+ processing units?|offload (?:engine|card|unit)s?|"
    r"transcoders?|crypto\w* (?:card|unit|module)s?|(?:signal|image|vision) processors?|co-?processors?|"
    r"tensor processors?|inference (?:card|engine|chip)|"
    r"vector engine|video (?:en|de)coder|crypto\w* engine",
    "cpu": r"(?<!host )(?<!host's )cpus?(?!-less)|central processing units?|socs?|cortex|harts?|"
    r"(?<!host )processors?|prozessor\w*|(?:\d+|\w+)-core\b|p-cores|e-cores|performance cores|"
    r"efficiency cores|big\.little|cores|(?:dual|single|two|quad)-socket",
    "storage": r"ssds?|nvme|disks?|drives?|hdds?|flash|swap|zram|block devices?|storage(?!-class)|"
    r"festplatte|emmc|sata|sd ?card|tapes?|raid|platters?|cartridges?|spindles?|optical discs?|discs?",
    "memory": r"memor(?:y|ies)|phase[- ]change|"
    r"(?:d|s|v|m|fe|re|nv|sd)?ram\b|g?ddr\w*|lpddr\w*|scratchpad|"
    r"memory pool|pool|\w{2,8}mem|hbm\w*|dimms?|nv-?dimms?|rdimms?|lrdimms?|cxl|pmem|optane|expanders?|"
    r"speicher\w*|"
    r"arbeitsspeicher|numa node|scm\b|persistent memory|m-?ram|stt-mram|crossbar|memory (?:module|board|pool|"
    r"stack|expander|card)",
}
_KINDS = {kind: re.compile(rf"\b(?:{nouns})\b", re.IGNORECASE) for kind, nouns in _NOUNS.items()}
#: "a GPU with 80 GB of HBM", "memory behind a switch": what comes behind one of these is not what it is.
_PART = re.compile(
    r"\b(?:with|beside|behind|next to|for|from|to|by|over|on|in|of|near|than|like|unlike|inside|off|plus|"
    r"besides|including|"
    r"attached to|via|through|at|as|using|has|have|without|between|instead of|alongside|feeds?|serves?|"
    r"reached|belongs|sits|soldered|that|which|where|what|whatever|no|not|neither|nor|accelerates)\b(?!-)",
    re.IGNORECASE,
)
#: What follows is what it is, or consists of, whatever was named before.
_IS = re.compile(
    r"\b(?:(?:is|are)(?: made (?:up )?of)?|ist|consists? of|comprises?)\b|"
    r"\b(?:it|that|this|they|these|those)['’](?:s|re)\b",
    re.I,
)
_IT_IS = re.compile(r"\W*(?:it|this|these|they)(?: is| are|['’]s|['’]re)\b", re.IGNORECASE)
_PASSAGES = 6
#: The key of an entry that says outright what it is ("type: GPU").
_TYPE = re.compile(r"(?:device )?(?:type|kind|class|category)|device|what it is|art|typ", re.IGNORECASE)
_OUTRIGHT = 50
_FIRST = 24  # in the first passage; in each that follows half as much
_QUICK = 1e4  # ns; what nothing else is said of, and answers within it, is memory, and else storage


def read(text: DeviceText, passages: Sequence[Passage], figures: Sequence[Claim]) -> list[Claim]:
    """The kind that the text's beginning is mostly about, else by its ``figures``."""
    weights: Counter[str] = Counter()
    said: dict[str, str] = {}
    for passage in passages[:_PASSAGES]:
        for kind, start, weight in _named(passage):
            weights[kind] += weight
            said.setdefault(kind, passage.words(start, start + 1))
    if not weights:
        for passage in passages:
            for kind, start, weight in _named(passage):
                weights[kind] += weight
                said.setdefault(kind, passage.words(start, start + 1))
    if text.binding.cpus and "cpu" in weights:
        weights["cpu"] += 100
    if text.binding.node is not None:
        # A node with figures is memory, whatever else the text names.
        weights["memory"] += 100
        said.setdefault("memory", figures[0].words if figures else "")
    quick = [claim for claim in figures if claim.field == "read_latency_ns" and claim.value < _QUICK]
    slow = [claim for claim in figures if claim.field == "read_latency_ns" and claim.value >= _QUICK]
    if not weights and (quick or slow):
        return [Claim("kind", "memory" if quick else "storage", (quick or slow)[0].words)]
    if not weights or not said[weights.most_common(1)[0][0]]:
        return []
    kind = weights.most_common(1)[0][0]
    return [Claim("kind", kind, said[kind])]


def _named(passage: Passage) -> list[tuple[str, int, int]]:
    """Each kind named, where, and how likely the text is about it."""
    first = _FIRST >> min(passage.number, 4)
    found: list[tuple[str, int, int, int]] = []
    is_entry = bool(passage.number and passage.label and passage.quantities)  # "memory: 16 GB" of a card
    for kind, nouns in _KINDS.items():
        for match in nouns.finditer(passage.text[:400]):
            head = passage.text[: match.start()]
            verb = _IS.search(head)
            part = _PART.search(head, verb.end() if verb else 0)
            full = _FIRST if _IT_IS.match(head) else first
            weight = full + bool(verb) if part is None and not is_entry else 1
            if part is None and _TYPE.fullmatch(re.sub(r"[._-]", " ", passage.label.strip())):
                weight += _OUTRIGHT
            found.append((kind, match.start(), match.end(), weight))
    named = [
        (kind, start, weight) for kind, start, end, weight in found if not _modifies(passage.text, end, found)
    ]
    if passage.number == 0 and named and all(weight == 1 for _, _, weight in named):
        kind, start, _ = min(named, key=lambda each: each[1])
        named.append((kind, start, first))  # "The nodes have one processor, beside a GPU."
    # Named twice in a sentence, it counts once; so the sentences behind never outweigh the first.
    weightiest = {each[0]: each for each in sorted(named, key=lambda each: each[2])}
    return sorted(weightiest.values(), key=lambda each: each[1])


def _modifies(text: str, end: int, found: list[tuple[str, int, int, int]]) -> bool:
    """Whether another noun follows at once, as in "GPU memory", and says what it is."""
    return any(
        end < start <= end + 2 and text[end:start] in (" ", "-", ") ", " (") for _, start, _, _ in found
    )
