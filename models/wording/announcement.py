"""What a sentence tells, without the words that only announce or hedge it. Pure.

Excited to launch our Charts                         Charts
We're exploring ways to name a barge                 Exploring ways to name a barge
Judging by my mail there is a gap in the wall        There is a gap in the wall
Our paper is out: barges drift less at night         Barges drift less at night
"""

import re
from typing import Final

FEWEST: Final = 3  # words of what is left, unless it has a name
_WHEN = r"(?:(?:today|finally|now),? )?"
_WE = r"(?:i|we|they|[^.!?:]{1,60} and i)(?:['’](?:m|re)| am| are)? "
_MOOD = r"(?:excited|thrilled|happy|proud|pleased|delighted|glad|honou?red)"
_GLAD = rf"(?:just )?(?:(?:so|very|really|super|beyond) )?{_MOOD} to "
_TELL = r"(?:announc|introduc|shar|present|releas|launch|unveil)"
_WORK = r"(?:paper|preprint|blog ?post|post|article|study|report|work|research|thread|talk|book|video)"
_WORK_ON = rf"(?: (?:our|my|the) (?:new |latest )?{_WORK}(?: on|(?= [“\"])))?"
_OF_OURS = rf"(?: today)?(?: that|:)?{_WORK_ON}(?: (?:our|my|a|an|the))?"
_HEDGE = re.compile(
    r"^(?:i (?:really |still )?(?:think|believe|guess|suspect|know)|i['’]m (?:pretty |quite |very )?sure|"
    r"(?:it )?(?:looks|seems) like|(?:it )?turns out|judging by (?:\w+ ){0,3}\w+(?=,? (?:there|it|the|we|this)\b)|"
    r"hear me out|fun fact|hot take|til|note|reminder|psa|ironically|interestingly|apparently|honestly|imho|imo|"
    r"as i(?:['’]ve| have)? (?:said|mentioned|noted)(?: [a-z]+){0,3}|in my (?:opinion|view)|to me)(?: that)?[,:–—-]*\s+"
    r"(?:[–—-]\s+)?",
    re.IGNORECASE,
)
_IS_OUT = (
    r"(?: with [\w@ ]{1,40}?)?(?: (?:is|are))?(?: (?:now|finally))?(?: (?:out|live|here|online|up))?(?: now| today)?"
)
_OUR_WORK = re.compile(
    rf"^(?:(?:our|my) (?:\w+ ){{0,3}}\w+:|(?:(?:our|my|a|the) )?(?:(?:brand )?new |latest )?{_WORK}{_IS_OUT}[:!]|"
    rf"(?:check ?out |see |read |watch )?(?:our|my) (?:(?:brand )?new |latest )?{_WORK} (?:on|about))\s+",
    re.IGNORECASE,
)
_ANNOUNCES = re.compile(
    rf"^{_WHEN}(?:(?:{_WE})?{_GLAD}(?:be )?{_TELL}(?:e|ing)?|{_WE}{_TELL}(?:e|ing)?|{_TELL}ing){_OF_OURS}\s+",
    re.IGNORECASE,
)
_IS_DOING = re.compile(
    r"^(?:we|i)(?:['’](?:re|m)| are| am) (?:also |now |currently |still |just )?(?=[a-z]{2,}ing\b(?! to\b))",
    re.IGNORECASE,
)
_FOLLOWS = re.compile(
    r"(?:on|at|in|with|for|to|about|from|of|by|and|that)\b", re.IGNORECASE
)  # no opening of a sentence
_REPORTED = re.compile(r"^@?\w{2,30}: ['‘\"](.+?)['’\"]?\s*$")  # "@bo: 'It rains.'"
_AT_ITS_END = re.compile(
    r"[ ,]+(?:today|tonight|tomorrow|(?:right )?now|this (?:week|morning|evening))$", re.IGNORECASE
)


def announced(text: str) -> str:
    """Return what a sentence announces, if it opens with the words that announce it; else `text`."""
    text = _REPORTED.sub(r"\1", text)
    for opening in (_HEDGE, _OUR_WORK, _ANNOUNCES, _IS_DOING):
        found = opening.match(text)
        if found is None:
            continue
        rest = text[found.end() :]
        if opening is _ANNOUNCES:
            rest = _AT_ITS_END.sub("", rest.rstrip(" .!"))
        if _FOLLOWS.match(rest):
            continue
        if rest.count(" ") + 1 >= FEWEST or any(map(str.isupper, rest[1:])):
            text = rest[:1].upper() + rest[1:]
    return text
