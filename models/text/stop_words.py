"""Words that say nothing about a post's subject: function words of the most frequent languages, and small talk.

A word that is a content word in another of these languages ("die", "son") is not in the list. `stop_words_of` has all
words of one language, for posts whose language is known.
"""

from functools import cache, lru_cache

_ENGLISH = """
a about above after again against all also am an and any are aren't around as at away be because been before being
below between both but by can can't cannot could couldn't did didn't do does doesn't doing don't down during each
either else etc even ever every few for from further get gets getting go goes going gonna got had hadn't has hasn't have
haven't having he he'd he'll her here here's hers herself him himself his how how's i i'd i'll i'm i've if in into is
isn't it it'd it'll its itself just let let's like lot lots made make makes many may me might more most much must my
myself no nor not now of off on once one only onto or other our ours ourselves out over own per please quite rather
really same shall she she'd she'll should shouldn't since so some such than that that's the their theirs them
themselves then there there's these they they'd they'll they're they've this those though through to too under until up
upon us use used uses using very via vs was wasn't we we'd we'll we're we've well were weren't what what's when where
which while who who's whom whose why will with within without won't would wouldn't yes yet you you'd you'll you're
you've your yours yourself dont cant im ive isnt didnt doesnt wont youre thats
amp rt cc h/t w/ w/o u.s e.g i.e lol hey hi thanks thank today tomorrow yesterday 100daysofcode
"""
_OTHERS = """
de la le les des du et une est pas que qui dans pour sur avec ce ces cette il elle nous vous ils ses leur aux mais ou
el los las una es que en por con para su sus lo se del al como más pero sin este esta esto esos muy ya hay
der das dem den und ein eine einer eines ist nicht mit zu für von im auf auch sich wir ihr sie er es als bei nach aus
um uma os das dos nos não mais como ao pela pelo são foi il lo gli di che per non è sono della delle dei nel alla
het een van en voor met niet zijn op te aan ook naar bij
"""
STOP_WORDS: frozenset[str] = frozenset(
    word.replace("'", mark) for word in (_ENGLISH + _OTHERS).split() for mark in ("'", "’")
)


@lru_cache(maxsize=1024)
def stop_words_of(language: str | None) -> frozenset[str]:
    """Casefolded function words of a language by its BCP 47 tag, from the package stop-words.

    Empty for English, whose list here is shorter (the package's has "computer" and "system"), and for an unknown
    language.
    """
    from stop_words import safe_get_stop_words

    code = (language or "").casefold().partition("-")[0].partition("_")[0]
    if code in {"", "en"}:
        return frozenset()
    return frozenset(word.casefold() for word in safe_get_stop_words("nb" if code in {"no", "nn"} else code))


@cache
def english_only() -> frozenset[str]:
    """English function words that are none in another frequent language ("was", "in" and "die" are)."""
    others = frozenset().union(
        *map(stop_words_of, ("de", "nl", "fr", "es", "it", "pt", "ca", "sv", "da", "pl", "ro", "id"))
    )
    return frozenset(_ENGLISH.split("amp rt cc")[0].split()) - others


# allowed inside a title, never at its ends
_SMALL = "a an and as at by for from in into nor of on or over per the to vs via with without & +"

_FUNCTION = """
    about above across after again against all almost alone along already also although always am among another any
    anybody anyone anything are aren't around away back be became because become been before behind being below
    between beyond both but can can't cannot could couldn't did didn't do does doesn't doing don't done down during
    each either else enough etc even ever every everybody everyone everything everywhere except few first
    four three two one five six seven eight nine ten further get gets getting go goes going gone got had hadn't has
    hasn't have haven't having he he's her here here's hers herself him himself his how however i i'd i'll i'm i've if
    i.e e.g indeed instead is isn't it it's its itself just keep last least less let let's like likely ll look made
    make makes making many may maybe me might mine more most mostly much must my myself near need never next no none
    nobody not nothing now nowhere off often oh ok okay once only onto other others our ours ourselves out own perhaps
    please put quite rather re really s said same say says see seem seems seen several shall she should shouldn't
    since so some somebody someone something sometimes soon still such take takes than that that's the their theirs
    them themselves then there there's therefore these they they're they've this those though through throughout thus
    till together too toward towards under until up upon us use used uses using ve very want wants was wasn't way we
    we're we've well went were weren't what what's whatever when where whether which while who who's whole whom whose
    why will won't within won would wouldn't yes yet you you'd you'll you're you've your yours yourself t don
    aka amp rt cc icymi fyi imo imho lol tl dr pls thx
"""


# verbs, adverbs and adjectives of announcements: no title starts or ends with them
_WEAK = """
    able actually amazing announce announced announces announcing awesome available based beautiful best better big
    biggest bring brings build building built call called calls change changes check come comes coming cool could
    create created creates creating day days different easy enable enables ensure excited exciting expect explain
    explained explains explore explores fantastic find finds free fun gave get give gives giving good great happen
    happens happy hard help helps helping hey hi high hours huge improve improves improving incredible interesting
    introduce introduced introduces introducing join joined key know known knows large later latest launch launched
    launches launching lead leading leads learn learned lets list little live looking looks lot lots love loved main
    major mean means meet minute minutes month months morning move moves nice new newest news night old open
    pick play point post posted posts present presented presenting presents pretty proud provide provides published
    read reading ready real recent recently register released releases releasing reveal reveals right run running say
    saying set share shared shares sharing short show showing shows simple simply small start started starts stay
    stop sure talk talked talking talks tell test thank thanks thing things think thinking thought thoughts thread
    time times tips today today's tomorrow tonight top tried try trying tweet tweets turn turns understand understanding
    updated video via wait watch watching week weekend weeks weird welcome win work worked working works world worth
    wow wrong write writes writing written wrote year years yesterday young january february march april may june july
    august september october november december monday tuesday wednesday thursday friday saturday sunday blog
    important according part click link paper papers article code full finally long let lets ways reasons tip must far
soon latest
    million millions billion billions trillion trillions hundreds thousands percent
"""


# verbs of headlines: a title is a noun phrase and contains none of them
_VERBS = """
according achieve adopt adopts allow allows analyze apply avoid avoids beat beats become become becomes begins believe
boost boosts break breaks cause causes choose collaborate combine compare condemn condemning consider continue cut cuts
decide define deliver delivers deploy detect detects develop develops discover discovers discuss do does drive drives
drop drops earn ends enhance ensure enter evaluate exists expands explaining exposes face faces fail fails feel fight
finds fix follow follows forces forget fund gain generate generates grow grows happen hire hires hit hits identify
implement includes increase increases integrate invest invests keeps kill kills lacks leave leaves listen live lives
lose loses manage matter matters measure miss need needs offer offers optimize outperforms overcome pass passes pause
pauses pay pays predict predicts prevent produce protect prove proves pull pulls push puts raise raises reach reaches
receive reduce reduces remain remains remember remove replace require requires run says scale seek send solve solves
speak speaks spend stands stops struggle submit suggest suggests support supports suspend take tell tells train
transform transforms turn unveil unveils upgrade upgrades win wins sell
buy warn admit claim ask want ban sue quit unlock
"""

_OTHER_LANGUAGES = """
    le la les un une des du de et est dans pour que qui sur avec ce cette au aux par pas plus en il elle nous vous
    der die das den dem ein eine einer und ist im mit von zu auf für nicht auch sich bei als aus wie wird
    el los las una y es con por para del se lo su al como más o e os da do em não uma um na no com
    il gli che di per è sono della nel het een van voor niet op te
"""

SMALL_WORDS = frozenset(_SMALL.split())

WEAK_WORDS = frozenset(_WEAK.split())

VERBS = frozenset(_VERBS.split())

TITLE_STOP_WORDS = SMALL_WORDS | frozenset(_FUNCTION.split()) | frozenset(_OTHER_LANGUAGES.split())
