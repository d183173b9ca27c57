"""Turns of speech that praise and blame, by what they say; ``praise`` has the single words."""

from typing import Final

_HERE = r"(?:it|this|here|there|these)\b"
_MOVE = (
    r"(?:put|place|keep|store|park|dump|send|move|shift|route|steer|assign|allocate|bring|feed|give|hand|"
    r"throw|"
    r"pile|pour|stash|stick|pin|schedule|offload|migrate|demote|promote|ship|pack|load|let|run|get|take)"
)
BLAME: Final = "|".join(
    (
        r":\s{0,4}(?:never|no way|avoid|rather not|better not|not (?:here|on|for|with|recommended|ideal|"
        r"its))\b|^\W*(?:no|nope|never|(?:surely|rather|better|definitely|absolutely|certainly) not|not|"
        r"not (?:really|so much|at "
        r"all)|less so|no way|forget it|no thanks|please don['’]t|nein)\W*$|\b(?:not|n['’]t) to use\b|"
        r"\bnot for:|\bnot its? for\b|\bnot meant\b",
        # whoever does so is a fool, or will be sorry
        r"\b(?:mad(?:ness)?|crazy|insan\w+|fool(?:s|ish|hardy)?|silly|unwise|reckless|stupid\w*|idiot\w*|"
        r"folly|suicid\w+|sin|crime|mistake|nonsense|daft|waste of|shame|pity|sorry|remorse)\b",
        r"\b(?:watch out|beware|careful with|wary of|warned? (?:off|against)|caveats?|think again|"
        r"at your (?:own )?(?:peril|risk)|(?:sore|weak|blind) (?:spot|point|suit)s?|limitations?|be warned|"
        r"not a chance|god forbid|heaven forbid|keep your hands off|hands off)\b",
        r"\b(?:not|never|hardly|n['’]t) (?:really |exactly )?(?:the|an?|its) (?:\w+ )?(?:thing|place|one|"
        r"card|memory|device|"
        r"tool|tier|spot|choice|machine|home|friend|fan|star|master|expert|fit)\b|^\W*(?:just |please |"
        r"so )?forget\b"
        r"(?! (?:nothing|its|data|everything|all))|\bneither (?:for|to|at|in|with|is it)\b|\b(?:better|"
        r"best) (?:\w+ ){0,3}(?:somewhere|someplace|elsewhere|something else|anywhere)\b",
        r"\b(?:needs?|wants?|deserves?|requires?) (?:an? |something )?(?:faster|better|quicker|different|"
        r"other|another)\b|"
        r"\b(?:not|isn['’]t|hardly|never) (?:where|what (?:it|this|they|we|you))\b|\bin (?:their|his|your|"
        r"one['’]s) right mind\b|\b(?:refrain|abstain|desist) from\b|\beats? (?:into|away)\b|\bamplified\b",
        r"\b(?:keep|stay|steer)\b[^.;]{1,40}?\bclear of\b|\bforbids?\b|\bbanned\b|\bgrumpy\b|"
        r"\bgets? nowhere\b|"
        r"(?:\b(?:not|never)|n['’]t) (?:leave|want (?:it|them|that|those) (?:here|there))\b",
        # it has nothing for that
        r"\b(?:no|not much|little|zero|hardly any) (?:real |great |obvious )?(?:appetite|business|"
        r"patience|love|"
        r"talent|taste|head|stomach|gift|knack|flair|nerve|sympathy|interest|tolerance|hope|chance|future|"
        r"seat|mercy|favou?rs?|thanks|luck|ability|hurry|excuse|reason|sense|aptitude|help|room for)\b",
        r"\b(?:lacks?|unable|incapable|cannot|can['’]?t|could(?:n['’]t| not)|won['’]t|will not) "
        r"(?:to |of |really |even |\w+ly )*(?:keep up|stand|bear|abide|take|stomach|sustain|do)\b",
        # it should be elsewhere
        r"\b(?:somewhere|someplace|anywhere|something|anything|some other place) else\b|"
        r"\b(?:as )?far (?:away )?(?:from|as possible)\b|\bnowhere near\b|"
        rf"\b{_MOVE}\b(?! the most)[^.;]{{1,50}}?\b(?:away|elsewhere|off {_HERE}|out of {_HERE})|"
        r"\blast (?:place|thing|choice|resort|home|spot)\b|\b(?:look|go|turn|search) (?:else|some)where\b|"
        r"\bleave (?:[\w-]+ ){0,5}(?:to|for) (?:others?|someone|something)\b",
        # little of it, please
        r"\bgo(?:ing)? (?:easy|light) on\b|\bsparing\w*|\bminimi[sz]e\b|\bcut down on\b|\bhold back\b|"
        r"\bkeep (?:[\w-]+ ){1,4}(?:down|to a minimum|low|rare|few|short|small)\b|"
        r"\bas (?:few|little|rarely|seldom) (?:\w+ )?as (?:possible|you can)\b",
        # what it does to it
        r"\bto (?:its|their) knees\b|\bto a (?:halt|standstill|crawl|stop)\b|\b(?:falls?|goes) (?:to pieces|"
        r"to bits|apart|on its face|through the floor)\b|\bgives? up\b|\btakes? (?:forever|for ever|ages|an "
        r"eternity|an age)\b|\bthrough the nose\b|\bfor dear life\b",
        r"\b(?:drowns?|suffocat\w+|stumbl\w+|trips? (?:up|over)|balks?|wilts?|buckles?|limps?|wheez\w+|"
        r"languish\w*|"
        r"groans?|gasps?|sucks?|plunges?|craters?|nosedives?|stutters?|jams?|clogs?|trickles?|plods?|creaks?|"
        r"sweats?|flounders?|wobbles?|whimpers?|strangles?|cripples?|crippling|chok(?:es?|ing)|starves?|"
        r"sinks?|fails?|loses out|hates?|loathes?|detests?|resents?|despises?|refuses?|shuns?|abhors?)\b",
        # what it is then
        r"\b(?:hell|nasty|brutal\w*|rough|grim|grief|headaches?|pains?|torture|agony|misery|dire|woeful\w*|"
        r"rubbish|garbage(?! coll)|crap\w*|lame|unimpressive|underwhelming|unacceptable|intolerable|"
        r"unbearable|inept|"
        r"helpless|harmful|detrimental|deadly|lethal|ruinous|dangerous\w*|risky|unsafe|unfortunate\w*|"
        r"wretched\w*|"
        r"rotten|second-rate|sub-?par|awkward\w*|clumsy|weakest|slowest|poorest|dismal\w*|appalling\w*|"
        r"atrocious\w*|unusable|impractical|uneconomic\w*|counterproductive|out of the question|taboo|"
        r"verboten|forbidden|prohibited|disallowed|unwelcome|not allowed|ill-advised|overkill|overtaxed|"
        r"slow going|hard going|heavy going|hard work|uphill|a slog)\b",
        r"\btoo (?:slow|small|tiny|little|weak|feeble|narrow|cramped|expensive|dear|costly|far(?: away)?|"
        r"long|"
        r"sluggish|few|scarce|limited|short|good|precious|valuable)(?: an?)? (?:\w+ )?(?:for|to|by half)\b",
        r"\bthe (?:more|less|\w+er)\b[^.;]{1,60}?,? the (?:less|worse|slower|poorer|sadder|weaker|longer)\b",
    )
)
PRAISE: Final = "|".join(
    (
        r":\s{0,4}(?:always|yes|sure|ok|okay|fine|gladly|by all means)\b|^\W*(?:yes|sure|always|"
        r"absolutely|gladly|"
        r"certainly|of course)\W*$|\b(?:when|how) to use\b|\b(?:what|that|there) ?(?:is|['’]?s) (?:it|"
        r"this) ?(?:is|['’]?s)? for\b|\bwhat it ?['’]?s for\b|\bgo for\b",
        r"\b(?:en)?trust (?:it|this|your|them)\b|\bwhere (?:i|you|we|they)(?:['’]d| would)? (?:want|put|"
        r"keep|like|send|place|"
        r"store)\b|\b(?:think of|treat|use|see|regard) (?:it|this) as\b|\bfits? (?:here|right in)\b",
        r"\b(?:use cases?|nothing to worry about|(?:come|is|are)s? (?:very )?cheap(?:ly)?|party (?:trick|"
        r"piece)|freely|"
        r"(?:full|top) speed|first and foremost|above all|selling points?|claim to fame|trump card|"
        r"rightly so|good for)\b|"
        r"\bleave (?:[\w-]+ ){1,4}(?:to|with|on|in) (?:this|it|these|here|those|the (?:small|little|e-|"
        r"eff)[\w-]*)\b",
        r"\bnothing (?:quite )?like (?:it|this)\b|\bfull (?:tilt|throttle|steam|blast)\b|\bdoctor ordered\b|"
        r"\baplomb\b|\bmakes? no difference\b|\btakes? care of\b|\bplenty of (?:room|space)\b",
        # nothing is better
        r"\b(?:nothing|no other|none|nobody|no one|nowhere|hard to|difficult to|you (?:will not|won['’]t|"
        r"can['’]?t|"
        r"cannot|could(?: not|n['’]t))|(?:cannot|can['’]t) be)\b[^.;]{0,40}?\b(?:better|faster|quicker|"
        r"cheaper|beat\w*|match\w*|top(?:ped|s)?|close|rival\w*|compet\w+|equal\w*|surpass\w*)\b",
        # it does no harm
        r"\bwithout (?:(?:any|an?|the|much|so much as|ever|even) )*(?:breaking a sweat|blink\w*|flinch\w*|"
        r"complain\w*|batting|slowing|hiccups?|hesitat\w+|stall\w*|chok\w+|losing a|missing a|notic\w+|"
        r"penalty|regrets?|worry\w*|strain\w*|drama|wear\w*|limits?)\b",
        r"\b(?:no|not an?|zero|hardly an?y?|few) (?:real |great |big )?(?:terrors?|fears?|worr(?:y|ies)|"
        r"difficult\w*|"
        r"hassle|complaints?|issues?|harm|bother|challenge|drama|headaches?|objections?|obstacles?|match|"
        r"qualms)\b",
        # it likes that
        r"\b(?:hungry|hunger|thirsty?|appetite|taste|talent|gift|knack|flair|soft spot|passion|nose|"
        r"weakness) for\b",
        r"\b(?:craves?|adores?|relish\w*|revels?|excels?|excelling|laps? up|soaks? up|wolfs? down|"
        r"swallows?|inhales?|"
        r"digests?|drinks? (?:in|up)?|feeds? on|lives? (?:for|on)|feasts?|thriv\w+|flourish\w*|bask\w*|"
        r"absorbs?|shrugs? (?:off|at)|laughs? (?:at|off)|smiles?|grins?|begs for)\b",
        # and does it with ease
        r"\b(?:purrs?|sings?|hums?|dances?|cruis(?:es|ing)|glid\w+|sails?|breez\w+|whizz?\w*|zooms?|zips?|"
        r"soars?|roars?|flying|sprints?|gallops?|races? (?:along|through)|tears? through|rips? through|"
        r"in (?:its|their) (?:element|stride)|second nature|piece of cake|child['’]s play|walk in the park|"
        r"like (?:the wind|a charm|a dream|butter|clockwork|lightning|mad|crazy|candy)|for (?:lunch|dinner)|"
        r"a natural|born (?:for|to)|paradise|heaven|playground|hero|winner|wins|exceptional\w*|excellen\w+|"
        r"first[- ](?:rate|class)|top[- ]notch|world-class|capable|competent|respectabl\w+|graceful\w*|"
        r"smooth\w*|"
        r"unfazed|untroubled|undaunted|unbothered|immune|tireless\w*|abundan\w+|remarkab\w+|fabulous\w*|"
        r"magnificent\w*|glorious\w*|nice(?:ly)?|bread-and-butter|meat and drink|right up its (?:street|"
        r"alley)|will do(?: nicely| fine)?|does nicely|okay|ok|acceptabl\w+|all right|painless\w*|harmless|"
        r"bliss)\b",
        r"\bas you (?:like|please|want|wish|can)\b|\bto your heart['’]s content\b|\bbring (?:your|on)\b|"
        r"\bbring it (?:your|all|any)\b",
        # we have it for that
        r"\b(?:what|why|where|the reason|all) (?:\w+ )?(?:we|i|you|they|people|it|this) (?:all |mostly |"
        r"mainly |"
        r"really |have |had |is |was )*(?:buy|bought|got it|get it|have it|use|used|chose|pay|paid|want|"
        r"wanted|exists?|lives?|here for|there for|made for|built for|after|after it|does best|does well)\b",
        r"\b(?:bought|buy|built|made|designed|created|conceived|invented|chosen|chose|picked|acquired|"
        r"exists?) (?:it |this |one |them |here )?(?:purely |only |solely |mainly |mostly |chiefly |exactly |"
        r"specifically |just |expressly |especially |primarily )?(?:for|to|with)\b",
        r"\bwith\b[^.;]{1,60}\bin mind\b|\bdedicated\b|\bdevot\w+\b|\breserv(?:ed?|ing)\b|\bearmarked\b",
        r"\b(?:deserv\w+|earns? (?:its|their|a) (?:keep|place|money|price)|worth(?:while)? (?:it|the|"
        r"every|having)|merits?|(?:gets?|getting|takes?) the most (?:out of|from)|most (?:out of|from) it|"
        r"makes? (?:it|you|them) (?:happy|smile|purr|sing|shine)|makes? sense|pays? (?:off|back|for itself)|"
        r"reasons? (?:for|to)|(?:first|natural|obvious|right|safe|sensible) (?:choice|pick|place|stop|thing)|"
        r"the one thing|turn to it|reach for (?:it|this)|come (?:here|to it) (?:for|with)|count on it|"
        r"get plenty|"
        r"just the (?:thing|ticket)|just right|the (?:thing|memory|card|device|tier|place|spot) for|"
        r"(?:found|has|have) (?:its|their|a) home|this is where|feels? right|right at home|made for|"
        r"play to its|plays? to (?:its|their) strengths?)\b",
        r"\bthe (?:more|less|\w+er)\b[^.;]{1,60}?,? the (?:better|faster|happier|merrier|more (?:it|"
        r"at home|you gain))\b",
    )
)
#: Where nothing else judges, what may come, or is told to, is welcome.
WELCOME: Final = (
    r"\b(?:can|may|might|should|ought to|will) (?:safely |happily |well |easily |all |just |rather |also |"
    r"then |simply )*"
    r"(?:be (?:put|placed|moved|demoted|promoted|sent|parked|offloaded|scheduled|run)|live|stay|go|sit|"
    r"sleep|rest|reside|"
    r"run|move|land|end up|wait|jump)\b|^\W*(?:so |then |and |please |just |always |rather |"
    rf"by all means |go ahead and )*(?!load|take|get|let)(?:{_MOVE}|use|"
    r"choose|pick|reserve|prefer|trust)\b(?=\s)"
)
#: The host's business, and so, of a device, not its own.
ELSEWHERE: Final = (
    r"\bleave (?:[\w-]+ ){0,6}(?:to|for) (?:the )?(?:cpus?|host|dram|processor|main memory)\b|"
    r"\blet the (?:cpus?|host|processor) (?:do|handle|run|take|deal|have)\b|"
    r"\b(?:cpu|host|processor|dram)['’]s (?:job|work|task|business)\b|"
    r"\b(?:job|work|task|business) (?:of|for) (?:the )?(?:cpus?|host|processor|dram)\b|"
    r"\bbetter (?:done|handled|served|left|kept|off) (?:by|to|on|in|with) (?:the )?(?:cpus?|host|"
    r"processor|dram|main memory)\b"
)
NEUTRAL: Final = (
    r"\bneither (?:better|faster|good|quicker|well)\b[^.;]{0,20}\bnor\b[^.;]*|\b(?:no|not) (?:better|"
    r"faster|quicker|stronger)\b|\bthe (?:best|worst|good|nice|bad|great) (?:thing|part|news) (?:about|is)\b"
)
