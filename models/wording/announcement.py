"""What a sentence announces, without the words that only announce: "Excited to launch our Charts" is "Charts". Pure."""

import re
from typing import Final

FEWEST: Final = 3  # words of what is left, unless it has a name
_WHEN = r"(?:(?:today|finally|now),? )?"
_WE = r"(?:i|we|they|[^.!?:]{1,60} and i)(?:['’](?:m|re)| am| are)? "
_MOOD = r"(?:excited|thrilled|happy|proud|pleased|delighted|glad|honou?red)"
_GLAD = rf"(?:just )?(?:(?:so|very|really|super|beyond) )?{_MOOD} to "
_TELL = r"(?:announc|introduc|shar|present|releas|launch|unveil)"
_WORK_ON = r"(?: (?:our|my|the) (?:new |latest )?(?:work|paper|research)(?: on|(?= [“\"])))?"
_OF_OURS = rf"(?: today)?(?: that|:)?{_WORK_ON}(?: (?:our|my|a|an|the))?"
_ANNOUNCES = re.compile(
    rf"^{_WHEN}(?:(?:{_WE})?{_GLAD}(?:be )?{_TELL}(?:e|ing)?|{_WE}{_TELL}(?:e|ing)?|{_TELL}ing){_OF_OURS}\s+",
    re.IGNORECASE,
)
_AT_ITS_END = re.compile(
    r"[ ,]+(?:today|tonight|tomorrow|(?:right )?now|this (?:week|morning|evening))$", re.IGNORECASE
)


def announced(text: str) -> str:
    """Return what a sentence announces, if it opens with the words that announce it; else `text`."""
    opening = _ANNOUNCES.match(text)
    if opening is None:
        return text
    rest = _AT_ITS_END.sub("", text[opening.end() :].rstrip(" .!"))
    enough = rest.count(" ") + 1 >= FEWEST or any(map(str.isupper, rest[1:]))
    return rest[:1].upper() + rest[1:] if enough else text
