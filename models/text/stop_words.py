"""Words that tell nothing about a post's subject: function words of the languages most posts are in, and chatter.

A word that is a content word in another of these languages ("die", "son") is left out of the list; `stop_words_of` has
them, and all others, for posts whose language is known.
"""

from functools import lru_cache

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
    """Function words of a language by its BCP 47 tag, casefolded, from the package stop-words.

    None for English, whose list here is shorter (theirs has "computer" and "system"), and for a language unknown.
    """
    from stop_words import safe_get_stop_words

    code = (language or "").casefold().partition("-")[0].partition("_")[0]
    if code in {"", "en"}:
        return frozenset()
    return frozenset(word.casefold() for word in safe_get_stop_words("nb" if code in {"no", "nn"} else code))
