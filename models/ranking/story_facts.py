"""What can be counted about a topic of a week; ranking and junk recognition judge by these numbers.

Only distinct posts count as evidence; people also take part by repeating (a retweet).
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from models.events import Tweet
from models.refit.shared_links import SAME_STORY, likeness
from models.refit.story import Story
from models.refit.voices import signatures, voice_of
from models.text import hashtag_wall, words
from models.text.names import NameSpelling
from models.text.stop_words import WEAK_WORDS
from models.text.words import link_host
from models.week.posts import WeekPosts

_YEAR = re.compile(r"(?:19|20)\d\d$")
FEW = 200  # posts at which half of what they have in common counts as common, as in `refit.features`
ENOUGH_VOICES = 3  # people who make a word more than a coincidence
SAME_TITLE = 0.8  # from which one passes on the other
OWN_WORD = 0.5  # share of a word's posts that are in the topic, from which it is the topic's own


@dataclass(frozen=True)
class WeekWords:
    """Words and two-word phrases of every post, in how many distinct posts each stands, how words are written, and the
    mean vector of the distinct posts: what all of the week's posts have in common."""

    of_post: Sequence[tuple[str, ...]]
    frequency: Mapping[str, int]
    spelling: NameSpelling
    common: npt.NDArray[np.float64]

    def own_vectors(self, week: WeekPosts, story: Story) -> npt.NDArray[np.float64]:
        """Unit vectors of the evidence, float64 (n, dimensions), less what the week has in common.

        In a stream about one field everything is alike; in a small week what is common may be the subject."""
        vectors = week.vectors[story.distinct].astype(np.float64) - self.common
        return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9))

    def is_known(self, name: str, known: frozenset[str]) -> bool:
        """Whether a name is among `known`; of a phrase, whether all names in it are."""
        parts = [part for part in name.split() if self.spelling.is_name(part)]
        return name in known or (bool(parts) and known.issuperset(parts))


@dataclass(frozen=True)
class StoryFacts:
    """evidence: distinct posts. posts: with support. voices: weight by author, 1 for evidence, half for repeating only.
    authors: of the evidence. coherence: mean cosine of all pairs of the evidence. agreement: how near the posts are to
    the nearest of somebody else, the median cosine (of `own_vectors`). wall: mean share of hashtags.
    length: median number of words. linked, specific, named: shares of the evidence with a link (of what the platform
    has not cut off), a word of the topic's own, a name of its own. focus: share of the evidence that has the most
    frequent new name, or the link that most people pass on, whichever is larger; known_focus: the most frequent name
    that earlier weeks had too; subject: the most frequent of the own words. peak: share of the posts on the two busiest
    days in a row. top_author: largest share of the evidence. top_publisher: most links of one site, for each post of
    the evidence. own_words: words and phrases that stand mostly in this topic. names: those of them that are names, but
    not of those who post or of their sites. tellers: the most people who tell the same, in like words or with one link;
    of a named event, all. told: their number, by half for those who pass on a link or title that another had before, or
    who speak of the event and tell something of their own.
    """

    evidence: int
    posts: int
    voices: Mapping[str, float]
    authors: int
    coherence: float
    agreement: float
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
    tellers: frozenset[str] = frozenset()
    told: float = 0.0
    event: bool = False


def week_words(week: WeekPosts, stories: Sequence[Story]) -> WeekWords:
    """Counted over the evidence of all stories, so that a text that was repeated a hundred times counts once."""
    of_post = [_with_phrases(words(post.text, (), ())) for post in week.posts]
    frequency: Counter[str] = Counter()
    for story in stories:
        for i in story.distinct:
            frequency.update(of_post[i])
    evidence = [int(i) for story in stories for i in story.distinct]
    spelling = NameSpelling(week.posts[i].text for i in evidence)
    common = week.vectors[sorted(evidence)].astype(np.float64).sum(axis=0) / (len(evidence) + FEW)
    return WeekWords(of_post, frequency, spelling, common)


def _with_phrases(single: Sequence[str]) -> tuple[str, ...]:
    return (*single, *(f"{one} {other}" for one, other in pairwise(single)))


def facts(story: Story, week: WeekPosts, vocabulary: WeekWords, known: frozenset[str] = frozenset()) -> StoryFacts:
    """The facts of one story with at least one distinct post. `known`: words that told earlier weeks' topics apart,
    and names of those weeks (`known_names`); one among them is nothing new."""
    evidence = [week.posts[i] for i in story.distinct]
    count = len(evidence)
    own = own_words(story, vocabulary)
    spelt = frozenset(word for word in own if vocabulary.spelling.is_name(word))
    names = frozenset(word for word in spelt - signatures(evidence) if not WEAK_WORDS.issuperset(word.split()))
    old = frozenset(name for name in names if vocabulary.is_known(name, known))
    spoken = [set(vocabulary.of_post[i]) for i in story.distinct]
    people = _people_of(story, week)
    vectors = vocabulary.own_vectors(week, story)
    alike = likeness(vectors, evidence)
    passing = _passing_on(evidence, alike)
    alike_tellers = _tellers(alike, people)
    tellers = frozenset().union(*people) if story.event else alike_tellers
    return StoryFacts(
        evidence=count,
        posts=len(story.members),
        voices=_voices(story, week, passing),
        authors=len({post.author_id for post in evidence}),
        coherence=_pairwise(week.vectors[story.distinct], evidence),
        agreement=_agreement(alike, evidence),
        wall=float(np.mean([hashtag_wall(post.text) for post in evidence])),
        length=float(np.median([len(words(post.text, (), ())) for post in evidence])),
        linked=_linked(evidence),
        specific=sum(bool(own & post) for post in spoken) / count,
        named=sum(bool(names & post) for post in spoken) / count,
        focus=max(_most_common(names - old, spoken, people), _shared_link(evidence)),
        known_focus=_most_common(old, spoken, people),
        subject=_most_common(own, spoken, people),
        peak=_peak(story, week),
        top_author=max(_largest(post.author_id for post in evidence), _largest(map(voice_of, evidence))),
        top_publisher=max(publishers(story, week).values(), default=0.0),
        own_words=own,
        names=names,
        tellers=tellers,
        told=sum(0.5 if person in passing or person not in alike_tellers else 1.0 for person in tellers),
        event=story.event,
    )


def _largest(voices: Iterable[str]) -> float:
    """The share of whoever has most."""
    counts = Counter(voices)
    return max(counts.values()) / counts.total()


def publishers(story: Story, week: WeekPosts) -> dict[str, float]:
    """Links of each site for every post of the evidence: a feed has many, a story that many pass on has one."""
    links: dict[str, set[str]] = defaultdict(set)
    for i in story.distinct:
        for link in week.posts[i].links:
            links[link_host(link.url) or (link.site or "").casefold()].add(link.url)
    return {site: min(1.0, len(urls) / len(story.distinct)) for site, urls in sorted(links.items()) if site}


def _pairwise(vectors: npt.NDArray[np.float32], evidence: Sequence[Tweet]) -> float:
    """Mean likeness of all pairs; unlike the closeness to the centroid it does not flatter small topics."""
    count = len(vectors)
    if count < 2:
        return 1.0
    alike = likeness(vectors.astype(np.float64), evidence)
    return float(alike.sum() - np.trace(alike)) / (count * (count - 1))


def _agreement(alike: npt.NDArray[np.float64], evidence: Sequence[Tweet]) -> float:
    """0 with one voice only. A retweet speaks with its author's voice."""
    voices = [voice_of(post) for post in evidence]
    names = np.array([voices.index(voice) for voice in voices])
    others = np.where(names[:, None] == names[None, :], 0.0, alike)
    return float(np.median(others.max(axis=1)))


def _tellers(alike: npt.NDArray[np.float64], people: Sequence[set[str]]) -> frozenset[str]:
    """The people of the post that most people tell alike, and of those like it."""
    groups = [
        frozenset().union(*(people[other] for other in np.flatnonzero(row >= SAME_STORY).tolist()), people[place])
        for place, row in enumerate(alike)
    ]
    return max(groups, key=lambda group: (len(group), sorted(group)))


def _passing_on(evidence: Sequence[Tweet], alike: npt.NDArray[np.float64]) -> set[str]:
    """Who has nothing in the evidence but a link or title that another had before: one source is one voice."""
    passing: set[str] = set()
    own: set[str] = set()
    links = [{link.url for link in post.links} for post in evidence]
    for place, post in enumerate(evidence):
        before = {
            evidence[other].author_id
            for other in range(place)
            if alike[place, other] >= SAME_TITLE or not links[place].isdisjoint(links[other])
        }
        (passing if before - {post.author_id} else own).add(post.author_id)
    return passing - own


def _voices(story: Story, week: WeekPosts, passing: set[str]) -> dict[str, float]:
    evidence = {week.posts[i].author_id for i in story.distinct} - passing
    return {
        author: 1.0 if author in evidence else 0.5
        for author in sorted({week.posts[i].author_id for i in story.members})
    }


def own_words(story: Story, vocabulary: WeekWords) -> frozenset[str]:
    """Words of at least two posts that stand mostly in this topic."""
    inside: Counter[str] = Counter()
    for i in story.distinct:
        inside.update(vocabulary.of_post[i])
    least = max(2, 0.1 * len(story.distinct))
    return frozenset(
        word for word, count in inside.items() if count >= least and count >= OWN_WORD * vocabulary.frequency[word]
    )


def _most_common(candidates: frozenset[str], spoken: Sequence[set[str]], people: Sequence[set[str]]) -> float:
    """Largest share of the posts that hold one of the words, however it is spelt ("MSBuild2021", "MS Build").

    One that fewer than `ENOUGH_VOICES` people bring or pass on counts in part: of four posts, two are half."""
    spellings: dict[str, set[str]] = defaultdict(set)
    for word in candidates:
        spellings[_YEAR.sub("", word.replace(" ", "").replace("-", "")) or word].add(word)
    shares = []
    for forms in spellings.values():
        holders = [place for place, post in enumerate(spoken) if not forms.isdisjoint(post)]
        voices = len(set().union(*(people[place] for place in holders)))
        shares.append(len(holders) / len(spoken) * min(1.0, (voices - 1) / (ENOUGH_VOICES - 1)))
    return max(shares, default=0.0)


def _people_of(story: Story, week: WeekPosts) -> list[set[str]]:
    """Who brings each post of the evidence or passes it on."""
    return [{week.posts[i].author_id for i in bearers} for bearers in story.bearers().values()]


def _shared_link(evidence: Sequence[Tweet]) -> float:
    """Share of the evidence that has the link of the most people; a link of one person is shared by nobody."""
    authors: dict[str, set[str]] = defaultdict(set)
    posts: Counter[str] = Counter()
    for post in evidence:
        for url in {link.url for link in post.links}:
            authors[url].add(post.author_id)
            posts[url] += 1
    return max((posts[url] / len(evidence) for url in posts if len(authors[url]) > 1), default=0.0)


def _linked(evidence: Sequence[Tweet]) -> float:
    """Share of the posts with a link; of one that the platform cut off nobody knows."""
    whole = [post for post in evidence if post.links or not post.text.rstrip().endswith("…")]
    return sum(bool(post.links) for post in whole) / len(whole) if whole else 1.0


def _peak(story: Story, week: WeekPosts) -> float:
    days = np.zeros(7)
    for i in story.members:
        days[week.week.day_of(week.posts[i].created_at)] += 1
    return float((days[:-1] + days[1:]).max() / days.sum())
