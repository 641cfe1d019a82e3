"""Which words the posts of a week or of a live window use, who uses them, and how they are written.

A post's text becomes *atoms*: words in lower case, "GPT-5.5" as "gpt" and "5.5", a hashtag as its words. A phrase is a
run of atoms with nothing but a blank or a hyphen between them. `Usage` is an index from atoms to posts, built once in
time linear in the text; `people` then answers how many people use a phrase.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from models.events import Tweet
from models.text.characters import split_hashtag
from models.wording.passages import URL, own_words

MANY_TAGS = 4  # from so many on, hashtags file a post and are no words of it
NAMED = 0.8  # share of the uses with a capital that makes a word a name
TITLE_CASE = 0.6  # share of the words with a capital, from which a text is a headline
FEW_WORDS = 3
LONGEST_ATOM = 40  # characters; scripts without blanks write whole sentences as one word
# between two letters: any of ’'. and single ones of &+/-. Nothing is given back, so that the time is linear
_TOKEN = re.compile(r"[#＃@]?\w++(?:[’'.]*+(?:[&+/-][’'.]++)*+[&+/-]?+\w++)*+\+*+")
_OPENS = re.compile(r"[\n.!?…:•|—–]")
_PARTS = re.compile(r"[^-/]+")
_POSSESSIVE = re.compile(r"['’]s?$")
_YEAR = re.compile(r"(?<=[A-Za-z])(?=(?:19|20)\d\d$)")


class Atom(NamedTuple):
    """One word of a text. `joins`: what stands between it and the one before, "" where a phrase cannot go on."""

    key: str
    written: str
    joins: str
    opens: bool  # the first word of its sentence or line: a capital there says nothing
    is_tag: bool = False
    is_handle: bool = False


@lru_cache(maxsize=16_384)
def atoms(text: str) -> tuple[Atom, ...]:
    """The atoms of a post, in order; links, the names that it addresses and walls of hashtags are out."""
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
    """The words of a token and how each joins the one before; "KelpConf2031" is two, as "KelpConf 2031" is."""
    stem, *year = _YEAR.split(word.lstrip("#＃@"), maxsplit=1)
    pieces = split_hashtag(stem).split() if is_tag and not year else [stem]
    for number, piece in enumerate([*pieces, *year]):
        for match in _PARTS.finditer(piece):
            yield match[0], piece[match.start() - 1] if match.start() else " " if number else ""


def written(run: Sequence[Atom]) -> str:
    """A run of atoms as people write it: "GPT-5.5", "Claude Opus 4.7", without a possessive at its end."""
    text = "".join((atom.joins if place else "") + atom.written for place, atom in enumerate(run))
    return _POSSESSIVE.sub("", text.rstrip("."))


class Usage:
    """Who uses which words among `posts`. A retweet is a use by whoever retweets.

    everybody: number of people. language: the one that most posts are in, which is what readers read.
    """

    def __init__(self, posts: Iterable[Tweet]) -> None:
        self._posts: dict[str, set[int]] = defaultdict(set)
        self._authors: list[str] = []
        self._capital: dict[str, list[int]] = {}
        languages: list[str | None] = []
        for place, post in enumerate(posts):
            self._authors.append(post.author_id)
            languages.append(post.lang)
            found = atoms(post.text)
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

    def people(self, keys: Sequence[str]) -> int:
        """How many people have all of these atoms in one post: at least as many as use the phrase."""
        sets = sorted((self._posts.get(key, set()) for key in dict.fromkeys(keys)), key=len)
        return len({self._authors[place] for place in set.intersection(*sets)}) if sets else 0

    def capitalised(self, key: str) -> float:
        """The share of an atom's uses inside sentences that have a capital; 0.5 for one that is never used there."""
        capitals, uses = self._capital.get(key, (1, 2))
        return capitals / uses

    def is_name(self, key: str) -> bool:
        """Whether an atom is written as a name, or holds a digit beside letters."""
        digits = any(map(str.isdigit, key)) and not key.isdigit()
        return digits or self._capital.get(key, (0, 1))[0] >= NAMED * self._capital.get(key, (0, 1))[1]

    def is_headline(self, found: Sequence[Atom]) -> bool:
        """Whether a text is in title case: ordinary words have capitals, and not only names."""
        ordinary = [atom.written for atom in found if atom.written.isalpha() and self.capitalised(atom.key) < NAMED]
        capitals = sum(word[0].isupper() for word in ordinary)
        return capitals >= FEW_WORDS and capitals >= TITLE_CASE * len(ordinary)


def _has_capitals(found: Sequence[Atom]) -> bool:
    """Whether capitals say nothing about the words of a text: most have one, or there are too few words to tell."""
    letters = [atom.written for atom in found if atom.written[0].isalpha() and not atom.is_tag]
    capitals = sum(word[0].isupper() for word in letters)
    return len(letters) <= FEW_WORDS or capitals >= TITLE_CASE * len(letters)
