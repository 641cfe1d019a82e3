"""Selects the form of each story: a section, an entry of a themed list, or a line of "In brief".

* Section: the stories of most people, at least three; ordered by their number, so that no other entry has more.

* Themed list: links of one kind that people share to read or use: papers, code, courses and books, data, trends and
  debates. The link addresses and the nouns of the posts give the kind. A list has at least three entries.

* Brief: all other stories, ordered by their number of people.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from models.events import ResourceKind, TopicKind, Tweet
from models.ranking.junk import phrases
from models.refit.story import Story
from models.text.links import kind_of
from models.week.posts import WeekPosts

SECTIONS = 8
LISTS = 4
SECTION_PEOPLE = 3
LIST_ENTRIES = 3
OF_KIND = 0.5  # minimum share of the posts that agree on the kind of an entry

_LINKS: Mapping[ResourceKind, TopicKind] = {"paper": "papers", "repository": "code"}
_NOUNS: Mapping[TopicKind, re.Pattern[str]] = {
    "papers": phrases("pre-?prints?", "papers?", "arxiv", "accepted (?:at|to)", "proceedings", "abstract"),
    "code": phrases(
        "github", "repo(?:sitory)?", "librar(?:y|ies)", "packages?", r"v?\d+\.\d+(?:\.\d+)?", "source code",
        "open[- ]sourc(?:e|ed|es|ing)",
    ),
    "data": phrases("data ?-?sets?", "corpus", "corpora", "benchmarks?", "leaderboards?", "open data"),
    "courses": phrases(
        "courses?", "lectures?", "(?:text|hand)?books?", "tutorials?", "workshops?", "bootcamps?", "slides",
        "certificat(?:e|ion)s?",
    ),
    "trends": phrases("predict(?:ion|ions|s)", "trends?", "forecasts?", "outlook", "future of", "debates?"),
}  # fmt: skip

_TAGS = re.compile(r"^RT @\w+:|[#@]\w+|https?://\S+")
_END = re.compile(r"[.!?…]\s|\n")


@dataclass(frozen=True)
class Forms:
    """The stories of a digest by form: sections and briefs by number of people, lists in the order of the ranking."""

    sections: list[Story]
    lists: list[tuple[TopicKind, list[Story]]]
    briefs: list[Story]

    def stories(self) -> list[Story]:
        """Return all stories."""
        return [*self.sections, *(story for _, stories in self.lists for story in stories), *self.briefs]


def forms(week: WeekPosts, stories: Sequence[Story]) -> Forms:
    """Return `stories` (best first) by form."""
    sections = [story for story in stories if story.people >= SECTION_PEOPLE]
    sections = sorted(sections, key=lambda story: -story.people)[:SECTIONS]
    told = {id(story) for story in sections}
    rest = [story for story in stories if id(story) not in told]
    kinds = [entry_kind([week.posts[index] for index in story.distinct.tolist()]) for story in rest]
    counts = Counter(kind for kind in kinds if kind is not None)
    # in the order of their best entries
    listed = [kind for kind in dict.fromkeys(kind for kind in kinds if kind) if counts[kind] >= LIST_ENTRIES][:LISTS]
    lists = [(kind, [story for story, its in zip(rest, kinds, strict=True) if its == kind]) for kind in listed]
    briefs = [story for story, kind in zip(rest, kinds, strict=True) if kind not in listed]
    return Forms(sections, lists, sorted(briefs, key=lambda story: -story.people))


def entry_kind(posts: Sequence[Tweet]) -> TopicKind | None:
    """Return the kind of the shared links; None for none, or for several."""
    votes: Counter[TopicKind] = Counter()
    for post in posts:
        said = _beginning(post)
        votes.update(_of_links(post) or {kind for kind, nouns in _NOUNS.items() if nouns.search(said)})
    enough: list[TopicKind] = [kind for kind in _NOUNS if votes[kind] >= max(1.0, OF_KIND * len(posts))]
    enough.sort(key=lambda kind: -votes[kind])
    return enough[0] if enough else None


def _beginning(post: Tweet) -> str:
    """Return the first sentence without hashtags and handles: a post says there what it passes on, and a noun further
    down is named in passing.
    """
    words = _TAGS.sub(" ", post.text).strip()
    return _END.split(words, maxsplit=1)[0]


def _of_links(post: Tweet) -> set[TopicKind]:
    kinds = [link.kind or kind_of(link.url) for link in post.links]
    return {_LINKS[kind] for kind in kinds if kind is not None and kind in _LINKS}
