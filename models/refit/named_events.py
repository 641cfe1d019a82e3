"""Events that a week's posts name with their year: "#ICLR2021", "ICLR'21", and with it "ICLR" and "@iclr_conf".

What happens at a conference is a dozen subjects, so that clustering by meaning scatters it; the people there say with
one word that it is one event. A name with the year is how events of every field are tagged, so no list is needed.
"""

import re
from collections import defaultdict
from collections.abc import Sequence

from models.events import Tweet
from models.refit.voices import is_filed, voice_of

VOICES = 5  # people with words of their own who make a name an event
DATED_VOICES = 3  # of whom so many write the year
DATED = 0.34  # share of the name's posts that have the year; less and the name is a field ("AI2021")
SHORTEST = 3  # letters of a name
_TOKEN = re.compile(r"(?<!\w)[#@]?([^\W\d_]\w*)(?:['’](\d\d)\b)?")
_ENDS_WITH_YEAR = re.compile(r"_?((?:19|20)?\d\d)$")


def named_events(posts: Sequence[Tweet], year: int, least_posts: int) -> list[list[int]]:
    """The posts of each event, as ascending indices into `posts` (distinct ones), most posts first; none in two.

    `year`: of the week. `least_posts`: that make an event.
    """
    holders: dict[str, set[int]] = defaultdict(set)
    dated: dict[str, set[int]] = defaultdict(set)
    for index, post in enumerate(posts):
        if is_filed(post):
            continue
        for name, has_year in _names(post.text, year):
            holders[name].add(index)
            if has_year:
                dated[name].add(index)
    events: list[list[int]] = []
    taken: set[int] = set()
    for name in sorted(dated, key=lambda name: (-len(holders[name]), name)):
        held = holders[name] - taken
        known = {voice_of(posts[i]) for i in held & dated[name]}
        if len(held) < least_posts or len(known) < DATED_VOICES or len({voice_of(posts[i]) for i in held}) < VOICES:
            continue
        if len(held & dated[name]) >= DATED * len(holders[name]):
            events.append(sorted(held))
            taken |= held
    return events


def _names(text: str, year: int) -> set[tuple[str, bool]]:
    found = set()
    for token, short in _TOKEN.findall(text):
        ending = _ENDS_WITH_YEAR.search(token)
        has_year = str(year) in (ending[1] if ending else "", f"20{ending[1] if ending else short}")
        name = _ENDS_WITH_YEAR.sub("", token) if has_year else token
        name = name.casefold().partition("_")[0]
        if len(name) >= SHORTEST:
            found.add((name, has_year))
    return found
