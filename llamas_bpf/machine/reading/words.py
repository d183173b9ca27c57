"""The words by which a text says which figure a quantity is, and how far it holds."""

import re

READ = re.compile(
    r"\b(?:reads?|reading|loads\b|load(?=[ -](?:latency|latencies|to[ -]use|takes|"
    r"costs|needs|from))|(?:a|per|"
    r"each|every) load|fetch(?:es|ing)?|pull(?:s|ing)?|lese\w*|lesen\w*)\b"
    r"(?!-(?:mostly|heavy|only data))|(?-i:\bRead(?=[A-Z]))|\(r\b|\brd\b|(?-i:\bR\b)",
    re.IGNORECASE,
)
WRITE = re.compile(
    r"\b(?:writes?|writing|written|push(?:es|ing)?|stores\b|(?:a|per|each|"
    r"every) store|store(?=[ -](?:costs|needs|latency|"
    r"takes))|schreib\w*)\b(?!-heavy)|(?-i:\bWrite(?=[A-Z]))|\(w\b|\bwr\b|(?-i:(?<![0-9])(?<![0-9] )\bW\b)",
    re.I,
)

#: What a figure is called. A quantity behind the name of another figure ("latency: 80 GB") is none of either.
LATENCY = re.compile(
    r"\b(?:latenc\w+|latenz\w*|\w+latenz|lag|access(?:es)? (?:times?|takes?|costs?|delay)|"
    r"zugriffszeit\w*|round.?trips?|"
    r"first (?:byte|word)|(?-i:(?<=[a-z])Latency\b)|response times?|responds?|"
    r"answers?|load[ -]to[ -]use|delay|pointer.chas\w+|chase|tAA|"
    r"ping)\b|(?:a|an|each|every|one) access\b",
    re.IGNORECASE,
)
BANDWIDTH = re.compile(
    r"\b(?:bandwidths?|throughput|bandbreite\w*|\w+bandbreite|transfer rate|"
    r"data rate|datenrate|durchsatz|bw|b/w)\b"
    r"|(?-i:(?<=[a-z])(?:BW|Bandwidth)\b)",
    re.I,
)
CAPACITY = re.compile(
    r"\b(?:capacit(?:y|ies)|cap\.?|size|kapazität\w*|\w+kapazität|größe|holds?|total|installed|"
    r"usable|volume|provides|offers|"
    r"comes with|equipped|expander|stacks?|modules?|cards?|dimms?|boards?|drives?|memory|ram|"
    r"storage|speicher\w*|of)\b",
    re.IGNORECASE,
)
GRANULARITY = re.compile(
    r"\b(?:granular\w*|granularität|access (?:unit|size|width)|(?:unit|size) of access|"
    r"cache ?lines?|line size|lines?|sectors?|sektor\w*|"
    r"blocks?|block size|page size|pages?|burst(?: length| size)?|atoms?|chunks?|internal(?:ly)?|"
    r"at a time|minimum transfer|"
    r"smallest|addressable|units? of)\b",
    re.IGNORECASE,
)
_STRONG = re.compile(
    r"\b(?:granular\w*|access (?:unit|size|width)|(?:unit|size) of access|sectors?|page size|"
    r"block size|line size|cache ?lines?|units? of)\b",
    re.I,
)

#: A short time beside one of these is a latency, though nothing calls it so: "I get 210 ns".
ACCESS = re.compile(
    r"\b(?:gets?|got|does|measur\w+|costs?|takes?|says?|lines?|touch(?:es)?|away|"
    r"hops?|runs? at|comes in at)\b",
    re.I,
)

#: What is not a figure of the device though it has the same unit.
NOT_LATENCY = re.compile(
    r"\b(?:refresh\w*|retention|retain\w*|boot\w*|warm.?up|warranty|uptime|mtbf|migrat\w+|"
    r"idle for|untouched|years?|eras(?:e|es|ing|ure)|"
    r"wake\w*|sleep\w*|intervals?|periods?|timeouts?|windows?|clock|tRCD|tRFC|tCL|CAS|jitter|"
    r"deviation|sd|stdev|"
    r"older than|for at least|copying|moving|page moves?|seconds? of|scrub\w*|ramp\w*|hold.?up|"
    r"flush(?:es)? (?:on|at)|battery|switch.?over)\b",
    re.IGNORECASE,
)
NOT_BANDWIDTH = re.compile(
    r"(?:/|\bper[ -]|\ba |\beach )(?:lane|pin|core|channel|stack|module|port|thread|dimm|die|"
    r"socket|link|bank|queue|cpu)\b"
    r"|\b(?:when|if|once)\b[^\0]{0,40}\b(?:above|over|exceeds?|"
    r"more than)\b[^\0]{0,20}\0|\b(?:channels|lanes|ports|links|modules|stacks|"
    r"dimms)\b.*\0 each\b",
    re.IGNORECASE,
)
LINK = re.compile(
    r"\b(?:links?|pcie|pci express|sata|usb|nvlink|interconnect|ethernet|infiniband|fabric|upi|"
    r"bus|interface|lanes?|slot)\b",
    re.I,
)
NOT_CAPACITY = re.compile(
    r"\b(?:L[1-4]|llc|cache|caches|buffers?|sram|queue|headers?|firmware|free|reserved|used|"
    r"we use|requests?|transfers?|random|sequential|i/?o|queue depth|files?|sizes? of|messages?|packets?|"
    r"working sets?|data ?sets?|arrays?|allocations?|objects?|larger than|bigger than|"
    r"smaller than|more than|less than|up to a|above|below|under|"
    r"density|dies?|chips?|tables?|test(?:s|ed)?|window|stripe|interleav\w*|huge ?pages?|log|"
    r"swap file|image|written|writes|endurance|tbw|per day|lifetime|wear|of which|thereof)\b",
    re.IGNORECASE,
)
EACH = re.compile(
    r"^\s?(?:each|apiece|per (?:module|dimm|stack|die|channel|socket|card|chip|bank|layer|node|"
    r"core)|(?:modules|dimms|stacks|dies|chips|sticks))\b",
    re.I,
)
COUNTED = re.compile(
    r"(?:\b(?:modules|dimms|sticks|stacks|cards|banks|dies|chips|units|steps|"
    r"increments|chunks) of\s|\b(?:[0-9]+|two|four|six|eight|twelve|"
    r"sixteen)\s?(?:[x×*]|times)?\s?)$",
    re.I,
)

#: How far a figure holds: the first kind that a clause has words of.
QUALIFIERS: tuple[tuple[int, re.Pattern[str]], ...] = (
    (
        3,
        re.compile(
            r"\b(?:peak|theoretical\w*|burst|p9+\d*|99(?:\.9+)?(?:th)?|percentile|tail|worst|"
            r"under (?:heavy |full )?load|loaded|"
            r"when (?:it is )?(?:full|busy|hot)|throttl\w*|drops?|falls?|degrad\w*|at best|best case|raw|"
            r"saturated|contention|maximum|max|minimum|min|spikes?|sometimes|cold|"
            r"first touch)\b|\bonce (?:the|it)\b|"
            r"\bafter (?:the|a few|some)\b",
            re.IGNORECASE,
        ),
    ),
    (
        2,
        re.compile(
            r"\b(?:brochure|claim\w*|advertis\w*|marketing|spec(?:s|ified|ification)?|data ?sheet|"
            r"nominal(?:ly)?|on paper|"
            r"promis\w*|vendor|manufacturer|rated|up to|supposed\w*|should|label)\b",
            re.IGNORECASE,
        ),
    ),
    (
        0,
        re.compile(
            r"\b(?:measured?|measurements?|we (?:saw|see|got|get)|in practice|in reality|really|"
            r"actual(?:ly)?|sustained|"
            r"typical(?:ly)?|typ|average|avg|mean|median|here|usable|effective(?:ly)?|real|as seen)\b",
            re.IGNORECASE,
        ),
    ),
)
PLAIN = 1


def standing(words: str) -> int:
    """How far a figure holds: 0 measured or typical, 1 plainly stated, 2 claimed, 3 an extreme."""
    return next((rank for rank, said in QUALIFIERS if said.search(words)), PLAIN)


def is_granularity(words: str) -> bool:
    return bool(_STRONG.search(words))
