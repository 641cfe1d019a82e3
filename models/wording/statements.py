"""Statements of a story's posts, best first: candidates for its title, its lead and its items. Pure.

A statement is a passage of a post, a passage of a quoted post, or the title of a link. It ranks high if it says what
most people of the story say and few others do, if its author is the subject ("@lanternlabs" of LanternNet), if it has a
verb of news, is early, or was shared often. It ranks low if it is a question, an answer, an appeal or an opinion:
announcements come before opinions.
"""

import math
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from models.events import Tweet
from models.text.plain import one_line
from models.text.stop_words import STOP_WORDS, WEAK_WORDS
from models.wording.manner import clarity, is_news, speaker
from models.wording.passages import Passage, passages
from models.wording.quotations import HEADING, LEAD, embeddable, fits, post_passages, quality
from models.wording.usage import Usage, atoms, is_title_case

Origin = Literal["own", "title", "quoted"]
MAX_POSTS = 200  # posts of a story that are read
PER_POST = 6  # maximum number of passages
NEWS_FIRST = 2.0  # bonus of a verb of news
ITS_OWN = 1.5  # bonus if the author is the subject
NAME = 2.0  # weight of a word that is a name, relative to other words
TITLE_CASE = 1.3  # bonus of a text written as a heading
TWO_SENTENCES = 0.7  # factor of a heading that consists of two
NAMELESS = 0.6  # factor of a passage without a name, where the story has one
SUBJECT_FIRST = 1.3  # bonus of a sentence that opens with a name
OPENING_WORDS = 4  # of a sentence, among which this name is
ANSWER = 0.5  # factor of an answer: its question is not in the text
FOREIGN = 0.3  # factor of a language that most posts do not use
THREAD = 0.75  # factor of a later post by the same person
LATE = 0.25  # loss of the last post of a story, relative to the first
LIKED = 0.3  # gain of the most liked post, relative to posts without likes
WORK_WORDS = 4  # minimum number of words of the title of a work inside a sentence
SHORTEST_OWN = 4  # minimum letters of a name to recognise it in a handle
_INNER_END = re.compile(r"\w{3}[.!?] [A-Z]")
_WORK = re.compile(r'["“]([^"“”\n]{15,150})["”]')  # "our paper "Moorings in Ice" is out": its title


@dataclass(frozen=True)
class Statement:
    """Text with its quality; it is the post's own text unless `is_title` or `is_quoted`."""

    text: str
    place: int  # place of its post in the input
    telling: float  # without regard to its length
    worth: float  # as a lead
    form: float  # bonus as a heading
    complete: bool
    position: int
    is_title: bool = False  # the title of the post's link
    is_quoted: bool = False  # text of the quoted post
    is_news: bool = False  # it has a verb of news, or the form of a headline

    def heading_as(self, text: str) -> float:
        """Return its worth as a heading that is shown as `text`."""
        return round(self.telling * self.form * fits(text, HEADING), 9)


def statements(
    posts: Sequence[Tweet],
    usage: Usage,
    *,
    closeness: Sequence[float] | None = None,
    sensitive: bool = False,
) -> list[Statement]:
    """Return the statements of a set of posts, best first; independent of the order of the posts.

    Args:
        posts: all posts of the story, with retweets.
        usage: word counts of all posts of the week or of the window, with these.
        closeness: cosine of each post to the story's centre; None: only the words count.
        sensitive: whether the story is about harm.
    """
    read = _first(posts)
    weights = told_weights([posts[place] for place in read], usage)
    names = {key for key, weight in weights.items() if len(key) >= SHORTEST_OWN and weight >= 0.5 * _top(weights)}
    bearers: dict[str, set[str]] = defaultdict(set)
    for place in read:
        bearers[source_of(posts[place])].add(posts[place].author_id)
        if posts[place].kind == "quote":
            bearers[posts[place].related_id or ""].add(posts[place].author_id)
    times = {place: rank for rank, place in enumerate(sorted(read, key=lambda p: (posts[p].created_at, posts[p].id)))}
    first: dict[str, int] = {}
    for place in sorted(read, key=times.__getitem__):
        first.setdefault(posts[place].author_id, times[place])
    said: dict[str, set[str]] = defaultdict(set)  # a text -> who says it, or shares the page with that title
    for place in read:
        for passage, _ in _texts(posts[place]):
            said[passage.text].add(posts[place].author_id)
    liked = max((_engagement(posts[place]) for place in read), default=0)
    seen: set[tuple[str, str | None]] = set()
    found = []
    for place in read:
        post = posts[place]
        worth = 1 - LATE * times[place] / len(read)
        worth *= 1 + LIKED * math.log1p(_engagement(post)) / math.log1p(liked) if liked else 1.0
        worth *= THREAD if times[place] > first[post.author_id] else 1.0
        worth *= FOREIGN if post.lang not in {None, "und", usage.language} else 1.0
        worth *= ANSWER if post.kind == "reply" else 1.0
        worth *= 0.5 + round(max(0.0, closeness[place]), 4) if closeness is not None else 1.0
        for passage, source in _texts(post):
            if source == "quoted" and (passage.text, post.related_id) in seen:
                continue
            seen.add((passage.text, post.related_id))
            telling = worth * (1 + math.log(max(len(bearers[source_of(post)]), len(said[passage.text]))))
            telling *= ITS_OWN if _is_own(post, names, source) else 1.0
            telling *= 1 + math.log(len(bearers[post.related_id or ""]) or 1) if source == "quoted" else 1.0
            heading = source == "title" or usage.is_headline(atoms(passage.text))
            telling *= quality(passage, told(passage.text, weights), sensitive=sensitive, heading=heading)
            telling *= NEWS_FIRST if is_news(passage.text) else 1.0
            telling *= _naming(passage.text, usage)
            if telling > 0:
                found.append(_statement(passage, place, telling, source, heading=heading))
    return sorted(found, key=lambda one: (-one.worth, posts[one.place].id, one.position, one.text))


def _naming(text: str, usage: Usage) -> float:
    """Return the worth of a sentence by the names in it: one that opens with its subject tells most."""
    names = [place for place, atom in enumerate(atoms(text)) if usage.names(atom)]
    return NAMELESS if not names else SUBJECT_FIRST if names[0] < OPENING_WORDS else 1.0


def _statement(passage: Passage, place: int, telling: float, source: Origin, *, heading: bool) -> Statement:
    text = passage.text
    return Statement(
        text,
        place,
        round(telling, 9),
        round(telling * fits(text, LEAD), 9),
        (TITLE_CASE if heading else 1.0) * (TWO_SENTENCES if _INNER_END.search(text) else 1.0),
        passage.complete,
        passage.position,
        source == "title",
        source == "quoted",
        heading or is_news(text),
    )


def representative(
    posts: Sequence[Tweet], usage: Usage, *, closeness: Sequence[float] | None = None, sensitive: bool = False
) -> tuple[int, str] | None:
    """Return the place and the words of the post that represents a story best; None if there is no quotable text."""
    found = statements(posts, usage, closeness=closeness, sensitive=sensitive)
    return next(((one.place, one.text) for one in found if embeddable(one.text)), None)


def tellable(posts: Sequence[Tweet], usage: Usage) -> float:
    """Return how well the clearest sentence of a story reports something to a stranger, 0 to 1."""
    return max(
        (
            clarity(passage.text, heading=source == "title" or usage.is_headline(atoms(passage.text)))
            * speaker(passage.text)
            * min(1.0, _naming(passage.text, usage))
            for place in _first(posts)
            for passage, source in _texts(posts[place])
        ),
        default=0.0,
    )


def told_weights(posts: Sequence[Tweet], usage: Usage) -> dict[str, float]:
    """Return word -> weight in the story: share of the people who use it, times its rarity elsewhere."""
    people: dict[str, set[str]] = defaultdict(set)
    for post in posts:
        for atom in atoms(post.text):
            if atom.key not in STOP_WORDS and atom.key not in WEAK_WORDS and not atom.key.isdigit():
                people[atom.key].add(post.author_id)
    everybody = len({post.author_id for post in posts})
    return {
        key: (NAME if usage.is_name(key) else 1.0)
        * len(users)
        / everybody
        * math.log(1 + (1 + usage.everybody) / (1 + usage.people([key]) - len(users) / 2))
        for key, users in people.items()
    }


def told(text: str, weights: Mapping[str, float]) -> float:
    """Return the share of the story's weighted words that `text` contains, 0 to 1."""
    best = sum(sorted(weights.values(), reverse=True)[:5])
    keys = dict.fromkeys(atom.key for atom in atoms(text))
    return min(1.0, sum(weights.get(key, 0.0) for key in keys) / best) if best else 0.0


def _first(posts: Sequence[Tweet]) -> list[int]:
    """Return the places of the posts to read: a post before its retweets."""
    return sorted(range(len(posts)), key=lambda place: (posts[place].kind == "retweet", posts[place].id))[:MAX_POSTS]


def _texts(post: Tweet) -> Iterator[tuple[Passage, Origin]]:
    for link in post.links:
        if link.title:
            yield Passage(one_line(link.title.partition(" | ")[0], 200), 0), "title"
    own = post_passages(post)[:PER_POST]
    for passage in own:
        yield passage, "own"
    for passage in own:
        for work in _WORK.findall(passage.text):
            if len(work.split()) >= WORK_WORDS and is_title_case(work):
                yield Passage(work, 0), "own"
    for passage in passages(post.quoted_text or "")[:PER_POST]:
        yield passage, "quoted"


def _top(weights: Mapping[str, float]) -> float:
    return max(weights.values(), default=0.0)


def source_of(post: Tweet) -> str:
    """Return the id of the post whose words these are: a retweet has those of its original."""
    return (post.related_id or post.id) if post.kind == "retweet" else post.id


def _is_own(post: Tweet, names: set[str], source: Origin) -> bool:
    """Whether the author's name contains the subject of the story."""
    author = (post.related_author or "") if post.kind == "retweet" or source == "quoted" else post.author
    handle = "".join(filter(str.isalnum, author.casefold()))
    return any(name in handle for name in names)


def _engagement(post: Tweet) -> int:
    metrics = post.metrics
    return metrics.likes + 2 * metrics.retweets + metrics.quotes + metrics.replies
