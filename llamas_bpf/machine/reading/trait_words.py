"""The words by which a text says what a device is good and bad at."""

import re
from typing import Final

#: Stems of each trait of the contract.
TRAITS: Final = {
    trait: re.compile(rf"\b(?:{stems})", re.IGNORECASE)
    for trait, stems in {
        "frequent_access": r"hot(?:test)?\b(?! ?-?(?:plug|swap|spot))|frequent|"
        r"(?<!written )often\b(?! (?:re)?writ)|"
        r"heavily (?:used|accessed)|"
        r"used (?:all the time|constantly|a lot)|all the time|constantly|busy|busiest|"
        r"active(?:ly used)? (?:data|pages|set)|"
        r"high(?:ly)? reuse|reused|in constant use|working sets?\b|heiße?|häufig",
        "rare_access": r"cold(?:est)?\b|rare(?:ly)?\b|seldom|infrequent|archiv|"
        r"hardly (?:ever )?(?:used|touched|"
        r"accessed|read)|"
        r"old sessions|occasional|once in a while|idle (?:data|pages)|untouched|lukewarm|inactive|"
        r"not (?:often|frequently)|"
        r"dormant|selten|kalte?n?\b",
        "reads": r"read(?:s|ing)?\b(?![ -](?:or|and|/)[ -]?writ\w+ (?:latency|bandwidth))"
        r"(?![ -](?:latency|bandwidth|speed|throughput|delay|time))|reader|lesen\b|lese",
        "writes": r"writ(?:e|es|ing|ten)\b(?![ -](?:latency|bandwidth|speed|throughput|amplif|endur|cycle|"
        r"buffer|cache|up\b))|"
        r"updates\b|stores\b|schreib",
        "random_access": r"random(?:ly)?\b|scattered|irregular access|zufällig",
        "sequential_access": r"sequential|stream(?:ing|s|ed)?\b|scan(?:s|ning)?\b|linear (?:access|read|"
        r"write)|sequenziell|"
        r"sequentiell",
        "small_accesses": r"(?:small|tiny|short|fine-grained)(?:[ -](?:and|or|random|scattered|"
        r"single))*[ -](?:\w+[ -])?"
        r"(?:access|read|write|request|transfer|record|i/?o|object|update|message|block)|fine-grained|"
        r"sub-(?:page|block|line)|single-(?:byte|word)",
        "large_data": r"(?:large|big|huge|vast|very large|giant|enormous|massive)"
        r"(?:[ -]|, )(?:[\w-]+ ){0,2}"
        r"(?:data|array|object|footprint|table|model|file|dataset|working|heap|buffer|matri|structure|"
        r"alloc|transfer|block|"
        r"quantit|amount|batch)|bulk|large amounts|great (?:amounts|quantities)|"
        r"big data|anything (?:big|large)|big (?:things|stuff|ones)",
        "bandwidth": r"(?<!high )bandwidth(?!-?(?:bound host))|high[ -]bandwidth(?! memory)|"
        r"throughput|bandbreite",
        "latency": r"latenc(?:y|ies)|latenz",
        "keeping_data": r"(?:must|should|has to|needs? to|have to|that) (?:not be lost|be kept|survive|"
        r"outlive|"
        r"persist)|survive|durab|"
        r"logs?\b|journals?\b|metadata|checkpoint|persistent data|persisted|keeping data|"
        r"must not (?:be lost|vanish)|permanent|"
        r"long-term|data (?:retention|safety)",
        "parallel_compute": r"(?:massively |highly |data[- ])?parallel|simd\b|vector|many threads|"
        r"thousands of threads|"
        r"throughput[ -](?:computing|work|code)",
        "matrix_compute": r"matri(?:x|ces)|matmul|gemm|tensor|neural net|deep learning|linear algebra|"
        r"convolution|"
        r"dense (?:math|algebra)",
        "serial_compute": r"serial|single[- ]thread|branch|sequential code|control[- ]flow|one thread|"
        r"lone thread|"
        r"scalar|"
        r"interpreter|compil",
        "pointer_chasing": r"pointer|linked (?:list|data)|graph (?:traversal|walk)|tree (?:walk|traversal|"
        r"search)|"
        r"dependent (?:load|access)|hash lookups|list walk",
        "background_work": r"background|housekeeping|batch (?:job|work)|low[- ]priority|maintenance|"
        r"daemons?\b|cron\b",
    }.items()
}

#: A whole phrase decides before its words do: "don't put" is bad, though "put" is good.
_BAD = (
    r"\b(?:does not|do not|don['’]?t|doesn['’]?t)\s*[.;]?\s*$|"
    r"\bnicht (?:für|geeignet|gut|besonders)\b|"
    r"\b(?:do not|don['’]?t|never|should not|shouldn['’]?t|must not|mustn['’]?t|cannot|can['’]?t|"
    r"not) (?:be )?(?:ever )?(?:used?|put|place|"
    r"placed|keep|kept|store|stored|expect|handle|cope|rely|belong|wanted|worth)\b|"
    r"\b(?:it )?does(?: not|n['’]?t) (?:like|suit|cope|handle|"
    r"belong|help|do well|perform well|shine|excel)\b"
    r"|\bkeep\b.{0,40}\b(?:away|off|out|elsewhere)\b|\bbelongs? elsewhere\b|\bstay away\b|"
    r"\bleave (?:that|those|these|this|it) to\b"
    r"|\bno (?:place|good|use|home|friend)\b|\bnot (?:a (?:good|great) \w+ )?for\b|"
    r"\banything but\b|\bless (?:suited|suitable|good|ideal)\b"
    r"|\bnot (?:so |very |really |particularly |especially |at all |well |ideally |"
    r"the best )*(?:good|great|suited|suitable|ideal|fast|quick|"
    r"recommended|strong|meant|made|designed|intended|optimi[sz]ed|built|appropriate|well)\b|"
    r"n['’]?t (?:so |very |really |particularly )*"
    r"(?:good|great|suited|suitable|ideal|fast|quick|recommended|strong|meant|made|designed|intended|well)\b"
    r"|\b(?:bad|badly|poor|poorly|weak|weakness\w*|slow|slowly|slower|sluggish|ill[- ]suited|"
    r"unsuit\w*|unfit|avoid\w*|suffers?|struggles?|hurts?|worst|worse|"
    r"terrible|terribly|awful|inefficient|penali[sz]\w*|penalty|dislikes?|hates?|painful\w*|"
    r"expensive|wrong|wasted?|lousy|mediocre|discouraged|costly|"
    r"dreadful|dreadfully|collaps\w+|falls apart|limited|cons|drawbacks?|downsides?|"
    r"disadvantages?|elsewhere|miserabl\w+|crawls?|"
    r"chokes?|inadvisable|problem\w*|trouble|langsam|schlecht|ungeeignet|meiden|"
    r"high(?:er)?(?= latenc)|long(?= latenc)|low(?= bandwidth)|"
    r"low(?= throughput)|sensitive|horribl\w+|useless|pointless|hopeless|miracles)\b"
)
_GOOD = (
    r"\b(?:good|great|excel\w*|ideal\w*|perfect\w*|best|better|suit(?:s|ed|able)|strong|"
    r"strength\w*|fast|faster|quick|quickly|quicker|well|shines?|thrives?|loves?|"
    r"likes?|(?:made|meant|designed|built|intended|optimi[sz]ed|tuned|aimed)(?= (?:for|at|to))|"
    r"recommended|prefer\w*|favou?rs?|"
    r"use (?:it|this|them)|used for|put|(?<!\ba )(?<!\bthe )place|keep|store|"
    r"belongs?|welcome|at home|efficient\w*|"
    r"superb\w*|fine|happy|happiest|appropriate|rewards?|"
    r"lends? itself|comfortabl\w*|pros|advantages?|for what|what it is for|its forte|reserve|"
    r"low(?:er)?(?= latenc)|"
    r"high(?=[ -]bandwidth)(?![ -]bandwidth memory)|huge(?= bandwidth)|home (?:of|for)|sweet spot|"
    r"outstanding|wonderful\w*|superb\w*|marvell?ous|(?:accelerator|engine|"
    r"processor|unit|device) for|brilliant|"
    r"impressive|unbeaten|gut|geeignet|schnell|park|dump|sends? (?:it|your)|right place|handles?|"
    r"copes?|purpose|target|a home|candidates?|"
    r"runs? here|goes here|use for|wherever|matters?)\b"
)
# Praise or blame that is itself denied says nothing.
_NEUTRAL = (
    r"\b(?:nobody|no one|none) (?:should|would|could) \w+\b.*|\bnot (?:so |too |that |"
    r"very )?(?:bad|slow|weak|poor|terrible|expensive)\b"
    r"|\bas well as\b|\bas (?:fast|slow|good|quick) as\b|\bas well\b|"
    r"\bkeep in mind\b|\b(?:keep|put|place|leave)\b.{0,40}\b(?:on|in|to) (?:local |"
    r"the |main )?(?:dram|ram|memory|host|cpu)\b|\bbeats? (?:it|this)\b|"
    r"\btook place\b|\btakes? place\b|\bin place\b"
    r"|\bfast memory\b|\bslow memory\b|\blikely\b"
)
POLARITY = re.compile(rf"(?P<neutral>{_NEUTRAL})|(?P<bad>{_BAD})|(?P<good>{_GOOD})", re.IGNORECASE)
