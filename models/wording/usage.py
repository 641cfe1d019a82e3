"""Word usage of the posts of a week or of a live window: words, their users and their spelling.

A post's text becomes *atoms*: words in lower case, "GPT-5.5" as "gpt" and "5.5", a hashtag as its words. A phrase is a
run of atoms with only a blank or a hyphen between them. `Usage` is an index from atoms to posts, built once in linear
time; `people` returns the number of people who use a phrase.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from models.events import Tweet
from models.text.characters import split_hashtag
from models.text.stop_words import STOP_WORDS, WEAK_WORDS
from models.wording.passages import URL, own_words

MANY_TAGS = 4  # with this many hashtags, hashtags classify a post and are not part of its text
NAMED = 0.8  # minimum share of uses with a capital for a name
TITLE_CASE = 0.6  # minimum share of words with a capital in a headline
FEW_WORDS = 3
SHORTEST_NAME = 2
LONGEST_ATOM = 40  # characters; scripts without spaces write whole sentences as one word
# between two letters: any of ’'. and single &+/-; possessive quantifiers keep the time linear
_TOKEN = re.compile(r"[#＃@]?\w++(?:[’'.]*+(?:[&+/-][’'.]++)*+[&+/-]?+\w++)*+\+*+")
_OPENS = re.compile(r"[\n.!?…:•|—–]")
_PARTS = re.compile(r"[^-/]+")
_POSSESSIVE = re.compile(r"['’]s?$")
_YEAR = re.compile(r"(?<=[A-Za-z])(?=(?:19|20)\d\d$)")


class Atom(NamedTuple):
    """One word of a text."""

    key: str  # lower case
    written: str
    joins: str  # text between it and the previous atom; "" if a phrase cannot continue
    opens: bool  # the first word of its sentence or line, where a capital has no meaning
    is_tag: bool = False
    is_handle: bool = False


@lru_cache(maxsize=16_384)
def atoms(text: str) -> tuple[Atom, ...]:
    """Return the atoms of a post in order, without links, leading mentions and walls of hashtags."""
    found: list[Atom] = []
    text = URL.sub(" \n ", own_words(text))
    tokens = list(_TOKEN.finditer(text))
    wall = sum(token[0][0] in "#＃" for token in tokens) >= MANY_TAGS
    end = 0
    for token in tokens:
        word, between = token[0], text[end : token.start()]
        end = token.end()
        is_tag = word[0] in "#＃"
        if is_tag and wall and not any(map(str.isdigit, word)):
            continue
        ended = bool(found) and found[-1].written.endswith(".")
        joins = between if found and between in {" ", "-"} and not ended else ""
        opens = not found or (ended and between.isspace()) or (between != " " and _OPENS.search(between) is not None)
        if word.isalpha() and len(word) <= LONGEST_ATOM:  # most words
            found.append(Atom(word.casefold(), word, joins, opens))
            continue
        for place, (part, join) in enumerate(_parts(word.strip("'’"), is_tag=is_tag)):
            key = _POSSESSIVE.sub("", part.rstrip(".").casefold())
            if key and len(key) <= LONGEST_ATOM:
                join = join if place else joins
                found.append(Atom(key, part, join, opens and not place, is_tag, word[0] == "@"))
    return tuple(found)


def _parts(word: str, *, is_tag: bool) -> Iterator[tuple[str, str]]:
    """Return the words of a token, each with its joining text; "KelpConf2031" has two words, as "KelpConf 2031" has."""
    stem, *year = _YEAR.split(word.lstrip("#＃@"), maxsplit=1)
    pieces = split_hashtag(stem).split() if is_tag and not year else [stem]
    for number, piece in enumerate([*pieces, *year]):
        for match in _PARTS.finditer(piece):
            yield match[0], piece[match.start() - 1] if match.start() else " " if number else ""


def written(run: Sequence[Atom]) -> str:
    """Return a run of atoms as people write it: "GPT-5.5", "Claude Opus 4.7", without a final possessive."""
    text = "".join((atom.joins if place else "") + atom.written for place, atom in enumerate(run))
    return _POSSESSIVE.sub("", text.rstrip("."))


class Usage:
    """Word usage of `posts`; a retweet is a use by its author.

    Attributes:
        everybody: number of all people.
        language: language of most posts, and so of the readers.
    """

    def __init__(self, posts: Iterable[Tweet]) -> None:
        self._posts: dict[str, set[int]] = defaultdict(set)
        self._authors: list[str] = []
        self._capital: dict[str, list[int]] = {}
        self._tags: dict[str, tuple[set[str], int, int]] = {}  # users, uses at the end of a post, uses
        languages: list[str | None] = []
        for place, post in enumerate(posts):
            self._authors.append(post.author_id)
            languages.append(post.lang)
            found = atoms(post.text)
            self._add_tags(post)
            for atom in found:
                self._posts[atom.key].add(place)
            for atom in () if _has_capitals(found) else found:
                if not atom.opens and not atom.is_tag and atom.written[0].isalpha():
                    uses = self._capital.setdefault(atom.key, [0, 0])
                    uses[0] += atom.written[0].isupper()
                    uses[1] += 1
        self.everybody = len(set(self._authors))
        counts = Counter(lang for lang in languages if lang not in {None, "und"})
        self.language = min(counts, key=lambda lang: (-counts[lang], lang or ""), default=None)

    def _add_tags(self, post: Tweet) -> None:
        words = URL.sub(" ", own_words(post.text)).split()
        text_ends = max((place for place, word in enumerate(words) if word[0] not in "#＃"), default=-1)
        for place, word in enumerate(words):
            if word[0] in "#＃":
                users, ends, uses = self._tags.get(word.casefold(), (set(), 0, 0))
                users.add(post.author_id)
                self._tags[word.casefold()] = users, ends + (place > text_ends), uses + 1

    def without_channels(self, text: str, people: int) -> str:
        """Return `text` without the hashtags at its end that only say where it belongs ("… is back #KelpConf2031").

        Such a tag stands at the end of nearly all posts with it, and most of its users are not among the `people` of
        the story.
        """
        words = text.split(" ")
        while len(words) > FEW_WORDS and words[-1][:1] in "#＃" and self._is_channel(words[-1], people):
            words.pop()
        return " ".join(words)

    def _is_channel(self, tag: str, people: int) -> bool:
        users, ends, uses = self._tags.get(tag.casefold(), (set(), 0, 0))
        return len(users) > 2 * people and ends >= NAMED * uses

    def people(self, keys: Sequence[str]) -> int:
        """Return how many people have all of these atoms in one post: an upper limit for the users of the phrase."""
        sets = sorted((self._posts.get(key, set()) for key in dict.fromkeys(keys)), key=len)
        return len({self._authors[place] for place in set.intersection(*sets)}) if sets else 0

    def capitalised(self, key: str) -> float:
        """Return the share of an atom's uses inside sentences that have a capital; 0.5 without such a use."""
        capitals, uses = self._capital.get(key, (1, 2))
        return capitals / uses

    def is_name(self, key: str) -> bool:
        """Whether an atom is written as a name, or has a digit beside letters."""
        digits = any(map(str.isdigit, key)) and not key.isdigit()
        return digits or self._capital.get(key, (0, 1))[0] >= NAMED * self._capital.get(key, (0, 1))[1]

    def names(self, atom: Atom) -> bool:
        """Whether an atom is used as a name: a handle, a word marked by its letters, or a capital that means one."""
        if atom.key in STOP_WORDS or atom.key in WEAK_WORDS or len(atom.key) < SHORTEST_NAME:
            return False
        if atom.is_handle or atom.is_tag or is_marked(atom.written) or atom.written[:2].isupper():
            return True
        return atom.written[0].isupper() and (not atom.opens or self.is_name(atom.key))

    def is_headline(self, found: Sequence[Atom]) -> bool:
        """Whether a text is in title case: ordinary words have capitals, not only names."""
        ordinary = [atom.written for atom in found if atom.written.isalpha() and self.capitalised(atom.key) < NAMED]
        capitals = sum(word[0].isupper() for word in ordinary)
        return capitals >= FEW_WORDS and capitals >= TITLE_CASE * len(ordinary)


def is_marked(word: str) -> bool:
    """Whether the looks alone tell a name: a digit beside letters, or a capital inside ("GPT-Neo", "iOS")."""
    letters = any(map(str.isalpha, word))
    inner = any(map(str.isupper, word[1:])) and any(map(str.islower, word))
    return letters and (any(map(str.isdigit, word)) or inner) and not word[0].isdigit()


def is_title_case(text: str) -> bool:
    """Whether most words of a text have a capital."""
    words = [word for word in text.split() if word[0].isalpha()]
    return sum(word[0].isupper() for word in words) >= max(FEW_WORDS, TITLE_CASE * len(words))


def _has_capitals(found: Sequence[Atom]) -> bool:
    """Whether capitals have no meaning in a text: most words have one, or there are too few words."""
    letters = [atom.written for atom in found if atom.written[0].isalpha() and not atom.is_tag]
    capitals = sum(word[0].isupper() for word in letters)
    return len(letters) <= FEW_WORDS or capitals >= TITLE_CASE * len(letters)
