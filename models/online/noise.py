"""How strong the stories of a stream are by chance, and which strength is enough for the board and for a trend.

Once in 24 hours of event time, days without news are made: every active person gets one of their own earlier days,
drawn at random, so that people keep their subjects and habits, but not the time that they share. The same search finds
groups there. Their strengths are compared with those of the real days:

* The board shows a story if, at its strength, at most a fifth of the groups are there by chance (false discovery rate).
* A story trends if chance brings a group of its strength at most once in `TREND_DAYS` days.

The draw depends on the names of the people and the date only, so the same log gives the same floors.
"""

from collections import defaultdict
from collections.abc import Sequence
from zlib import crc32

import msgspec

from models.online.floors import FEWEST_DAYS, ROUNDS
from models.online.stories import Story, find_stories
from models.online.topic_space import TopicSpace
from models.online.window import SPAN, Day, WindowPost, used


def measure_noise(space: TopicSpace, stories: Sequence[Story]) -> None:
    """Add the last day, in which these groups were found, to the space's noise."""
    chance: list[float] = []
    for number in range(ROUNDS):
        made = _made_day(space, number)
        if made is None:
            return
        chance += [story.strength for story in find_stories(space, made)[0]]
    space.noise.learn([story.strength for story in stories], chance)


def _made_day(space: TopicSpace, number: int) -> Day | None:
    """Return a day in which every active person has one of their own earlier days; None if there are too few."""
    window, now = space.window, space.now
    days: dict[str, dict[int, list[int]]] = defaultdict(lambda: defaultdict(list))
    for place, post in enumerate(window.earlier):
        if post.at <= now - SPAN:
            days[post.author][int((now - post.at) // SPAN)].append(place)
    if len({day for own in days.values() for day in own}) < FEWEST_DAYS:
        return None
    drawn: list[tuple[float, int]] = []
    for author in sorted({post.author for post in window.posts if post.at > now - SPAN} & days.keys()):
        own = sorted(days[author])
        draw = crc32(f"{author}\0{space.day}\0{number}".encode("utf-8", "surrogatepass"))
        day = own[draw % len(own)]
        drawn += [(window.earlier[place].at + day * SPAN, place) for place in days[author][day]]
    drawn.sort()
    posts: list[WindowPost] = []
    usage = window.usage.copy()
    for at, place in drawn:
        post = window.earlier[place]
        posts.append(msgspec.structs.replace(post, at=at))
        for bucket in used(post):
            usage[bucket] -= usage[bucket] > 0  # its own use is no earlier one
    return Day(posts, [window.earlier_rows[place] for _, place in drawn], usage, window.left)
