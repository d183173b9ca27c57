"""The words by which a text says which figure a quantity is, and how far it holds."""

import re

# "A dependent load", but not "under a heavy load"; "a store with flush", but not "a key-value store".
_ONE = r"(?:a|an|per|each|every|one|any|single)"
READ = re.compile(
    r"\b(?:t?reads?|readers?|reading|loads\b|load(?=[ -](?:latency|latencies|to[ -]use|takes|costs|"
    r"needs|from|back|path))|(?<!under )"
    rf"{_ONE} (?:(?!heavy|full|light|high|low|typical|normal|constant|real)[\w-]+ )?load(?! of\b)|"
    r"loading(?= (?:it|them|from|back|a|one|the)\b)|(?:page|swap)-?ins?|look-?ups?|looking (?:things )?up|"
    r"(?:gets?|getting) (?:an?|the|one|your) (?:\w+ )?(?:line|page|word|byte|block|answer)(?! in\b)|"
    r"fetch(?:es|ing)?|pull(?:s|ing)?|retriev(?:e|es|ing|al)|recall(?:s|ing)?|"
    r"getting(?= (?:an?|one|it|them)\b)|lese\w*|lesen\w*)\b"
    r"(?!-(?:mostly|heavy|only data))|(?-i:\b[rR]ead(?=[A-Z]))|\(r\b|(?<=\s)r\b(?=\s*(?:[,;.)]|$))|\brd\b|"
    r"(?-i:\bR\b)|(?-i:\bt(?:RD?|RC|AA)\b)(?! write)",
    re.IGNORECASE,
)
WRITE = re.compile(
    r"\b(?:t?writes?(?! home)|writers?|writing|written|push(?:es|ing)?|stores\b|"
    rf"{_ONE} (?:(?!key-value|object|data|app|backing|block|local|remote)[\w-]+ )?store|"
    r"(?:page|swap)-?outs?|store(?=[ -](?:path|costs|needs|latency|takes))|storing|schreib\w*|"
    r"program(?:s|med|ming)?(?= (?:(?:an?|the|one|each|every) )?(?:cells?|pages?|rows?|blocks?|lines?|words?|"
    r"bits?|times?|latenc\w+|throughput|speed|bandwidth|rate|operation)\b)|(?<=page )program|burn(?:ing|"
    r"s)?(?! \w+ watts)|"
    r"record(?:ing|s)(?= (?:at|happens|takes|runs|speed|rate))|commit(?:s|ting)?|ingest(?:s|ing)?|absorb(?:s|"
    r"ing)?|swallow(?:s|ing)?|(?:sending|putting)(?= (?:an?|one|it|them)\b))\b(?!-heavy)|"
    r"(?-i:\b[wW]rite(?=[A-Z]))|\(w\b|(?<=\s)w\b(?=\s*(?:[,;.)]|$))|"
    r"\bwr\b|(?-i:(?<![0-9])(?<![0-9] )\bW\b)|(?-i:\bt(?:PROG|WR?|WC)\b)",
    re.I,
)

#: Which way data goes, of a bandwidth: out of the device is read, into it is written.
OUT = re.compile(
    r"\b(?:(?:from|out of|leaving) (?:it|the (?:device|card|module|drive|expander|pool|board|memory))|"
    r"(?:device|card)[- ]to[- ]host|d2h|c2h|read-?out|outbound|egress)\b|\bout\s*(?:[:=]|$)",
    re.IGNORECASE,
)
IN = re.compile(
    r"\b(?:(?:into|to|onto|entering) (?:it|the (?:device|card|module|drive|expander|pool|board|memory))|"
    r"host[- ]to[- ](?:device|card)|h2d|h2c|inbound|ingress)\b|\bin\s*(?:[:=]|$)",
    re.IGNORECASE,
)

#: Names of what memories are made of.
TECHNOLOGY = (
    r"L?P?DDR[2-6]X?|GDDR\dX?|DRAM|HBM\d?[eE]?|SRAM|SSDs?|NVMe|NAND|flash|Optane|PMEM|PMem|MRAM|CXL|"
    r"disks?|HDDs?|tape"
)

#: What a figure is called. A quantity behind the name of another figure ("latency: 80 GB") is none of either.
LATENCY = re.compile(
    r"\b(?:latenc\w+|latenz\w*|seeks?|(?:average|mean|typical|random|avg) access(?! pattern)|access(?=\s*[:=|"
    r"])|\w+latenz|lag|access(?:es)? (?:times?|takes?|costs?|delay)|"
    r"zugriffszeit\w*|round.?trips?|first (?:byte|word)|(?-i:(?<=[a-z])Latency(?![a-z]))|lat\b|"
    r"response times?|"
    r"responds?|answers?|load[ -]to[ -]use|delay|pointer.chas\w+|chase|tAA|ping)\b|(?:a|an|each|every|"
    r"one) access\b",
    re.IGNORECASE,
)
BANDWIDTH = re.compile(
    r"\b(?:bandwidths?|throughput|bandbreite\w*|\w+bandbreite|transfer rate|data rate|datenrate|"
    r"durchsatz|bw|b/w)\b|(?-i:(?<=[a-z])(?:BW|Bandwidth)(?![a-z]))",
    re.I,
)
_LEAST = r"(?:min(?:imum|imal)?\.?|smallest|least|finest|native|natural|internal|atomic|basic|optimal)"
_MOVED = r"(?:access(?:es)?|transfers?|transactions?|i/?o|requests?|fetch(?:es)?|bursts?|fills?)"
GRANULARITY = re.compile(
    r"\b(?:granul\w*|granularität|access (?:unit|size|width)|(?:unit|size) of access|cache ?lines?|"
    r"line size|lines?|sectors?|sektor\w*|blocks?|block size|page size|pages?|burst(?: length| size)?|"
    r"atoms?|chunks?|internal(?:ly)?|at a time|minimum transfer|smallest|addressable|units? of|"
    r"transactions?)\b",
    re.IGNORECASE,
)
_STRONG = re.compile(
    r"\b(?:granular\w*|access (?:unit|size|width)|(?:unit|size) of access|sectors?|page[ _]size|"
    r"block[ _]size|line size|cache ?lines?|units? of|unit size|atomicity|"
    rf"{_LEAST} (?:[\w-]+ )?(?:{_MOVED}|units?|thing|size|reads?|writes?|blocks?)|"
    r"(?:nothing|none|no \w+) (?:is )?(?:smaller|less|finer|shorter) than)\b"
    rf"|\b(?:each|every|one|an|any|a single) {_MOVED}\b[^\0.;]{{0,24}}\0"
    r"|\0[ -]?(?:byte )?(?:blocks?|lines?|pages?|sectors?|chunks?|units?|atoms?|granules?|bursts?|words?)\b"
    r"(?! (?:at random|random|sequential|cache|free|tables?|in \w+ order))",
    re.I,
)

#: A short time beside one of these is a latency, though nothing calls it so: "I get 210 ns".
ACCESS = re.compile(
    r"\b(?:access(?:es)?|else|otherwise|miss(?:es)?|requests?|gets?|got|does|measur\w+|costs?|takes?|"
    r"gives?|shows?|expect|plan (?:with|for)|mlc|waits?|waiting|wait for|arriv\w+|go(?:es)? by|later|"
    r"comes? (?:over|back|in)|needs?|says?|lines?|touch(?:es)?|away|hops?|runs? at|"
    r"comes in at|seen from|reached in)\b",
    re.I,
)

#: What is not a figure of the device though it has the same unit.
NOT_LATENCY = re.compile(
    r"\b(?:slept|asleep|woke\w*|refresh\w*|retention|retain\w*|boot\w*|warm.?up|warranty|uptime|mtbf|"
    r"migrat\w+|idle for|"
    r"untouched|years?|eras(?:e|es|ing|ure)|wake\w*|sleep\w*|intervals?|periods?|timeouts?|windows?|"
    r"clock|tRCD|tRFC|tCL|CAS|jitter|deviation|sd|stdev|older than|for at least|copying|moving|"
    r"page moves?|seconds? of|scrub\w*|(?:per|each|every|a) call|calls?|launch\w*|set-?up|ramp\w*|"
    r"rpcs?|shootdowns?|context switch\w*|handshakes?|hold.?up|flush(?:es)? (?:on|at)|battery|"
    r"switch.?over)\b",
    re.IGNORECASE,
)
#: "A load that misses every cache" is of what lies behind it.
MISSED = re.compile(
    r"\b(?:miss(?:es|ed|ing)?|past|beyond|behind|bypass\w*|skip\w*)(?: in)?"
    r"(?: (?:the|every|all|each|any|its|both|of))*(?: [\w-]+)? (?:caches?|L[1-4]|llc)\b",
    re.IGNORECASE,
)
#: Where one of these stands, a time that nothing calls a latency is none.
NOT_ACCESS = re.compile(
    r"\b(?:timers?|tick\w*|interrupts?|coalesc\w*|poll\w*|toler\w*|faults?|spin\w*|trim|hops?|"
    r"(?:re)?train\w*|"
    r"scan\w*|(?:hot-?)?plug\w*|launch\w*|set-?up|hop(?:e|ed|ing)|want\w*|wish\w*|budget|deadlines?|sla|"
    r"targets?|goals?|precision|accuracy|resolution|skew|pulses?|cycles?|needs?|requires?|adds?|added|extra|"
    r"delta|locks?|barriers?|syscalls?|system calls?|cop(?:y|ies)|transfers?|batch\w*|sync\w*|edges?|"
    r"debounc\w*|start\w*|init\w*|switch(?:ing|ed|.?over)|recover\w*|retr(?:y|ies)|limits?|thresholds?|"
    r"steps?|samples?|"
    r"sampling|wavelength|(?:every|each|per) [0-9.]+ ?[nuµμm]s|jobs?|quer(?:y|ies)|requests?)\b",
    re.IGNORECASE,
)
#: A cache's figures are not those of what it stands in front of.
CACHE = re.compile(r"\b(?:L[1-4]|llc|caches?(?![ -]?(?:lines?|miss|less)))\b", re.IGNORECASE)
#: Who only uses the device, and how much of it or how fast.
_USER = (
    r"\b(?:services?|applications?|apps?|programs?|jobs?|process(?:es)?|vms?|models?|workloads?|containers?|"
    r"databases?|tenants?|tasks?|network)\b (?:\w+ )?(?:uses?|takes?|needs?|gets?|wants?|eats?|occup\w+|"
    r"requires?|allocates?|consumes?|delivers?)\b"
)
NOT_BANDWIDTH = re.compile(
    rf"{_USER}|"
    r"(?:/|\bper[ -]|\ba |\beach )(?:lane|pin|core|channel|stack|stick|drive|card|module|port|thread|"
    r"dimm|die|socket|link|bank|queue|cpu)\b"
    r"|\b(?:when|if|once)\b[^\0]{0,40}\b(?:above|over|exceeds?|more than)\b[^\0]{0,20}\0|\b(?:channels|"
    r"lanes|ports|links|modules|stacks|dimms)\b.*\0 each\b",
    re.IGNORECASE,
)
LINK = re.compile(
    r"\b(?:links?|cables?|wires?|uplinks?|pcie|pci express|sata|usb|nvlink|interconnect|ethernet|"
    r"infiniband|fabric|upi|bus|interface|lanes?|slot)\b",
    re.I,
)
NOT_CAPACITY = re.compile(
    rf"{_USER}|"
    r"\b(?:(?:module|dimm|stack|die|chip|stick) (?:capacity|size)|L[1-4]|llc|cache(?!-?less)|caches|buffers?|"
    r"(?:erase|super)[ -]?(?:blocks?|units?|size)|"
    r"queue|headers?|firmware|free|reserved|used|we use|"
    r"requests?|transfers?|random|sequential|i/?o|queue depth|files?(?![ -]?(?:systems?|servers?|"
    r"shares?)\b)|sizes? of|messages?|packets?|"
    r"working sets?|data ?sets?|arrays?|allocations?|objects?|larger than|bigger than|smaller than|"
    r"more than|less than|up to a|above|below|under|dies|chips|tables?|test(?:s|ed)?|"
    r"stripe|interleav\w*|huge ?pages?|log|swap file|image|written|writes|endurance|tbw|per day|"
    r"lifetime|wears?|of which|thereof|(?:a|per|each|every) (?:day|week|month|year)|yearly|annual\w*|daily|"
    r"over (?:\w+ )?years|over (?:its|the) (?:whole )?life(?:time|span)?|warrant\w*|workload|"
    r"pbw|before it (?:dies|fails))\b|/ ?(?:yr|year|day|d|week|month)\b",
    re.IGNORECASE,
)
ENDURANCE = re.compile(
    r"\b(?:endurance|workload|warrant\w*|lifetime|wear|dwpd|tbw|haltbarkeit)\b", re.IGNORECASE
)
EACH = re.compile(
    r"\s?(?:each(?!,? (?:and )?one (?:per|in (?:each|every)|for (?:each|every)) (?:host|server|"
    r"machine|node|box))|apiece|(?:per |/ ?)(?:module|dimm|stack|die|channel|socket|card|chip|bank|"
    r"layer|node|core)|(?:modules|dimms|stacks|dies|chips|sticks|pages|regions|extents))\b",
    re.I,
)
# "Each of the modules has 32 GB": what stands before a part's size.
EACH_OF = re.compile(
    r"\b(?:each|every|apiece)\b(?! (?:way|direction|read|write|access|time|second))|"
    r"\b(?:an? single|one|single|per) (?:module|dimm|stack|die|chip|stick|channel|bank|tile)\b"
    r"(?! (?:behind|on|in|at|near|for|attached|plugged|beside|next))",
    re.I,
)
#: The size of all parts together, which stands whatever the parts' sizes are.
TOTAL = re.compile(
    r"\b(?:total\w*|overall|altogether|all together|in all|in sum|combined|the whole|insgesamt|gesamt\w*|"
    r"makes?|adds? up to|come to|sums? to)\b|=\s?$",
    re.I,
)
COUNTED = re.compile(
    r"(?:\b(?:modules|dimms|sticks|stacks|cards|banks|dies|chips|units|steps|increments|chunks) of\s|"
    r"\b(?:[0-9]+|two|four|six|eight|twelve|sixteen)\s?(?:[x×*]|times)?\s?)$",
    re.I,
)

#: How far a figure holds: the first kind that a clause has words of.
SETTLED = re.compile(
    r"\b(?:settles?|settled|steady[- ]state|in the long (?:run|term)|long-term|continuous(?:ly)?|"
    r"after (?:that|which)|afterwards|from then on|p50|50th|sustain\w*)\b",
    re.IGNORECASE,
)
QUALIFIERS: tuple[tuple[int, re.Pattern[str]], ...] = (
    (0, SETTLED),
    (
        3,
        re.compile(
            r"\b(?:peak(?:s|ing)?|short bursts?|mix(?:ed)?|cross-?socket|(?:other|far|second) socket|"
            r"socket [1-9]|theoretical\w*|burst|p9+\d*|99(?:\.9+)?(?:th)?|percentile|tail|worst|"
            r"under (?:heavy |full )?load|loaded|when (?:it is )?(?:full|busy|hot)|throttl\w*|drops?|"
            r"falls?|degrad\w*|at best|best case|raw|saturated|contention|maximum|max|minimum|min|"
            r"spikes?|sometimes|cold|first touch|(?:begins?|starts?|begin|start)(?: (?:out|off))?(?= (?:at|"
            r"with)\b)|(?:in)?to (?:the|its) (?:\w+ )?cache|(?:only )?(?:while|as long as|"
            r"until) the (?:\w+ )?(?:cache|buffer)|"
            r"for the first)\b|\bonce (?:the|it)\b|\bafter (?:an?|the|some|a few)\b",
            re.IGNORECASE,
        ),
    ),
    (
        2,
        re.compile(
            r"\b(?:brochure|claim\w*|advertis\w*|marketing|spec(?:s|ified|ification)?|data ?sheet|"
            r"nominal(?:ly)?|said to|on paper|promis\w*|vendor|manufacturer|rated|up to|supposed\w*|should|"
            r"label)\b",
            re.IGNORECASE,
        ),
    ),
    (
        0,
        re.compile(
            r"\b(?:measured?|measurements?|(?:she|he|i|they|we) (?:saw|see|got|get|measured)|"
            r"in practice|(?:in )?reality|turn(?:s|ed) out|really|"
            r"actual(?:ly)?|sustained|typical(?:ly)?|typ|average|avg|mean|median|here|usable|"
            r"effective(?:ly)?|real|as seen)\b",
            re.IGNORECASE,
        ),
    ),
)
MEASURED = 0
PLAIN = 1
#: Of two plain figures, the one that was gives way to the one that is.
PAST = re.compile(r"\b(?:was|were|had|until|back then|initially|at first|before that)\b", re.IGNORECASE)
PAST_STANDING = 3


def standing(words: str) -> int:
    """How far a figure holds: 0 measured or typical, 1 plainly stated, 2 claimed, 3 an extreme."""
    return next((rank for rank, said in QUALIFIERS if said.search(words)), PLAIN)


def is_granularity(words: str) -> bool:
    return bool(_STRONG.search(words))
