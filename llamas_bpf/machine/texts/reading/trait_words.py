"""The words by which a text names what a device may be good or bad at: each trait's stems."""

import re
from typing import Final

_RAW: Final = {
    "frequent_access": r"(?:every|each) (?:second|minute|moment|day)\b|daily\b|regularly (?:us|touch|"
    r"access|need|read)\w*|(?:used|touched|accessed|needed|read|hit) (?:regularly|frequently|permanently)|"
    r"(?:many|several|dozens of|hundreds of|thousands of|[0-9]+) times (?:an?|per|each|every) (?:second|"
    r"minute|day)|"
    r"(?:high|heavy) access (?:rate|frequency)|under (?:steady|constant|heavy) (?:fire|load|use|access)|"
    r"(?<!runs )(?<!run )(?<!gets )(?<!is )(?<!it['’]s )(?<!are )hot(?:test|ter)?\b(?! ?-?(?:plug|swap|"
    r"spot))|frequent(?! (?:\w+ )?(?:updat|writ|change|modif|stor))|"
    r"(?<!written )(?<!not )(?<!how )(?<!however )often\b(?! (?:re)?writ| (?:than|"
    r"as) (?:\w+ ){0,2}writ)|(?:heavily|much|most|permanently|"
    r"constantly|always)[- ](?:used|accessed|hit|touched|referenced|read)|in (?:constant|heavy|"
    r"steady) (?:use|demand)|(?:used|touched|accessed|read|needed|hit) (?:all the time|"
    r"constantly|a lot|many times|again|over and over|every|continuously|day and night)|"
    r"all the time|constantly|over and over|again and again|repeated(?:ly)?|busy|busiest|"
    r"active(?:ly used)? (?:ones|data|pages|set)|high(?:ly)? reuse|reused?\b|popular|hammered|"
    r"in demand|inner loops?|continual(?:ly)?|continuously|day in,? day out|round the clock|"
    r"working sets?\b|heiße?|häufig|ständig|viel genutzt",
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
    r"ask|read|miss)\w*|sits (?:there|around)|(?:data|pages?|that) (?:\w+ )?sleeps?\b|"
    r"backups\b|historical|ab und zu|gelegentlich|selten|kalte?n?\b",
    "reads": r"(?:never|hardly|rarely|seldom) (?:ever )?chang\w*|immutable|static (?:data|tables?|content)|"
    "lookup tables?|"
    r"(?!reads? (?:in|at|takes?) (?:\w+ )?[0-9])(?<!nobody )"
    r"(?<!no one )(?<!ever )(?<!never )read(?:s|"
    r"ing)?\b(?!\s?[=:]\s?~?[0-9])(?![ -](?:or|and|/)[ -]?writ\w+ (?:latency|bandwidth))(?![ -](?:latency|"
    r"bandwidth|speed|throughput|delay|time))|reader|fetch(?:es|ing)\b|lesen\b|lese",
    "writes": r"(?!writes? (?:in|at|takes?) (?:\w+ )?[0-9])"
    r"(?<!than you )(?<!as you )(?<!than it is )(?<!than they are )(?<!than )(?<!once )(?:over|"
    r"re)?writ(?:e(?! home)|es|ing|ten)\b(?! once)(?!\s?[=:]\s?~?[0-9])(?![ -](?:latency|bandwidth|"
    r"speed|throughput|amplif|"
    r"endur|cycle|buffer|cache|ahead|up\b))|writers?\b|updat(?:es?|ing|ed)\b|append\w*|"
    r"(?:chang|modif)(?:e|es|ed|ies|ied|ing) (?:often|all the time|constantly|frequently|a lot|every|much)|"
    r"modif(?:y|ies|ying|ications?)\b|modified (?:pages|data|often)|mutat|stores\b|dirt(?:y|ied|"
    r"ies)\b (?:data|pages)|ingest|schreib",
    "random_access": r"random(?:ly)?\b|scatter|irregular(?! (?:code|control|shape|loop))|(?:jump|hop|"
    r"skip)\w* (?:around|"
    r"about)|all over the place|unpredictable|haphazard|erratic|seeks?\b|seeking|(?:no|without|poor|little|"
    r"bad) locality|point (?:queries|lookups)|hash (?:tables?|joins?|lookups?)|non-?(?:sequential|"
    r"contiguous)|zufällig|wahlfrei",
    "sequential_access": r"(?<!non-)sequential(?! (?:code|program|work|logic|execution))|"
    "(?-i:(?!STREAM))stream(?:ing|s|"
    r"ed)?\b|scan(?:s|ning)?\b|sweeps?\b|linear(?:ly)?\b(?! (?:algebra|layer|program))|"
    r"one after (?:the other|another)|front to back|(?:start|beginning) to (?:end|finish)|"
    r"consecutive|(?<!non-)contiguous|straight through|long runs|in one go|sequenziell|sequentiell",
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
    "latency": r"wait(?:s|ing)? (?:for|on) (?:each|every|the) (?:access|load|read|answer|result)|"
    r"latenc(?:y|ies)|response times?|respons(?:e|ive\w*)\b|respond|real-?time|time-critical|"
    r"delay-sensitive|access times?|latenz|reaktion",
    "keeping_data": r"(?:must|should|has to|needs? to|have to|that|may) (?:not be lost|never be lost|"
    r"not vanish|be kept|survive|outlive|persist|outlast)|surviv|durab|logs?\b|journal|"
    r"metadata|checkpoint|persistent data|persisted|keeping data|must not (?:be lost|vanish)|"
    r"permanent(?:ly)? (?:data|stor|kept)|permanent\b(?! (?:fire|use|load|demand|access|traffic))|"
    r"long-term|safekeeping|crash[- ]safe|"
    r"write-ahead|power[- ](?:cut|fail|loss)\w*|cannot be lost|(?:cannot|can['’]t|not) (?:be )?(?:recreat|"
    r"replac|regenerat|rebuil)\w*|only copy|(?:need|want|have) to keep|irreplaceable|afford to lose|"
    r"data (?:retention|safety)",
    "parallel_compute": r"(?:embarrassingly |massively |highly |data[- ])?parallel|sim[dt]\b|"
    r"vector(?! database)|(?:many|lots of|hundreds of|thousands of) (?:\w+ )?(?:threads|lanes|work-?items)|"
    r"in lockstep|same (?:operation|instruction|thing|calculation)|(?:massively|highly|heavily|"
    r"multi-?) ?threaded\b|"
    r"(?:many|hundreds of|thousands of|millions of) (?:\w+ )?(?:work items|items|elements|tasks|pieces|"
    r"parts)|element-?wise|throughput[ -](?:computing|work|code)|(?:wide|"
    r"regular) (?:loops?|kernels?|work)\b|rendering|image processing|vektor",
    "matrix_compute": r"matri(?:x|ces)|matmul|gemms?\b|blas\b|tensor|neural net|deep[- ]learning|"
    r"machine[- ]learning|linear[- ]algebra|convolution|transformers?\b|inference|"
    r"multiply-accumulate|dense (?:math|algebra|compute)|matrizen",
    "serial_compute": r"serial|(?:single|one)[- ]thread|branch|sequential (?:code|program|work|logic)|"
    r"control[- ](?:flow|heavy|code)|one thread|lone thread|scalar|interpret(?:er|ed)|compil|"
    r"pars(?:er|ing)|irregular code|if-?(?:then-?)?else|single[- ]core|decision",
    "pointer_chasing": r"pointer|linked (?:list|data|struct)|(?:graph|tree) (?:traversal|walk|algorithm|"
    r"search)|tree (?:walk|traversal|search)|b-?trees?\b|dependent (?:load|access|read)|hash lookups|"
    r"list walk|indirection|(?:walk|travers|search|climb)\w* (?:\w+ )?(?:trees?|lists?|graphs?|links)|"
    r"follow\w* (?:\w+ )?(?:links|references)|zeiger",
    "background_work": r"no(?:body| one) (?:is )?wait\w*|background|house-?keeping|batch (?:job|work|"
    "process)|low[- ]priority|maintenance|"
    r"(?<!a )chores?\b|daemons?\b|cron\b|nightly|garbage collect|best-effort|(?:not|non-?)[ ]?urgent|"
    r"undemanding|odd jobs|hintergrund",
}
_USE: Final = (
    r"(?:us(?:e[ds]?|ing)|touch(?:e[ds]|ing)?|access(?:e[ds]|ing)?|need(?:s|ed)?|reads?|hit(?:s|ting)?|"
    r"visit(?:s|ed)?|"
    r"look(?:s|ed|ing)?(?: at| up| for| into)?|open(?:s|ed)?|ask(?:s|ed)?(?: for)?|want(?:s|ed)?|"
    r"request(?:s|ed)?|"
    r"referenc(?:es|ed)|reach(?:es|ed)?(?: for)?|fetch(?:es|ed)|consult(?:s|ed)?|quer(?:y|ies|ied)|"
    r"open(?:s|ed)|"
    r"revisit(?:s|ed)?|return(?:s|ed)? to|comes? back to|goes? back to|retrieved?|seen|in demand|"
    r"wakes? up|called for)"
)
_OFTEN: Final = (
    r"(?:often|frequently|regularly|constantly|continually|continuously|permanently|always|all the time|"
    r"all day|a lot|"
    r"many times|again and again|over and over|day and night|non-?stop|incessantly|heavily|intensively|"
    r"(?:the )?most\b|"
    r"(?:every|each) (?:second|moment|minute|tick|cycle|request|frame|iteration|day|hour|time)|"
    r"more than (?:any|the rest))"
)
_SPAN: Final = r"(?:hour|day|week|month|quarter|season|year|decade|century|lifetime|blue moon|fortnight)"
_RARELY: Final = (
    r"(?:rarely|seldom|hardly|barely|scarcely|infrequently|occasionally|sporadically|now and then|"
    r"from time to time|"
    rf"(?:once|twice|(?:a few|two|three|several) times) (?:an?|per|each|every|in an?|in) {_SPAN}|"
    r"the least\b|least\b|"
    rf"in (?:{_SPAN}s|ages)|since \w+|(?:at|once every) (?:year|month|quarter|week)[ -]?end|"
    rf"for (?:{_SPAN}s|ages)\b)"
)
_SMALL: Final = r"(?:small(?:er|est)?|tin(?:y|ier|iest)|little|wee|minute|puny|miniature|short|mini)"
_NUMBER: Final = r"(?:an?|one|two|four|eight|sixteen|thirty-two|a few|a couple of|a handful of|single|[0-9]+)"
_GREAT: Final = (
    r"(?:large|larger|largest|big|bigger|biggest|huge|vast|giant|gigantic|enormous|massive|sizeable|"
    r"immense|colossal|monstrous|monster|humongous|gargantuan|outsized|whopping|jumbo|bulky|voluminous|ample)"
)
#: The same in other words: of each trait, what is done, how often, and to what.
_MORE: Final = {
    "frequent_access": rf"{_USE} (?:\w+ ){{0,2}}{_OFTEN}|(?<!not ){_OFTEN}[ -](?:\w+ )?{_USE}\b|"
    r"(?:constant|"
    r"heavy|steady|intense|permanent|continuous|incessant|high|relentless) (?:use|fire|load|demand|access|"
    r"traffic|attention|"
    r"touching|pressure)|(?:keeps?|stop|cease) (?:on )?(?:touching|using|hitting|asking|coming back|"
    r"returning)|busier|"
    r"favou?rites|hot ?(?:path|spots)|liveliest|lively|most (?:active|wanted|popular|visited)|(?:everyone|"
    rf"everybody) (?:\w+ )?{_USE}",
    "rare_access": rf"{_USE} (?:\w+ ){{0,3}}{_RARELY}|{_RARELY}[ -](?:\w+ )?{_USE}\b|the (?:less|longer|"
    r"rarer)\b(?=[^.;]{1,40}, "
    r"the (?:better|happier))|idle\b(?! (?:latency|power|state|current|draw|watt|time|cores?|cpus?|:))|"
    r"attic|cellar|museum|graveyard|mothball\w*|long tail|"
    r"gather\w* dust|between (?:visits|accesses|touches|uses|hits)|(?:hours|days|weeks|months) apart|"
    r"asleep\b|"
    r"sleeping|just in case|in (?:ages|years|months)\b|slumber\w*|lone for ages|alone for ages|hibernat\w+|"
    r"(?:nobody|no one|hardly anyone|hardly anybody|few people|who ever) (?:\w+ ){0,3}(?:look|touch|use|"
    r"need|ask|read|miss|visit|open|want)\w*|yesterday['’]s|last (?:year|month|quarter|decade)['’]s",
    "reads": r"look(?:ed|ing)?[ -]ups?\b|lookups?\b|retriev(?:al|ing)\b|reference data|unchanging|"
    r"never (?:modified|altered|written)|fixed tables|write[- ]once|constants\b",
    "writes": r"scribbl\w+|churn\w*|inserts\b|insertions|deletions|commits\b|mutable|changing data|"
    r"(?:data|pages|records|state|tables) that (?:\w+ )?chang\w+|(?:constant|frequent|many|"
    r"heavy) (?:changes|modification)|store traffic|stores?(?= (?:costs?|takes?) (?:you|it|dearly))|logging",
    "random_access": r"(?:hop|jump|skip|leap|bounce|bouncing|dart)(?:s|p?ing)?\b(?= (?:around|about|here|"
    r"from|between|back|"
    r"all)|[ .,;]|$)|hither and|here and there|helter|pinball|scattershot|sprinkl\w+|unordered|"
    r"(?:in )?no (?:particular )?order|any order|disordered|chaotic|sparse|gather/scatter|key-value|strided",
    "sequential_access": r"in (?:order|sequence|a row|one sweep|one pass|long strokes|straight lines?)\b|"
    r"back to back|"
    r"end to end|end-to-end|(?:big|large|long|deep) gulps|long (?:reads|strokes|stretches|sequences|"
    r"transfers|streams)|"
    r"front[- ]to[- ]back|march\w* (?:through|along)|(?-i:(?!STREAM))stream\b(?! (?:triad|copy|bench))|"
    r"top to bottom|page after page|line after line|block after block",
    "small_accesses": rf"{_SMALL}(?: (?:\w+|and|or)){{0,2}} (?:objects?|items?|things?|packets?|chunks?|"
    r"allocations?|values?|keys|"
    r"structs?|buffers?|files?|lookups?|fetch\w*|steps|doses|portions|pieces|hops|operations|ops|jobs?|"
    r"ones)\b|"
    rf"{_NUMBER} (?:bytes?|words?)(?: or (?:so|two|less))? (?:here|there|at a time|each)|"
    r"byte[- ]by[- ]byte|bytewise|"
    r"(?:anything|everything|things|requests|accesses|transfers|reads|writes|pieces|those) (?:that is |"
    r"that are )?(?:under|"
    r"below|smaller than|less than|shorter than|finer than) (?:an? |one )?(?:[0-9.]+ ?[kK]?i?B|"
    r"[0-9.]+ bytes|page|line|block|sector|kilobyte|cache)|crumbs|nibbl\w+|dribs|sips\b|peck\w*|chatty",
    "large_data": rf"{_GREAT}\s*$|{_GREAT}(?:, [\w-]+){{0,3}}(?: [\w-]+)? (?:data|databases?|tables?|"
    r"buffers?|things?|files?|stuff|sets?|jobs?|"
    r"pages|problems|simulations?|caches?|lists?|maps?|keys)\b|whole (?:\w+ )?(?:genomes?|ind(?:ex|ices)|"
    r"databases?|"
    r"data ?sets?|models?|tables?)|sheer (?:size|volume|capacity)|need(?:s|ing)? (?:\w+ )?(?:room|space|"
    r"capacity)|"
    rf"(?:it|that|they|data|what) (?:is|are|['’]s) (?:really |very |too )?{_GREAT}\b|"
    r"(?:mountains?|heaps?|piles?|oceans?|masses|gobs|hoards?|lakes?) of|data lakes?|"
    r"hundreds of (?:gigabytes|GB|gigs)|"
    r"memory[- ](?:hogs?|hungry)|space-hungry|room(?= ?[,.]| to|$)|does not fit|nowhere else",
    "bandwidth": r"heavy traffic|traffic-heavy|data-hungry|(?:moving|shovel\w*|pump\w*|"
    r"push\w*) (?:\w+ )?(?:lots|a lot|tons|"
    r"masses|heaps|loads|plenty) of (?:data|bytes)|bytes per second",
    "latency": r"quick (?:answers?|responses?|repl(?:y|ies))|interactive|time-sensitive|urgent|in a hurry|"
    r"impatient\w*|deadlines?|"
    r"must be (?:quick|fast|instant)|instant answers?|waits? (?:on|for) (?:it|memory|each|every|data)",
    "keeping_data": r"(?:you |we |they |one |people |anybody |really )?cares? (?:for|about)|"
    r"precious (?:data|stuff|things|bits)|"
    r"(?:cannot|can['’]?t|could(?: not|n['’]?t)|must(?: not|n['’]?t)|do(?: not|n['’]?t) want to|hate to|"
    r"sorry to|afford to|"
    r"not) (?:lose|losing|miss|part with)|(?:must|has to|have to|want(?:s|ed)? to|needs? to|worth|should|"
    r"one must) (?:be )?(?:keep(?:ing)?|kept)\b(?! (?:away|out|off|down|short|small|cool|dry|below|under))|"
    r"valuable (?:data|records)|"
    r"(?:important|critical|vital) (?:data|records|state)|anything (?:important|vital|valuable)|need(?:s|"
    r"ed)? (?:\w+ )?(?:tomorrow|next (?:week|year|month))|"
    r"ledgers?|for keeps|for good\b|for posterity|last(?:ing)? record",
    "parallel_compute": r"(?:identical|independent|similar|equal) (?:\w+ )?(?:jobs|tasks|items|threads|"
    r"operations|elements|"
    r"work)|in parallel|per-pixel|pixels\b|shad(?:ers?|ing)|number[- ]crunching|wide (?:loops|vectors)|"
    r"(?:thousands|hundreds|millions|lots) (?:of )?(?:\w+ )?(?:at once|side by side|jobs|threads)|"
    r"data-parallel",
    "matrix_compute": r"dot products?|attention (?:layers?|heads?)|\bAI\b|llms?\b|cnns?\b|"
    r"mat-?muls?",
    "serial_compute": r"ifs\b|if-else|spaghetti|one (?:thing|step|instruction) (?:at a time|after)|"
    r"step[- ]by[- ]step|"
    r"business logic|conditionals|single (?:threads?|tasks?)|(?:lots|full) of (?:jumps|branches|ifs)|"
    r"unpredictable code",
    "pointer_chasing": r"(?:walk|travers|climb|crawl|hopp?|chas)\w* (?:\w+ ){0,3}(?:trees?|lists?|graphs?|"
    r"links?|nodes?|"
    r"structures|references|chains?)\b|(?:from )?(?:link|node|pointer) to (?:link|node|pointer)|"
    r"chains? of (?:loads|pointers|"
    r"references|nodes)|graph (?:walks?|analytics|databases?|work)|skip lists|(?:singly|doubly)[- ]linked|"
    r"tries\b",
    "background_work": r"(?:nobody|no one|none|no user) (?:is |ever |will )?waits?(?:ing)?(?: for)?|"
    r"overnight|night(?:ly|-?time)? (?:jobs?|"
    r"batch\w*|runs?)|batch(?:es)?\b(?! (?:size|number|norm|of))|indexing|compaction|defrag\w*|telemetry|"
    r"errands|side jobs|can wait\b|no (?:hurry|rush)|not in a hurry|whenever there is time|clean-?ups?\b",
}
#: Stems of each trait of the contract.
TRAITS: Final = {
    trait: re.compile(rf"\b(?:{stems}|{_MORE[trait]})", re.IGNORECASE) for trait, stems in _RAW.items()
}
