"""The words by which a text names what a device may be good or bad at: each trait's stems."""

import re
from typing import Final

_RAW: Final = {
    "frequent_access": r"(?:every|each) (?:second|minute|moment|day)\b|daily\b|regularly (?:us|touch|access|"
    r"need|read)\w*|"
    r"(?:used|touched|accessed|needed|read|hit) (?:regularly|frequently|permanently)|"
    r"(?:many|several|dozens of|hundreds of|thousands of|[0-9]+) times (?:an?|per|each|every) (?:second|"
    r"minute|day)|"
    r"(?:high|heavy) access (?:rate|frequency)|under (?:steady|constant|heavy) (?:fire|load|use|access)|"
    r"hot(?:test|ter)?\b(?! ?-?(?:plug|swap|spot))|frequent|"
    r"(?<!written )(?<!not )(?<!how )(?<!however )often\b(?! (?:re)?writ| (?:than|"
    r"as) (?:\w+ ){0,2}writ)|(?:heavily|much|most|permanently|"
    r"constantly|always)[- ](?:used|accessed|hit|touched|referenced|read)|in (?:constant|heavy|"
    r"steady) (?:use|demand)|(?:used|touched|accessed|read|needed|hit) (?:all the time|"
    r"constantly|a lot|many times|again|over and over|every|continuously|day and night)|"
    r"all the time|constantly|over and over|again and again|repeated(?:ly)?|busy|busiest|"
    r"active(?:ly used)? (?:ones|data|pages|set)|high(?:ly)? reuse|reused?\b|popular|hammered|"
    r"in demand|inner loops?|continual(?:ly)?|continuously|day in,? day out|round the clock|"
    r"working sets?\b|heiße?|häufig|"
    r"ständig|viel genutzt",
    "rare_access": r"cold(?:est|er)?\b(?! (?:boot|start|plate))|rare(?:ly)?\b|seldom|infrequent|archiv|"
    r"(?:hardly|barely|scarcely|almost never|next to never) (?:ever )?(?:us|touch|access|read|"
    r"look|need|open|visit|hit)\w*|old (?:sessions|data|pages|records|tenants)|occasional|"
    r"once in a (?:while|blue)|"
    r"once (?:an?|per|every) (?:minute|hour|day|week|month|year)|blue moon|now and (?:then|"
    r"again)|every (?:so often|once in|few (?:minutes|hours|days))|from time to time|sporadic|"
    r"intermittent|idle (?:data|pages)|sits? idle|left alone|(?:long|quiet) (?:pauses?|gaps?|"
    r"spells?|silences?)|untouched|unused|lukewarm|inactive|not (?:often|frequently)|dormant|"
    r"dusty|stale|forgotten|not (?:been |being )?(?:touched|used|accessed|needed)|"
    r"never (?!for\b)(?:\w+ ){0,3}need|(?:nobody|no one) (?:has |will |would |ever )*(?:look|touch|use|need|"
    r"ask|read|"
    r"miss)\w*|"
    r"sits (?:there|around)|(?:data|pages?|that) (?:\w+ )?sleeps?\b|"
    r"backups\b|historical|ab und zu|gelegentlich|selten|kalte?n?\b",
    "reads": r"(?:never|hardly|rarely|seldom) (?:ever )?chang\w*|immutable|static (?:data|tables?|content)|"
    "lookup tables?|"
    r"(?!reads? (?:in|at|takes?) (?:\w+ )?[0-9])(?<!nobody )"
    r"(?<!no one )(?<!ever )(?<!never )read(?:s|"
    r"ing)?\b(?!\s?[=:]\s?~?[0-9])(?![ -](?:or|and|/)[ -]?writ\w+ (?:latency|"
    r"bandwidth))(?![ -](?:latency|"
    r"bandwidth|speed|throughput|delay|time))|reader|fetch(?:es|ing)\b|lesen\b|lese",
    "writes": r"(?!writes? (?:in|at|takes?) (?:\w+ )?[0-9])"
    r"(?<!than you )(?<!as you )(?<!than it is )(?<!than they are )(?<!than )(?<!once )(?:over|"
    r"re)?writ(?:e(?! home)|es|ing|ten)\b(?! once)(?!\s?[=:]\s?~?[0-9])(?![ -](?:latency|bandwidth|"
    r"speed|throughput|amplif|"
    r"endur|cycle|buffer|cache|ahead|up\b))|writers?\b|updat(?:es?|ing|ed)\b|append\w*|"
    r"(?:chang|modif)(?:e|es|ed|ies|ied|ing) (?:often|all the time|constantly|frequently|a lot|every|much)|"
    r"modif(?:y|ies|ying|ications?)\b|modified (?:pages|data|often)|mutat|stores\b|dirt(?:y|ied)\b (?:data|"
    r"pages)|ingest|schreib",
    "random_access": r"random(?:ly)?\b|scatter|irregular (?:access|pattern|read)|(?:jump|hop|"
    r"skip)\w* (?:around|"
    r"about)|all over the place|unpredictable|haphazard|erratic|seeks?\b|seeking|(?:no|without|poor|little|"
    r"bad) locality|"
    r"point (?:queries|lookups)|hash (?:tables?|joins?|lookups?)|non-?(?:sequential|"
    r"contiguous)|zufällig|wahlfrei",
    "sequential_access": r"(?<!non-)sequential(?! (?:code|program|work|logic|execution))|"
    "(?-i:(?!STREAM))stream(?:ing|s|"
    r"ed)?\b|"
    r"scan(?:s|ning)?\b|sweeps?\b|linear (?:access|read|write|walk|pass)|"
    r"one after (?:the other|another)|front to back|(?:start|beginning) to (?:end|finish)|"
    r"consecutive|(?<!non-)contiguous|straight through|long runs|in one go|sequenziell|"
    r"sequentiell",
    "small_accesses": r"(?:small|tiny|short|little|narrow|fine-grained)(?:[ -](?:and|or|random|scattered|"
    r"single))*[ -](?:\w+[ -])?(?:access|read|write|request|transfer|record|i/?o|object|update|"
    r"message|block|piece|item|store|load)|fine-grained|[0-9]+[- ]byte (?:access|read|write|request|transfer|"
    r"update|store|load)|"
    r"(?:small|tiny|little) (?:ones|things|stuff|pieces)|below a (?:page|line|block|sector)|sub-(?:page|"
    r"block|line)|single-(?:byte|"
    r"word)|(?:individual|single|a few) (?:bytes|words)|byte-(?:sized|wise|granular)|"
    r"partial (?:line|page|sector|block)|piecemeal|kleine[nr]? (?:zugriff|anfrage|daten)",
    "large_data": r"fits? nowhere|capacity (?=matters|counts|is (?:what|king))|capacity-(?:hungry|bound|"
    "heavy|intensive)|(?:large|big|bigger|huge|vast|giant|"
    r"gigantic|enormous|massive|sizable|immense|"
    r"oversized)(?:[ -]|, )(?:[\w-]+ ){0,2}(?:data|array|object|footprint|table|model|file|"
    r"dataset|working|heap|buffer|matri|structure|alloc|transfer|block|quantit|amount|batch|"
    r"capacit|cop(?:y|ies)|ind(?:ex|ices)|graph|collection|weight)|bulk|(?:large|great|"
    r"huge) (?:amounts|quantities|volumes)|(?:plenty|lots|tons|loads) of (?:room|space|data|"
    r"capacity)|room(?:y\b| for)|spacious|terabytes of|too (?:big|large) (?:for|to)|"
    r"does(?: not|n['’]t) fit|big data|anything (?:big|large|huge)|big (?:things|stuff|ones)|"
    r"(?:in-memory|huge|large) databases?|große[nr]? (?:daten|tabelle|felder)|viel platz",
    "bandwidth": r"(?<!high )bandwidth(?!-?(?:bound host))|high[ -]bandwidth(?! memory)|"
    r"throughput(?![ -](?:computing|work|code))|(?:data|transfer) rates?\b|bandbreite",
    "latency": r"wait(?:s|ing)? (?:for|on) (?:each|every|the) (?:access|load|read|answer|result)|latenc(?:y|"
    r"ies)|response times?|respons(?:e|ive\w*)\b|respond|real-?time|time-critical|"
    r"delay-sensitive|access times?|latenz|reaktion",
    "keeping_data": r"(?:must|should|has to|needs? to|have to|that|may) (?:not be lost|never be lost|"
    r"not vanish|be kept|survive|outlive|persist|outlast)|surviv|durab|logs?\b|journal|"
    r"metadata|checkpoint|persistent data|persisted|keeping data|must not (?:be lost|vanish)|"
    r"permanent(?:ly)? (?:data|stor|kept)|permanent\b|long-term|safekeeping|crash[- ]safe|"
    r"write-ahead|power[- ](?:cut|fail|loss)\w*|cannot be lost|(?:cannot|can['’]t|not) (?:be )?(?:recreat|"
    r"replac|regenerat|rebuil)\w*|only copy|(?:need|want|have) to keep|irreplaceable|"
    r"afford to lose|"
    r"data (?:retention|safety)",
    "parallel_compute": r"(?:embarrassingly |massively |highly |data[- ])?parallel|sim[dt]\b|"
    r"vector(?! database)|"
    r"(?:many|lots of|hundreds of|thousands of) (?:\w+ )?(?:threads|lanes|work-?items)|"
    r"in lockstep|same (?:operation|instruction|thing|calculation)|(?:massively|highly|heavily|"
    r"multi-?) ?threaded\b|"
    r""
    r"(?:many|hundreds of|thousands of|millions of) (?:\w+ )?(?:work items|items|elements|tasks|pieces|"
    r"parts)|element-?wise|throughput[ -](?:computing|work|code)|"
    r"(?:wide|"
    r"regular) (?:loops?|kernels?|work)\b|rendering|image processing|vektor",
    "matrix_compute": r"matri(?:x|ces)|matmul|gemms?\b|blas\b|tensor|neural net|deep[- ]learning|"
    r"machine[- ]learning|linear[- ]algebra|convolution|transformers?\b|inference|"
    r"multiply-accumulate|dense (?:math|algebra|compute)|matrizen",
    "serial_compute": r"serial|(?:single|one)[- ]thread|branch|sequential (?:code|program|work|logic)|"
    r"control[- ](?:flow|heavy|code)|one thread|lone thread|scalar|interpret(?:er|ed)|compil|"
    r"pars(?:er|ing)|irregular code|if-?(?:then-?)?else|single[- ]core|decision",
    "pointer_chasing": r"pointer|linked (?:list|data|struct)|(?:graph|tree) (?:traversal|walk|algorithm|"
    r"search)|"
    r"tree (?:walk|traversal|search)|b-?trees?\b|dependent (?:load|access|read)|hash lookups|"
    r"list walk|indirection|(?:walk|travers|search|climb)\w* (?:\w+ )?(?:trees?|lists?|graphs?|links)|"
    r"follow\w* (?:\w+ )?(?:links|references)|zeiger",
    "background_work": r"no(?:body| one) (?:is )?wait\w*|background|house-?keeping|batch (?:job|work|"
    "process)|low[- ]priority|maintenance|"
    r"chores?\b|daemons?\b|cron\b|nightly|garbage collect|best-effort|(?:not|non-?)[ ]?urgent|"
    r"undemanding|odd jobs|hintergrund",
}
#: Stems of each trait of the contract.
TRAITS: Final = {trait: re.compile(rf"\b(?:{stems})", re.IGNORECASE) for trait, stems in _RAW.items()}
