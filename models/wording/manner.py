"""How a sentence speaks: whether it reports something to a stranger, or asks, appeals, greets, or goes on with another.

The patterns are English grammar and the habits of posts; none contains a subject. Every pattern is linear in the text.
"""

import re

from models.ranking.junk import ADVERTISEMENT, GREETING
from models.ranking.news import NEWS
from models.text.stop_words import VERBS

MANY_COMMAS = 4  # a list

_CALL = re.compile(
    r"\b(subscribe|register|sign up|join (us|me)|follow (us|me)|click|retweet|rt if|giveaway|discount|free ebook|dm me|"
    r"read more|check ?(it|this|them|out)|tune in|don't miss|stay tuned|enroll|get your|we're hiring|we are hiring|"
    r"link in bio|learn more|see you|here(?:['’]s| is) (?:the|a|my|our) link|download|get started|here$|come (?:by|say|"
    r"join|and|hear|see|to)|try it|get it here|apply now|go to|buy now|pre-?order|let (?:me|us) know|stop by|drop by|"
    r"(?:quick )?question (?:for|to)|please (?:share|rt|retweet|help|join|read|see)|interested in \w+ing)\b",
    re.IGNORECASE,
)
# a sentence that opens with a bare verb tells its reader what to do
_APPEAL = re.compile(
    r"^(?:please |just |now |go |also,? )*(?:add|ask|apply|bring|call|change|choose|come|consider|create|describe|do|"
    r"don['’]t|drop|enjoy|explore|find|follow|forget|get|give|go|have a|help|imagine|import|join|keep|learn|leave|let|"
    r"listen|look|make|mark|never|note|pick|put|read|remember|rt|save|say|see|send|share|show|start|stay|stop|submit|"
    r"subscribe|take|tell|think|tune|try|update|use|visit|vote|wait|watch|wear|write)\b(?!-| ?[:’'])",
    re.IGNORECASE,
)
DANGLING = re.compile(  # what it goes on with is not there
    r"^(?:and|but|or|so|because|also|which|that|then|this|these|those|it|it['’]s|its|they|he|she|his|her|their|here|"
    r"there|is|are|was|were|has|have|had|does|did|if|thread|yes|no|lol|btw|haha|oh|wow|via|by|e\.g|i\.e|thanks?|plus|"
    r"thank you|congrat\w*|ps|p\.s|\d+[/.)]|as (?:a result|an example|such)|for (?:example|instance)|anyway|that said|"
    r"in (?:this way|other words)|instead|meanwhile|however|otherwise|not (?:just|only)|of course|second(?:ly)?|"
    r"third(?:ly)?|finally|fine|ok(?:ay)?|sure|well|now available|yet|still|even|same|to me|dear|"
    r"to (?:the|all|every)\w*|last (?:week|month|year))\b",
    re.IGNORECASE,
)
_APPOINTMENT = re.compile(
    r"\b\d{1,2}(:\d\d)?\s?[ap]\.?m\b|\bat \d{1,2}:\d\d\b|\b(?:right now|happening now|live now)\b|"
    r"\b(tonight|tomorrow|tmrw|later today|(in|next) \w+ (min|hour|hr)\w*)\b",
    re.IGNORECASE,
)
_OPINION = re.compile(
    r"\b(?:i|i['’]m|i['’]ve|i['’]d|i['’]ll|imo|imho|my (?:take|view|guess|bet|favou?rites?)|honestly|personally|"
    r"so (?:excited|proud|happy|cool)|love (?:this|it|that)|wow|lol|heartbroken|devastated|thrilled|delighted|"
    r"speechless|still thinking|amazing|exceptional|fascinating|great (?:work|job|stuff|read)|excellent|funny how|sad|"
    r"shame\w*|awful|horrible|disgrace\w*|mesmeri[sz]ing|stunning|insane|ridiculous)\b|"
    r"^(?:so |very |really |super )?(?:grateful|glad|happy|proud|excited|honou?red|humbled|thankful|sad|surprised|"
    r"pleased|curious)\b",
    re.IGNORECASE,
)
_HAPPY_DAY = re.compile(r"\bhappy (?:\S{1,20} ){1,4}day\b", re.IGNORECASE)
_AVAILABLE = re.compile(r"\b(?:is|are) (?:now |also )?available\b|\bavailable (?:today|now)\b", re.IGNORECASE)
_CHAPTER = re.compile(r"^\W*\d{1,2}:\d\d\b")  # a mark in a recording
_OPEN_END = re.compile(  # what it ends with needs an object, which was a link
    r"\b(?:share|announce|introduce|release|present|launch|find out|see|of|to|on|for|with|at|about|is|are|the|an?|our|"
    r"my|from|by|called|titled|below)[.:!]?$",
    re.IGNORECASE,
)
_EVALUATION = re.compile(  # "is shockingly good"
    r"\b(?:is|are|was|were|looks?|feels?|seems?|sounds?) (?:just |such )?(?:a )?(?:definitely|really|very|pretty|quite|"
    r"so|super|truly|simply|absolutely|incredibly|surprisingly|shockingly|insanely|extremely|totally|seriously|"
    r"wildly|remarkably|hugely|obviously|clearly)\b",
    re.IGNORECASE,
)
_ME = re.compile(  # or without its subject: "Tried it on a phone"
    r"\b(?:i(?:['’](?:m|ve|d|ll))?|my|me)\b|"
    r"^(?:just |finally )?(?:asked|tried|tested|finished|built|made|spent|wrote|saw|heard|went|had|learned|used|got)\b",
    re.IGNORECASE,
)
_WE = re.compile(r"\b(?:we(?:['’](?:re|ve|d|ll))?|our|us|let['’]s)\b", re.IGNORECASE)
_YOU = re.compile(r"\byou(?:r|['’](?:re|ve|d|ll))?\b", re.IGNORECASE)
_FINITE = re.compile(
    r"\b(?:is|are|was|were|am|has|have|had|does|did|can|could|will|would|may|might|must|should|cannot|\w+n['’]t|"
    r"(?:it|that|he|she|there|what|who)['’]s|\w+['’](?:re|ve|ll|d|m)|\w{2,}ed|became|began|brought|built|bought|came|"
    r"chose|cut|drew|drove|fell|found|gave|got|grew|held|hit|kept|knew|left|lost|made|meant|met|paid|put|ran|rose|saw|"
    r"sent|set|shut|sold|spent|spoke|stood|taught|thought|told|took|went|won|wrote|goes|says|means|makes|gets|"
    r"(?:i|we|you|they|who) (?:\w+ly )?[a-z]{2,})\b",
    re.IGNORECASE,
)
_NAME_DOES = re.compile(r"\b[A-Z][\w.’'-]* (?:\w+ly )?[a-z]{2,}s\b")  # "Orlop sinks", or "Orlop barges"
_WORD = re.compile(r"[^\W\d_]+")


def clarity(text: str, *, heading: bool = False) -> float:
    """Return how well a sentence reports something to a stranger, 0 to 1: each fault is a factor.

    Args:
        text: the sentence, without the mark of a cut.
        heading: whether it is written as a heading, which needs no verb.
    """
    worth = 0.35 if _CALL.search(text) or (_APPEAL.match(text) and not heading) else 1.0
    worth *= 0.35 if GREETING.search(text) or _HAPPY_DAY.search(text) or ADVERTISEMENT.search(text) else 1.0
    worth *= 0.5 if _APPOINTMENT.search(text) else 1.0
    worth *= 0.5 if DANGLING.match(text) else 1.0
    worth *= 0.5 if text.endswith("?") else 1.0
    worth *= 0.6 if _OPINION.search(text) or _EVALUATION.search(text) else 1.0
    worth *= 0.3 if _CHAPTER.match(text) else 1.0
    worth *= 0.4 if _OPEN_END.search(text) or (text[0] in "[(" and text[-1] in ")]") else 1.0
    worth *= 0.6 if text.count(",") >= MANY_COMMAS else 1.0
    worth *= 1.0 if heading or not text.isascii() or has_verb(text) else 0.75
    return round(worth, 9)


def speaker(text: str) -> float:
    """Return how well a sentence stands without its speaker: less with "I", and a little less with "we" or "you"."""
    return 0.4 if _ME.search(text) else 0.7 if _WE.search(text) or _YOU.search(text) else 1.0


def is_news(text: str) -> bool:
    """Whether a sentence has a verb of news."""
    return NEWS.search(text) is not None or _AVAILABLE.search(text) is not None


def has_verb(text: str) -> bool:
    """Whether a sentence seems to have a finite verb."""
    if _FINITE.search(text) or _NAME_DOES.search(text) or is_news(text):
        return True
    return any(word.casefold() in VERBS for word in _WORD.findall(text)[1:])
