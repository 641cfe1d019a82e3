"""What a story is called: the digest's sections and the rows of the live board have their titles from here. Pure.

A title tells what happened (`models.wording.headings`), with the name that half of its people use and others do not, in
the longest form that they write: "Claude Opus 4.7" and not "Opus". That name alone is the title where no heading with
it tells nearly as much as the best one. A sensitive story is called by what happened, never by a name alone.

A name must be one: written with a digit or an inner capital, or with capitals nearly always. Nothing is invented: a
title's words stand in the posts that it names, or in the titles of their links. A theme is called by a name or by its
keywords (`group_name`).
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass, replace
from itertools import pairwise

from models.events import Tweet
from models.text.plain import one_line
from models.text.stop_words import STOP_WORDS, WEAK_WORDS
from models.wording.headings import POSTS_BY, Headings, Title
from models.wording.statements import SHORTEST_OWN, Statement, source_of, statements
from models.wording.usage import NAMED, Atom, Usage, atoms, is_marked, written

MAX_NAME = 5  # words
HALF = 0.5  # of the people, for a name that is the title
LONGER = 0.1  # of a name's posts, and two at least, for its longer form; or whoever is called so uses it
BURST = 4.0  # times as many people as others let expect make a name the story's
LEADING = 0.5  # of the most surprising word's surprise
SMOOTH = 0.5  # people who might use any word
MAX_POSTS = 200  # of a story that are read for its name
NAMED_FROM = 50  # posts that are read for the name of a theme
NAMED_BY = 0.34  # share of its people who use this name
NAMED_OF = 5  # keywords that may be its name
_INNER = frozenset(["of", "for", "to"])


@dataclass(frozen=True)
class Name:
    """A name in the posts of a story: the longest form is `text`. posts: places of those that have it, ascending."""

    keys: tuple[str, ...]
    text: str
    people: frozenset[str]
    posts: tuple[int, ...]
    surprise: float
    by_itself: bool  # whether an author whose handle has its first word uses it


def title(
    posts: Sequence[Tweet],
    usage: Usage,
    *,
    closeness: Sequence[float] | None = None,
    sensitive: bool = False,
    taken: Set[str] = frozenset(),
) -> Title:
    """The title of a set of posts; their order does not matter.

    Args:
        posts: everything that tells the story, retweets included: each person counts once.
        usage: of all posts of the week or of the window, these included.
        closeness: of each post to the story's middle, as a cosine; None: its words decide.
        sensitive: whether the story is about harm.
        taken: titles (case folded) that are in use, or were last week's.
    """
    found = statements(posts, usage, closeness=closeness, sensitive=sensitive)
    return title_of(posts, found, usage, sensitive=sensitive, taken=taken)


def title_of(
    posts: Sequence[Tweet],
    found: Sequence[Statement],
    usage: Usage,
    *,
    sensitive: bool = False,
    taken: Set[str] = frozenset(),
) -> Title:
    """`title` of posts whose statements are known."""
    headings = Headings(posts, found, usage, taken)
    told = headings.best() or headings.words()
    name = None if sensitive or len({post.author_id for post in posts}) == 1 else _name(posts, usage)
    if name is not None and name.text.casefold() not in taken:
        # what one person speaks of is told by what they say; a person or a place by what happened to them
        if headline := headings.best(name.keys):
            return headline
        shared = len(name.people) < HALF * usage.people(name.keys)  # others speak of it as much
        marked = any(map(is_marked, name.text.split()))
        if _is_telling(name) or len(name.keys) > 1 or (marked and not shared):
            return Title(name.text, _holding(name, found), "name")
    return replace(told, text=told.text.replace("!", "").strip() or told.text) if sensitive else told


def _holding(name: Name, found: Sequence[Statement]) -> tuple[int, ...]:
    """The places of the posts that use a name, in the order of what they say."""
    ranked = dict.fromkeys(one.place for one in found if one.place in name.posts)
    return (*ranked, *(place for place in name.posts if place not in ranked))


# --- names ---------------------------------------------------------------------------------------------------------


def _name(posts: Sequence[Tweet], usage: Usage) -> Name | None:
    """The name that half of the people and half of the voices use, and others do not, in its longest form."""
    read = range(len(posts)) if len(posts) <= MAX_POSTS else range(MAX_POSTS)
    found = _names(posts, read, usage)
    everybody = {posts[place].author_id for place in read}
    voices = {source_of(posts[place]) for place in read}
    own = {word.casefold() for place in read for word in (posts[place].author, posts[place].author_name or "")}
    fit = [
        name
        for name in found.values()
        if name.surprise > 0
        and len(name.people) >= HALF * len(everybody)
        and len(told := {source_of(posts[place]) for place in name.posts}) >= max(2, HALF * len(voices))
        and len(told) > 1
        and not (name.text.casefold() in own and len(everybody) == 1)
    ]
    if not fit:
        return None
    best = max(fit, key=lambda name: (round(name.surprise, 6), len(name.keys), name.keys))
    top = _most_surprising(posts, read, usage)
    if best.surprise < LEADING * top:
        return None
    return _longest(best, found)


def _most_surprising(posts: Sequence[Tweet], read: Sequence[int], usage: Usage) -> float:
    """The surprise of the word that tells the story best, name or not."""
    people: dict[str, set[str]] = defaultdict(set)
    for place in read:
        for atom in atoms(posts[place].text):
            if atom.key not in STOP_WORDS and atom.key not in WEAK_WORDS:
                people[atom.key].add(posts[place].author_id)
    everybody = len({posts[place].author_id for place in read})
    return max((_surprise(len(users), everybody, [key], usage) for key, users in people.items()), default=0.0)


def names(posts: Sequence[Tweet], usage: Usage) -> list[Name]:
    """The names that two posts or more of a story use and others do not, the most surprising first, none in another."""
    found = _names(posts, range(min(len(posts), MAX_POSTS)), usage)
    ranked = sorted(found.values(), key=lambda name: (-round(name.surprise, 6), -len(name.keys), name.keys))
    kept: list[Name] = []
    for name in (_longest(name, found) for name in ranked if name.surprise > 0 and len(name.posts) > 1):
        if not any(set(name.keys) & set(other.keys) for other in kept):
            kept.append(name)
    return kept


def group_name(posts: Sequence[Tweet], words: Sequence[str], usage: Usage, taken: Set[str] = frozenset()) -> str:
    """Return the name of a theme, or of a story without a title, in the spelling of its posts.

    That is a phrase among its first keywords that is a name, else the name that most of its people use, else such a
    phrase, else its first keywords; of posts without words it is their author.

    Args:
        posts: its posts; the first `NAMED_FROM` are read.
        words: its keywords and phrases, best first.
        usage: of all posts of the week, these included.
        taken: names (case folded) that are in use.
    """
    read = range(min(len(posts), NAMED_FROM))
    everybody = len({posts[place].author_id for place in read})
    named = {
        keys: name
        for keys, name in _names(posts, read, usage).items()
        if len(name.people) >= max(2, NAMED_BY * everybody) and name.surprise > 0
    }
    forms: dict[str, Counter[str]] = defaultdict(Counter)
    sought = {tuple(word.split()): word for word in words[:NAMED_OF]}
    for place in read:
        for keys, run in _phrases(atoms(posts[place].text)):
            if keys in sought:
                forms[sought[keys]][written(run)] += 1
    spelled = {word: min(counts, key=lambda form: (-counts[form], form)) for word, counts in forms.items()}
    pairs = [word for word in sought.values() if " " in word and sum(forms[word].values()) > 1]
    with_name = [word for word in pairs if any({*word.split()} >= {*keys} for keys in named)]
    ranked = sorted(named.values(), key=lambda name: (-round(name.surprise, 6), -len(name.keys), name.keys))
    found = [
        *(spelled[word] for word in with_name),
        *(name.text for name in ranked),
        *(spelled[word] for word in pairs),
        ", ".join(spelled[word] for word in words[:3] if word in spelled),
    ]
    posts_by = f"{POSTS_BY}{one_line(posts[0].author, 80).lstrip('@')}"
    return next((text[:1].upper() + text[1:] for text in found if text and text.casefold() not in taken), posts_by)


def _longest(best: Name, found: dict[tuple[str, ...], Name]) -> Name:
    """The longest form of a name that several of its people write, or whoever writes the most central post."""
    while True:
        longer = [
            name
            for keys, name in found.items()
            if len(keys) == len(best.keys) + 1
            and (keys[1:] == best.keys or keys[:-1] == best.keys)
            and (
                name.by_itself
                or (len(name.posts) >= LONGER * len(best.posts) and len(name.people) > len(best.people) // 3)
            )
        ]
        if not longer:
            return best
        best = max(longer, key=lambda name: (len(name.people), name.surprise, name.keys))


def _names(posts: Sequence[Tweet], read: Sequence[int], usage: Usage) -> dict[tuple[str, ...], Name]:
    """Every name in the posts with who uses it, in whatever case they write it."""
    forms: dict[tuple[str, ...], Counter[str]] = defaultdict(Counter)
    proper: Counter[tuple[str, ...]] = Counter()
    texts = {place: atoms(posts[place].text) for place in read}
    for found in texts.values():
        for run in _runs(found, usage):
            forms[tuple(atom.key for atom in run)][written(run)] += 1
    uses: dict[tuple[str, ...], list[int]] = defaultdict(list)
    votes: dict[tuple[str, ...], Counter[str]] = defaultdict(Counter)  # "klp-5.5" speaks for "KLP-5.5"
    for place, found in texts.items():
        for keys, run in _phrases(found):
            if keys in forms:
                votes[keys][written(run).casefold()] += 1
                uses[keys].append(place)
                proper[keys] += not all(atom.written.islower() for atom in run) or any(map(_has_digit, keys))
    everybody = len({posts[place].author_id for place in read})
    names: dict[tuple[str, ...], Name] = {}
    for keys, places in uses.items():
        if proper[keys] < HALF * len(places) or all(map(_is_version, keys)):
            continue
        people = frozenset(posts[place].author_id for place in places)
        counts = votes[keys]
        surface = min(forms[keys], key=lambda form: (-counts[form.casefold()], -forms[keys][form], form))
        surprise = _surprise(len(people), everybody, keys, usage)
        authors = {"".join(filter(str.isalnum, posts[place].author.casefold())) for place in places}
        by_itself = len(keys[0]) >= SHORTEST_OWN and any(keys[0] in author for author in authors)
        names[keys] = Name(keys, surface, people, tuple(dict.fromkeys(places)), surprise, by_itself)
    return names


def _surprise(people: int, everybody: int, keys: Sequence[str], usage: Usage) -> float:
    """How much more people of the story use a name than others let expect: the gain in log likelihood of a Poisson."""
    others = max(0, usage.people(keys) - people) + SMOOTH
    expected = everybody * others / (max(usage.everybody, everybody) + 2 * SMOOTH)
    if people < BURST * expected:
        return 0.0
    return people * math.log(people / expected) - (people - expected)


def _phrases(found: Sequence[Atom]) -> Iterator[tuple[tuple[str, ...], Sequence[Atom]]]:
    """Every run of up to `MAX_NAME` atoms that nothing parts."""
    for start in range(len(found)):
        for end in range(start, min(len(found), start + MAX_NAME)):
            if end > start and not found[end].joins:
                break
            run = found[start : end + 1]
            yield tuple(atom.key for atom in run), run


def _runs(found: Sequence[Atom], usage: Usage) -> Iterator[Sequence[Atom]]:
    """The runs that are written as names; where most words have a capital, only those known from elsewhere."""
    headings = _in_headings(found, usage)
    named = [_is_name(atom, usage, heading=heading) for atom, heading in zip(found, headings, strict=True)]
    for start in range(len(found)):
        if not named[start] or found[start].key in STOP_WORDS or found[start].joins == "-":
            continue
        for end in range(start, min(len(found), start + MAX_NAME)):
            if end > start and not found[end].joins:
                break
            number = _is_number(found[end].key) and end > start and named[end - 1]
            glued = end > start and found[end].joins == "-"  # "wav2vec-U", "Image-to-Video"
            weak = (
                end > start and found[end].key in WEAK_WORDS and found[end].written[0].isupper() and not headings[end]
            )
            if not (named[end] or number or glued or weak):
                if found[end].key in _INNER and end > start:
                    continue
                break
            owner = end + 1 < len(found) and _owns(found[end], found[end + 1])  # "Women's" of "Women's Day"
            if owner and usage.is_name(found[end].key):  # "Bo's Kelp": two names
                yield found[start : end + 1]
                break
            if (
                not owner
                and (found[end].key not in STOP_WORDS or glued)
                and (end + 1 == len(found) or found[end + 1].joins != "-")
            ):
                yield found[start : end + 1]


def _owns(atom: Atom, following: Atom) -> bool:
    return atom.written.endswith(("'s", "’s")) and following.joins == " " and following.written[0].isupper()


def _in_headings(found: Sequence[Atom], usage: Usage) -> list[bool]:
    """For each atom whether its sentence is a headline, in which capitals say nothing."""
    result: list[bool] = []
    starts = [place for place, atom in enumerate(found) if atom.opens] or [0]
    for first, last in pairwise([*starts, len(found)]):
        result += [usage.is_headline(found[first:last])] * (last - first)
    return result


def _is_name(atom: Atom, usage: Usage, *, heading: bool) -> bool:
    if atom.is_handle or atom.key in WEAK_WORDS or len(atom.key) < 2:
        return False
    if is_marked(atom.written) or (atom.written.isupper() and atom.written[0].isalpha() and not heading):
        return True
    if not atom.written[0].isupper():
        return False
    return usage.capitalised(atom.key) >= NAMED if heading or atom.opens or atom.is_tag else True


def _is_number(key: str) -> bool:
    return key.replace(".", "").isdigit()


def _is_version(key: str) -> bool:
    return _is_number(key.removeprefix("v"))


def _has_digit(key: str) -> bool:
    return any(map(str.isdigit, key))


def _is_telling(name: Name) -> bool:
    """Whether a name tells by itself what is new, because it has a number: of a version, of an edition."""
    return any(map(_has_digit, name.keys)) and any(map(str.isalpha, name.text))
