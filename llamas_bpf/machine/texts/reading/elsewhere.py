"""The words by which a text speaks of something else than its device."""

import re

#: A passage (or table column, or heading) that is about something else, or about another time.
SAID = re.compile(
    r"^\W*(?:(?:for|by|in|as a) (?:comparison|reference|contrast)|compare|comparison|versus|unlike\b[^,]*$)"
    r"|\b(?:predecessors?|successors?|competitors?|competition|rivals?|competing)\b"
    r"|\b(?:previous|prior|last|older|old|earlier|next|other|another|rival|the first|"
    r"our first)[- ](?:generation|gen|"
    r"model|version|card|one|product|module|machine|vendor|part|device|drive|board|box|node|server|"
    r"memory|chip|revision|unit|firmware|bios|driver|kernel|figure|value)s?\b"
    r"|\b(?:previous|prior|former|outgoing|preceding|discontinued) (?!(?:section|paragraph|page|table|"
    r"chapter|note|line|sentence|mail|message)\b)[\w-]+"
    r"|\b(?:(?:our|the|my|his|her|its) old|older) (?!(?:data|pages?|records?|files?|sessions?|logs?|ones|"
    r"content)\b)[A-Za-z][\w-]*|\bet al\b|\bref(?:s|erence)?s?\.? ?\[?[0-9]|\b(?:related work|"
    r"in the literature)\b"
    r"|\bhad (?:we|i|they|you|it) (?:\w+ )?(?:bought|taken|used|chosen|been|had)\b|\bif (?:it|this|"
    r"that) were\b"
    r"|\b(?:its|the|an?) (?:bigger|smaller|larger|little|big|cheaper|faster|slower|basic) (?:brother|sister|"
    r"sibling|model|version|variant|edition|one)\b|\bsiblings?\b"
    r"|^\W*(?:first it|at first|initially|before the (?:update|upgrade|change|fix|swap|move))\b"
    r"|(?<=\w )(?:it|they|these) (?:\w+ )?replaced?s?\b"
    r"|\b(?:hoped|wished|asked|aimed) for\b"
    r"|\b(?:uses?|borrows?|shares?|lives? (?:off|in|on)) the (?:laptop|host|server|machine|system|computer|"
    r"phone|workstation|cpu|processor)['’]s\b"
    r"|\b(?:at|in|on|from) (?:the|an?)?\s?(?:other|another) (?:site|lab|rack|building|office|"
    r"department|team)\b|\b(?:rack|room|building|lab|box|machine|server|office)s? next door\b"
    r"|\b(?:roadmap|planned|upcoming|rumou?r\w*|used to be|formerly|previously|originally)\b"
    r"|\b(?:not about|nothing to do with)\b|\bhost (?:cpu|processor|machine|side|system)\b(?! (?:sees|can|"
    r"ought|should|must|may|reads|writes|accesses|uses|reaches))",
    re.IGNORECASE,
)
# From here on in the clause it is about something else.
FROM_HERE = re.compile(
    r"\b(?:(?<!more )(?<!less )(?<!fewer )(?<!longer )(?<!often )(?<!nothing smaller )(?<!nothing finer "
    r")than|compared (?:with|to)|"
    r"in comparison (?:with|to)|versus|vs\.?|unlike|instead of|rather than|as opposed to|against|"
    r"whereas|down from|up from|formerly|previously|used to|will (?:have|offer|reach|be|get)|as with|"
    r"like (?:the|an?)|replac(?:es|ing|ed(?! (?:by|with)))|(?:took|takes) the place of|"
    r"(?:also|is|are) (?:sold|available|offered) (?:in|with|as|at)|(?:also|available) (?:with|in)|"
    r"swapped (?:out|for)|retired|decommissioned|confus\w+ (?:it |this |them |that )?with|"
    r"mistak\w+ (?:it|this|them|that) for|"
    r"would(?:n['’]t)? (?!say|expect|guess|not|never|trust|use|keep|store|run|avoid|choose|"
    r"prefer|love|hate|regret|want|estimate|call|put|count|recommend|be\b|like|advise))\b"
    r"|\b(?:had|offered|did)\b|^\s*was\b",
    re.IGNORECASE,
)
NOT = re.compile(
    r"\b(?:rose|went|grew|increased|improved|fell|dropped|changed|raised|lowered|cut|up|"
    r"down)\s(?:[^.;,]{1,30}\s)?from\s(?:about )?$|\b(?:not|never|no longer|isn['’]t|aren['’]t|wasn['’]t|"
    r"nicht|nowhere near)\s(?:the\s|an?\s|only\s)?(?:\w+\s)?[~≈]?$",
    re.I,
)
NOT_MORE = re.compile(
    r"\b(?:not|never|no) (?:more|less|over|above|under|below|exceed\w*)\s(?:than\s)?$", re.I
)
#: A sentence about what others have published.
CITES = re.compile(r"\s*\[[0-9]{1,2}\]\s(?=\w)")
#: Behind a figure: nobody is to believe it.
RETRACTED = re.compile(
    r"[^.;0-9]{0,60}?\b(?:(?:was|is|were|are|turned out) (?:\w+ )?(?:wrong|incorrect|nonsense|rubbish|bogus|"
    r"false|obsolete|"
    r"outdated|an? (?:bug|typo|mistake|error|lie|misprint)|not (?:true|right|correct|the subject|of interest|"
    r"ours))|(?:was|were|is|are)? ?never (?:\w+ )?(?:seen|saw|reached|achieved|observed|measured)|(?:is|"
    r"was) (?:\w+ )?marketing"
    r"|(?:please )?(?:disregard|ignore|do not (?:believe|trust)|don['’]t (?:believe|trust)))\b",
    re.IGNORECASE,
)
RELATIVE_BEFORE = re.compile(
    r"(?:\b(?:twice|half|double|triple|times|thirds?|quarter|fraction|percent|adds?|adding|extra|"
    r"additional|plus|by|every|difference|gap|penalty|overhead)|[0-9]\s?[x×]|%|\+)\s(?:(?:of|the|that|"
    r"an?|another|about|some|roughly|around|ordinary|local|normal|plain)\s)*(?:[\w.-]+['’]s?\s)?[~≈]?$",
    re.IGNORECASE,
)
RELATIVE_AFTER = re.compile(
    r"\s?(?:more|less|slower|faster|longer|shorter|extra|on top|higher|lower|penalty|overhead|above|"
    r"better|worse|behind|added)\b",
    re.I,
)
#: Who has another one, so that what follows is of theirs.
PEOPLE = re.compile(
    r"\b(?:neighbou?rs?|friends?|colleagues?|co-?workers?|buddy|cousin|(?:somebody|someone)(?: else|['’]s)|"
    r"(?:an)?other (?:people|users?|team|department|lab|site)|forums?|reviewers?|"
    r"every(?:one|body) says|reddit|theirs|his|hers)\b"
    r"|(?-i:\b[Tt]heir (?:[A-Z0-9][\w-]*|cards?|gpus?|modules?|box|machine|server)\b)",
    re.IGNORECASE,
)
BOX = r"(?:machine|server|workstation|computer|laptop|desktop|pc|box|rack|chassis|system)"
# The memory of the machine that a card is in.
HOST = re.compile(
    r"\bhost(?:['’]s)? (?:memory|ram|dram|has|holds|with)\b|\bhost\s?:"
    rf"|\b(?:system|main) (?:memory|ram)\b|\b{BOX}['’]s (?:own )?(?:memory|ram|dram|dimms|ddr\d)\b"
    rf"|\b(?:the|this|our|my|an?|in) {BOX}"
    r"(?: (?:it|this) (?:sits|is|lives|runs|goes) in| around it| itself)?"
    r" (?:has|with|holds|comes with|offers)\b"
    rf"|\b(?:the|this|our|my|an?) {BOX} (?:that )?(?:it|this|the card) (?:sits|is|lives|runs) in\b"
    rf"|\bworkstation with\b|\bin (?:the|this|our|my) {BOX}\s?:",
    re.IGNORECASE,
)
# "The card next to it", "the L3 in front of it".
NEIGHBOUR = re.compile(
    r"\b(?:the|an?) [\w-]+(?: [\w-]+)? (?:beside|next to|alongside|above|below|in front of|near) "
    r"(?:it|this)\b|\b(?:the|an?) (?:neighbou?ring|adjacent|nearby) [\w-]+",
    re.I,
)
EVERY = (SAID, FROM_HERE, PEOPLE, NEIGHBOUR)
