"""What can be counted about a topic of a week; ranking and junk recognition judge by these numbers.

Only distinct posts count as evidence; people also take part by repeating (a retweet).
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from models.events import Tweet
from models.names import NameSpelling
from models.story import Story
from models.text import hashtag_wall, words
from models.text_words import link_host
from models.week_posts import WeekPosts

OWN_WORD = 0.5  # share of a word's posts that are in the topic, from which it is the topic's own


@dataclass(frozen=True)
class WeekWords:
    """Words and two-word phrases of every post, in how many distinct posts each stands, and how words are written."""

    of_post: Sequence[tuple[str, ...]]
    frequency: Mapping[str, int]
    spelling: NameSpelling


@dataclass(frozen=True)
class StoryFacts:
    """evidence: distinct posts. posts: with support. voices: weight by author, 1 for evidence, half for repeating only.
    authors: of the evidence. coherence: mean cosine of all pairs of the evidence. wall: mean share of hashtags.
    length: median number of words. linked, specific, named: shares of the evidence with a link, a word of the topic's
    own, a name of its own. focus: share of the evidence that has the most frequent new name, or the link that most
    people pass on, whichever is larger; known_focus: the most frequent name that earlier weeks had too; subject: the
    most frequent of the own words. peak: share of the posts on the two busiest days in a row. top_author: largest
    share of the evidence. top_publisher: most links of one site, for each post of the evidence. own_words: words and
    phrases that stand mostly in this topic. names: those of them that are names, but not of those who post or of
    their sites.
    """

    evidence: int
    posts: int
    voices: Mapping[str, float]
    authors: int
    coherence: float
    wall: float
    length: float
    linked: float
    specific: float
    named: float
    focus: float
    known_focus: float
    subject: float
    peak: float
    top_author: float
    top_publisher: float
    own_words: frozenset[str]
    names: frozenset[str]


def week_words(week: WeekPosts, stories: Sequence[Story]) -> WeekWords:
    """Counted over the evidence of all stories, so that a text that was repeated a hundred times counts once."""
    of_post = [_with_phrases(words(post.text, (), ())) for post in week.posts]
    frequency: Counter[str] = Counter()
    for story in stories:
        for i in story.distinct:
            frequency.update(of_post[i])
    evidence = (week.posts[i].text for story in stories for i in story.distinct)
    return WeekWords(of_post, frequency, NameSpelling(evidence))


def _with_phrases(single: Sequence[str]) -> tuple[str, ...]:
    return (*single, *(f"{one} {other}" for one, other in pairwise(single)))


def facts(story: Story, week: WeekPosts, vocabulary: WeekWords, known: frozenset[str] = frozenset()) -> StoryFacts:
    """The facts of one story with at least one distinct post. `known`: words that told earlier weeks' topics apart; a
    name among them is nothing new."""
    evidence = [week.posts[i] for i in story.distinct]
    count = len(evidence)
    own = _own_words(story, vocabulary)
    spelt = frozenset(word for word in own if vocabulary.spelling.is_name(word))
    names = spelt - _signatures(evidence)
    spoken = [set(vocabulary.of_post[i]) for i in story.distinct]
    return StoryFacts(
        evidence=count,
        posts=len(story.members),
        voices=_voices(story, week),
        authors=len({post.author_id for post in evidence}),
        coherence=_pairwise(week.vectors[story.distinct]),
        wall=float(np.mean([hashtag_wall(post.text) for post in evidence])),
        length=float(np.median([len(words(post.text, (), ())) for post in evidence])),
        linked=sum(bool(post.links) for post in evidence) / count,
        specific=sum(bool(own & post) for post in spoken) / count,
        named=sum(bool(names & post) for post in spoken) / count,
        focus=max(_most_common(names - known, spoken), _shared_link(evidence)),
        known_focus=_most_common(names & known, spoken),
        subject=_most_common(own, spoken),
        peak=_peak(story, week),
        top_author=Counter(post.author_id for post in evidence).most_common(1)[0][1] / count,
        top_publisher=max(publishers(story, week).values(), default=0.0),
        own_words=own,
        names=names,
    )


def publishers(story: Story, week: WeekPosts) -> dict[str, float]:
    """Links of each site for every post of the evidence: a feed has many, a story that many pass on has one."""
    links: dict[str, set[str]] = defaultdict(set)
    for i in story.distinct:
        for link in week.posts[i].links:
            links[link_host(link.url) or (link.site or "").casefold()].add(link.url)
    return {site: min(1.0, len(urls) / len(story.distinct)) for site, urls in sorted(links.items()) if site}


def _pairwise(vectors: npt.NDArray[np.float32]) -> float:
    """Mean cosine of all pairs; unlike the closeness to the centroid it does not flatter small topics."""
    count = len(vectors)
    if count < 2:
        return 1.0
    total = float((vectors.astype(np.float64).sum(axis=0) ** 2).sum())
    return (total - count) / (count * (count - 1))


def _voices(story: Story, week: WeekPosts) -> dict[str, float]:
    evidence = {week.posts[i].author_id for i in story.distinct}
    return {
        author: 1.0 if author in evidence else 0.5
        for author in sorted({week.posts[i].author_id for i in story.members})
    }


def _own_words(story: Story, vocabulary: WeekWords) -> frozenset[str]:
    """Words of at least two posts that stand mostly in this topic."""
    inside: Counter[str] = Counter()
    for i in story.distinct:
        inside.update(vocabulary.of_post[i])
    least = max(2, 0.1 * len(story.distinct))
    return frozenset(
        word for word, count in inside.items() if count >= least and count >= OWN_WORD * vocabulary.frequency[word]
    )


def _most_common(candidates: frozenset[str], spoken: Sequence[set[str]]) -> float:
    return max((sum(word in post for post in spoken) / len(spoken) for word in candidates), default=0.0)


def _shared_link(evidence: Sequence[Tweet]) -> float:
    """Share of the evidence that has the link of the most people; a link of one person is shared by nobody."""
    authors: dict[str, set[str]] = defaultdict(set)
    posts: Counter[str] = Counter()
    for post in evidence:
        for url in {link.url for link in post.links}:
            authors[url].add(post.author_id)
            posts[url] += 1
    return max((posts[url] / len(evidence) for url in posts if len(authors[url]) > 1), default=0.0)


def _signatures(evidence: Sequence[Tweet]) -> set[str]:
    """What the authors and their sites are called: a feed that signs its posts is no story about itself."""
    signatures: set[str] = set()
    for post in evidence:
        signatures.update({post.author.casefold(), (post.author_name or "").casefold()})
        signatures.update((post.author_name or "").casefold().split())
        for link in post.links:
            signatures.update(link_host(link.url).split("."))
    return signatures


def _peak(story: Story, week: WeekPosts) -> float:
    days = np.zeros(7)
    for i in story.members:
        days[week.week.day_of(week.posts[i].created_at)] += 1
    return float((days[:-1] + days[1:]).max() / days.sum())
