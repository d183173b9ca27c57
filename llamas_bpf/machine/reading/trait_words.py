"""The words by which a text says what a device is good and bad at."""

import re
from typing import Final

#: Stems of each trait of the contract.
TRAITS: Final = {
    trait: re.compile(rf"\b(?:{stems})", re.IGNORECASE)
    for trait, stems in {
        "frequent_access": r"hot(?:test)?\b(?! ?-?(?:plug|swap|spot))|frequent|"
        r"(?<!written )(?<!how )(?<!however )often\b(?! (?:re)?writ)|heavily (?:used|accessed)|"
        r"used (?:all the time|"
        r"constantly|a lot)|all the time|constantly|busy|busiest|active(?:ly used)? (?:data|pages|set)|"
        r"high(?:ly)? reuse|reused|in constant use|working sets?\b|heiße?|häufig",
        "rare_access": r"cold(?:est)?\b|rare(?:ly)?\b|seldom|infrequent|archiv|"
        r"hardly (?:ever )?(?:used|touched|accessed|read)|old sessions|occasional|once in a while|"
        r"idle (?:data|pages)|untouched|lukewarm|inactive|not (?:often|frequently)|dormant|selten|"
        r"kalte?n?\b",
        "reads": r"read(?:s|ing)?\b(?![ -](?:or|and|/)[ -]?writ\w+ (?:latency|bandwidth))"
        r"(?![ -](?:latency|bandwidth|speed|throughput|delay|time))|reader|lesen\b|lese",
        "writes": r"writ(?:e|es|ing|ten)\b(?![ -](?:latency|bandwidth|speed|throughput|amplif|endur|cycle|"
        r"buffer|cache|up\b))|updates\b|stores\b|schreib",
        "random_access": r"random(?:ly)?\b|scattered|irregular access|zufällig",
        "sequential_access": r"sequential|stream(?:ing|s|ed)?\b|scan(?:s|ning)?\b|linear (?:access|read|"
        r"write)|sequenziell|sequentiell",
        "small_accesses": r"(?:small|tiny|short|fine-grained)(?:[ -](?:and|or|random|scattered|"
        r"single))*[ -](?:\w+[ -])?(?:access|read|write|request|transfer|record|i/?o|object|update|"
        r"message|block)|fine-grained|sub-(?:page|block|line)|single-(?:byte|word)",
        "large_data": r"(?:large|big|huge|vast|very large|giant|enormous|massive)"
        r"(?:[ -]|, )(?:[\w-]+ ){0,2}(?:data|array|object|footprint|table|model|file|dataset|working|"
        r"heap|buffer|matri|structure|alloc|transfer|block|quantit|amount|batch)|bulk|large amounts|"
        r"great (?:amounts|quantities)|big data|anything (?:big|large)|big (?:things|stuff|ones)",
        "bandwidth": r"(?<!high )bandwidth(?!-?(?:bound host))|high[ -]bandwidth(?! memory)|"
        r"throughput|bandbreite",
        "latency": r"latenc(?:y|ies)|latenz",
        "keeping_data": r"(?:must|should|has to|needs? to|have to|that) (?:not be lost|be kept|survive|"
        r"outlive|persist)|survive|durab|logs?\b|journals?\b|metadata|checkpoint|persistent data|"
        r"persisted|keeping data|must not (?:be lost|vanish)|permanent|long-term|data (?:retention|"
        r"safety)",
        "parallel_compute": r"(?:massively |highly |data[- ])?parallel|simd\b|vector|many threads|"
        r"thousands of threads|throughput[ -](?:computing|work|code)",
        "matrix_compute": r"matri(?:x|ces)|matmul|gemm|tensor|neural net|deep learning|linear algebra|"
        r"convolution|dense (?:math|algebra)",
        "serial_compute": r"serial|single[- ]thread|branch|sequential code|control[- ]flow|one thread|"
        r"lone thread|scalar|interpreter|compil",
        "pointer_chasing": r"pointer|linked (?:list|data)|graph (?:traversal|walk)|tree (?:walk|traversal|"
        r"search)|dependent (?:load|access)|hash lookups|list walk",
        "background_work": r"background|housekeeping|batch (?:job|work)|low[- ]priority|maintenance|"
        r"daemons?\b|cron\b",
    }.items()
}

#: A whole phrase decides before its words do: "don't put" is bad, though "put" is good.
_BAD = (
    r"\b(?:does not|do not|don['’]?t|doesn['’]?t)\s*[.;]?\s*$|\bnicht (?:für|geeignet|gut|besonders)\b|"
    r"\b(?:do not|don['’]?t|never|should not|shouldn['’]?t|must not|mustn['’]?t|cannot|can['’]?t|"
    r"not) (?:be )?(?:ever )?(?:used?|put|place|placed|keep|kept|store|stored|expect|handle|cope|rely|"
    r"belong|wanted|worth)\b|\b(?:it )?does(?: not|n['’]?t) (?:like|suit|cope|handle|belong|help|"
    r"do well|perform well|shine|excel)\b"
    r"|\bkeep\b.{0,40}\b(?:away|off|out|elsewhere)\b|\bbelongs? elsewhere\b|\bstay away\b|"
    r"\bleave (?:that|those|these|this|it) to\b"
    r"|\bno (?:place|good|use|home|friend)\b|\bnot (?:a (?:good|great) \w+ )?for\b|\banything but\b|"
    r"\bless (?:suited|suitable|good|ideal)\b"
    r"|\bnot (?:so |very |really |particularly |especially |at all |well |ideally |the best )*(?:good|"
    r"great|suited|suitable|ideal|fast|quick|recommended|strong|meant|made|designed|intended|"
    r"optimi[sz]ed|built|appropriate|well)\b|n['’]?t (?:so |very |really |particularly )*(?:good|great|"
    r"suited|suitable|ideal|fast|quick|recommended|strong|meant|made|designed|intended|well)\b"
    r"|\b(?:bad|badly|poor|poorly|weak|weakness\w*|slow|slowly|slower|sluggish|ill[- ]suited|unsuit\w*|"
    r"unfit|avoid\w*|suffers?|struggles?|hurts?|worst|worse|terrible|terribly|awful|inefficient|"
    r"penali[sz]\w*|penalty|dislikes?|hates?|painful\w*|expensive|wrong|wasted?|lousy|mediocre|"
    r"discouraged|costly|dreadful|dreadfully|collaps\w+|falls apart|limited|cons|drawbacks?|downsides?|"
    r"disadvantages?|elsewhere|miserabl\w+|crawls?|chokes?|inadvisable|problem\w*|trouble|langsam|"
    r"schlecht|ungeeignet|meiden|high(?:er)?(?= latenc)|long(?= latenc)|low(?= bandwidth)|"
    r"low(?= throughput)|sensitive|horribl\w+|useless|pointless|hopeless|miracles)\b"
)
_GOOD = (
    r"\bdos?\s*:|\b(?:good|great|excel\w*|ideal\w*|perfect\w*|best|better|suit(?:s|ed|able)|strong|"
    r"strength\w*|fast|faster|quick|quickly|quicker|well|shines?|thrives?|loves?|likes?|(?:made|meant|"
    r"designed|built|intended|optimi[sz]ed|tuned|aimed)(?= (?:for|at|to))|recommended|prefer\w*|"
    r"favou?rs?|use (?:it|this|them)|used for|put|(?<!\ba )(?<!\bthe )place|keep|store|belongs?|welcome|"
    r"at home|efficient\w*|superb\w*|fine|happy|happiest|appropriate|rewards?|lends? itself|"
    r"comfortabl\w*|pros|advantages?|for what|what it is for|its forte|reserve|low(?:er)?(?= latenc)|"
    r"high(?=[ -]bandwidth)(?![ -]bandwidth memory)|huge(?= bandwidth)|home (?:of|for)|sweet spot|"
    r"outstanding|wonderful\w*|superb\w*|marvell?ous|(?:accelerator|engine|processor|unit|device) for|"
    r"brilliant|impressive|unbeaten|gut|geeignet|schnell|park|dump|sends? (?:it|your)|right place|"
    r"handles?|copes?|purpose|target|a home|candidates?|runs? here|goes here|use for|wherever|"
    r"matters?)\b"
)
# Praise or blame that is itself denied says nothing.
_NEUTRAL = (
    r"\b(?:nobody|no one|none) (?:should|would|could) \w+\b.*|\bnot (?:so |too |that |very )?(?:bad|"
    r"slow|weak|poor|terrible|expensive)\b"
    r"|\bas well as\b|\bas (?:fast|slow|good|quick) as\b|\bas well\b|\bkeep in mind\b|\b(?:keep|put|"
    r"place|leave)\b.{0,40}\b(?:on|in|to) (?:local |the |main )?(?:dram|ram|memory|host|cpu)\b|"
    r"\bbeats? (?:it|this)\b|\btook place\b|\btakes? place\b|\bin place\b"
    r"|\bfast memory\b|\bslow memory\b|\blikely\b"
)
POLARITY = re.compile(rf"(?P<neutral>{_NEUTRAL})|(?P<bad>{_BAD})|(?P<good>{_GOOD})", re.IGNORECASE)
