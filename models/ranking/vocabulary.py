"""The words of a week, and how unusual the number of people is who use each, compared with the weeks before.

A term is a name ("PostgreSQL") or a name phrase: two neighbours of which one is a name and the other a name or a number
("ESP 32", "Ada Lovelace"). Names are recognised by their spelling (`models.text.names`). The words of a quoted post and
the titles of links count as words of the person who passes them on. The names of an account and of its site are no
terms in its own posts, because feeds sign their posts.

The surprise of a word is the log-likelihood of its people under a Poisson law whose mean is its share of the people of
earlier weeks (`Past`), as a burst: k ln(k / mean) - (k - mean), 0 when there are fewer than expected.
"""

import math
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from models.events import Digest, Tweet
from models.text import spoken_words
from models.text.characters import visible
from models.text.names import NameSpelling
from models.text.sentence import sentence_of
from models.text.stop_words import WEAK_WORDS
from models.text.words import link_host
from models.week.posts import WeekPosts

UNSEEN = 0.3  # people a week who are expected to use a word that no earlier week had
FADES = 0.8  # what a week counts in the mean beside the week after it
KEPT_WORDS = 4_000  # of the past: what most people use
LEAST_KEPT = 0.5  # people a week, faded: below, a word of the past is as good as unseen
LONGEST = 2_000  # characters of a text in which name phrases are sought
_BREAK = re.compile(r"[.!?:;,()\[\]\"“”|…—–]+(?=\s|$)|[\n(\[\"“|…—–]+")
_TOKEN = re.compile(r"[^\W_](?:[\w.+\-'’&/]*[\w+])?")
_NUMBERED = re.compile(r"(?<=[^\W\d_])-(?=\d)")  # "ESP-32" is "ESP 32" too
_POSSESSIVE = re.compile(r"['’]s?$")


@dataclass(frozen=True)
class Past:
    """How many people used each word a week, summed over the earlier weeks, an older week for less.

    people: all people of those weeks, summed in the same way; 0 without earlier weeks.
    """

    words: Mapping[str, float]
    people: float

    def expected(self, word: str, people: int) -> float:
        """Return how many of `people` use `word` in a week without news."""
        return UNSEEN + (people * self.words.get(word, 0.0) / self.people if self.people else 0.0)


NO_PAST = Past({}, 0.0)


@dataclass(frozen=True)
class Vocabulary:
    """The words of `n` posts."""

    spoken: Sequence[tuple[str, ...]]  # of each post: its words
    terms: Sequence[frozenset[str]]  # of each post: its names and name phrases
    users: Mapping[str, int]  # word or term -> people who use it
    voices: Mapping[str, str]  # author id -> publisher, as `ranking.publishers` tells
    surprise: Mapping[str, float]  # word or term -> 0 or more
    past: Past  # the weeks before

    @property
    def comparable(self) -> bool:
        """Return whether there are earlier weeks: without them every frequent word surprises."""
        return self.past.people > 0

    def expected(self, word: str) -> float:
        """Return how many people use `word` in a week without news."""
        return self.past.expected(word, self.people)

    @cached_property
    def people(self) -> int:
        """Return the number of people who posted in the week."""
        return len(set(self.voices.values()))

    def names(self, post: int) -> set[str]:
        """Names of a post that are one word."""
        return {term for term in self.terms[post] if " " not in term}


def vocabulary(week: WeekPosts, voices: Mapping[str, str], past: Past) -> Vocabulary:
    """The vocabulary of `week`. voices: author id -> publisher (`ranking.publishers`): its accounts are one person."""
    said = [_said(post) for post in week.posts]
    spelling = NameSpelling(line for lines in said for line in lines)
    spoken = [tuple(dict.fromkeys(word for line in lines for word in spoken_words(line))) for lines in said]
    terms = [
        frozenset(_terms(lines, words, spelling) - _signature(post))
        for lines, words, post in zip(said, spoken, week.posts, strict=True)
    ]
    users: dict[str, set[str]] = defaultdict(set)
    for post, words, names in zip(week.posts, spoken, terms, strict=True):
        for word in names.union(words):
            users[word].add(voices[post.author_id])
    counts = {word: len(people) for word, people in users.items()}
    everybody = len(set(voices.values()))
    surprise = {word: _burst(count, past.expected(word, everybody)) for word, count in counts.items()}
    return Vocabulary(spoken, terms, counts, voices, surprise, past)


def past_of(previous: Digest | None) -> Past:
    """Return the past in the digest of the week before. Before 2.0 a digest has only names with three people."""
    if previous is None:
        return NO_PAST
    if previous.past_people:
        return Past(previous.past_words, previous.past_people)
    known = {name: 3 * FADES**weeks for name, weeks in previous.known_names.items()}
    return Past(known, float(previous.statistics.people))


def with_week(past: Past, now: Vocabulary) -> Past:
    """Return `past` with the week of `now`, for the digest after it. Its size is bounded."""
    words = {word: FADES * count for word, count in past.words.items()}
    for word, count in now.users.items():
        words[word] = words.get(word, 0.0) + count
    kept = sorted(
        ((word, round(count, 3)) for word, count in words.items() if count >= LEAST_KEPT),
        key=lambda entry: (-entry[1], entry[0]),
    )
    return Past(dict(sorted(kept[:KEPT_WORDS])), round(FADES * past.people + now.people, 3))


def _burst(count: int, expected: float) -> float:
    return count * math.log(count / expected) - (count - expected) if count > expected else 0.0


def _said(post: Tweet) -> list[str]:
    """The text, the words of a quoted post, and the titles of links."""
    others = [post.quoted_text, *(link.title for link in post.links)]
    return [post.text[:LONGEST], *(text[:LONGEST] for text in others if text)]


def _terms(lines: Iterable[str], words: Iterable[str], spelling: NameSpelling) -> set[str]:
    found = {word for word in words if _is_name(word, spelling)}
    found |= {_NUMBERED.sub(" ", name) for name in found}
    for line in lines:
        for clause in _BREAK.split(sentence_of(visible(line), "original")):
            tokens = [_POSSESSIVE.sub("", token.casefold()) for token in _TOKEN.findall(clause)]
            names = [_is_name(token, spelling) for token in tokens]
            for (one, is_one), (other, is_other) in pairwise(zip(tokens, names, strict=True)):
                numbers = any(map(str.isdigit, one)), any(map(str.isdigit, other))
                if (is_one and (is_other or numbers[1])) or (is_other and numbers[0]):
                    found.add(f"{one} {other}")
    return found


def _is_name(word: str, spelling: NameSpelling) -> bool:
    return word not in WEAK_WORDS and spelling.is_name(word)


def _signature(post: Tweet) -> set[str]:
    """Return the names of a post's author and of the sites of its links."""
    name = (post.author_name or "").casefold()
    called = {post.author.casefold(), name, *name.split(), *(" ".join(pair) for pair in pairwise(name.split()))}
    return called.union(*(link_host(link.url).split(".") for link in post.links))
