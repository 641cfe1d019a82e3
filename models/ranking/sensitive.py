"""Recognises topics about violence, death and disaster, which are marked and worded plainly.

A post counts when it has an unambiguous word, or two different ambiguous ones: in this field people kill processes,
shoot photos and plan disaster recovery. A topic is sensitive when enough of its distinct posts count.
"""

import re
from collections.abc import Sequence

SHARE = 0.34
_PLAIN = re.compile(
    r"\b(?:murder(?:ed|s|er|ers)?|massacre[ds]?|genocide|terroris[mt]s?|terror attacks?|(?:mass )?shootings?|"
    r"gun(?:man|men|fire|shots?)|stabb(?:ed|ing)s?|suicides?|killings|manslaughter|homicides?|bomb(?:ing|ings|ed)|"
    r"air ?strikes?|rape[ds]?|raping|sexual(?:ly)? assault(?:ed|s)?|lynch(?:ed|ing)s?|hate crimes?|casualties|"
    r"fatalities|death toll|deaths|died|passed away|rest in peace|funerals?|condolences|mourn(?:s|ed|ing)?|"
    r"obituar(?:y|ies)|earthquakes?|tsunamis?|famine|war crimes?|refugees?|hostages?|torture[ds]?|injured|wounded|"
    r"ethnic cleansing|anti-asian hate|antisemitism|derailments?|plane crash|wildfires?|hurricanes?)\b",
    re.IGNORECASE,
)
_AMBIGUOUS = re.compile(
    r"\b(?:kill(?:ed|s)?|dead|dies|dying|deadly|death|victims?|attack(?:ed|s|ers?)?|wars?|violence|violent|shot|"
    r"guns?|weapons?|disasters?|tragic|tragedy|hate|abuse[ds]?|assault(?:ed)?|missiles?|rockets?|invasion|police|"
    r"crash(?:ed)?|floods?|flooding|explosions?|blast|pandemic|grief|survivors?|rip|racis[mt]|asian)\b",
    re.IGNORECASE,
)


def is_sensitive(texts: Sequence[str]) -> bool:
    """Whether the topic with these distinct posts is about violence, death or disaster."""
    if not texts:
        return False
    return sum(map(mentions_harm, texts)) >= max(2.0, SHARE * len(texts)) or (
        len(texts) == 1 and mentions_harm(texts[0])
    )


def mentions_harm(text: str) -> bool:
    """Whether one post is about violence, death or disaster."""
    if _PLAIN.search(text):
        return True
    return len({match.casefold().rstrip("s") for match in _AMBIGUOUS.findall(text)}) >= 2
