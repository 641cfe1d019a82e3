"""Scores the phrases that could be the title of a topic's section.

score = coverage (share of the topic's people and posts that use it)
    x rarity (how unusual it is in the week, and which share of its uses is here: the class-based TF-IDF of Grootendorst
    2022, with its logarithm)
    x shape (names and two to four words read best)
    x freedom (less when the same words always stand beside it)
    x agreement with the topic's own words.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from models.refit.story import FoundStory
from models.refit.voices import voice_of
from models.text.stop_words import TITLE_STOP_WORDS
from models.week.posts import WeekPosts
from models.wording.phrases import Phrase, compact, phrase_key, phrases
from models.wording.word_use import WordUse

MAX_POSTS = 200  # for each topic
SHAPE = {1: 0.7, 2: 1.0, 3: 1.08, 4: 1.02, 5: 0.9, 6: 0.75}
LONE_VOICE = 0.4
PASSED_ON = 3  # people who post or repeat a phrase of one author from which it is not only that author's
HEADLINE = 0.6  # share of capitalised words, as in `models.text.names`
COVERAGE = 0.65
TELLING = 1.5  # shape of a single word that looks like a name: nothing describes a topic better


@dataclass(frozen=True)
class Candidate:
    """One scored phrase."""

    key: str  # its words, separated by one space
    surface: str  # its most frequent spelling
    people: int  # number of people with it in their own words
    posts: tuple[int, ...]  # indices of the posts that use it
    proper: float  # share of its uses as a name, 0 to 1
    free: bool  # whether the word after it varies, so that it is no part of a longer phrase
    score: float
    backed: bool = False  # whether at least two people have it in their own words, or three repeat a person who has

    @property
    def words(self) -> list[str]:
        """The key's words."""
        return self.key.split(" ")


@dataclass
class _Uses:
    people: set[str] = field(default_factory=set)
    posts: set[int] = field(default_factory=set)
    surfaces: Counter[str] = field(default_factory=Counter)
    keys: Counter[str] = field(default_factory=Counter)
    names: int = 0
    before: set[str] = field(default_factory=set)
    after: set[str] = field(default_factory=set)

    def add(self, phrase: Phrase, voice: str, index: int) -> None:
        self.people.add(voice)
        self.posts.add(index)
        self.surfaces[phrase.surface] += 1
        self.keys[phrase.key] += 1
        self.names += _is_name(phrase)
        self.before.add(phrase.before)
        self.after.add(phrase.after)


def spread(texts: Mapping[int, Sequence[str]]) -> Counter[str]:
    """The number of posts in which each phrase occurs, by compact key."""
    counts: Counter[str] = Counter()
    for index in sorted(texts):
        counts.update({compact(phrase.key) for text in texts[index] for phrase in phrases(text)})
    return counts


def candidates(
    week: WeekPosts,
    story: FoundStory,
    texts: Mapping[int, Sequence[str]],
    everywhere: Mapping[str, int],
    use_of: WordUse,
) -> list[Candidate]:
    """The topic's candidates, best first.

    Args:
        week: The week.
        story: The topic.
        texts: Texts by post index.
        everywhere: The number of posts of the week that use each phrase, by compact key.
        use_of: How the week's words are used.
    """
    distinct = [int(index) for index in story.distinct[:MAX_POSTS]]
    uses: dict[str, _Uses] = defaultdict(_Uses)
    for index in distinct:
        for text in texts[index]:
            headline = is_headline(text)
            for phrase in phrases(text):
                if _has_verb(phrase, use_of, headline):
                    continue
                uses[compact(phrase.key)].add(phrase, voice_of(week.posts[index]), index)
    people = len({voice_of(week.posts[index]) for index in distinct})
    weights = {compact(phrase_key(word)): weight for word, weight in story.words}
    heaviest = max(weights.values(), default=0.0) or 1.0
    bearers = story.bearers()
    found = []
    for key in sorted(uses):
        use = uses[key]
        used = max(everywhere.get(key, 0), len(use.posts))
        coverage = (len(use.people) / people * len(use.posts) / len(distinct)) ** COVERAGE
        rarity = math.sqrt(len(use.posts) / used) * math.log1p(len(week) / used)
        score = coverage * rarity * _shape(use) * _freedom(use) * _agreement(use, weights, heaviest)
        score *= LONE_VOICE if len(use.people) == 1 and people > 2 else 1.0
        passed_on = {week.posts[member].author_id for index in use.posts for member in bearers[index]}
        found.append(_candidate(use, round(score, 9), backed=len(use.people) > 1 or len(passed_on) >= PASSED_ON))
    return sorted(found, key=lambda candidate: (-candidate.score, -len(candidate.posts), candidate.key))


def is_headline(text: str) -> bool:
    """Whether capitals have no meaning in `text`, because most of its words have one."""
    letters = [word for word in text.split() if word[0].isalpha()]
    return sum(word[0].isupper() for word in letters) >= HEADLINE * max(1, len(letters))


def _has_verb(phrase: Phrase, use_of: WordUse, headline: bool) -> bool:
    """Whether one of its words is a verb. In a plain sentence a capitalised word belongs to a name ("Microsoft Build
    2021").
    """
    words = phrase.surface.split(" ")
    opens = not phrase.before
    return any(
        use_of.is_verb(word.casefold()) and (headline or not word[0].isupper() or (opens and place == 0))
        for place, word in enumerate(words)
    )


def is_telling(word: str) -> bool:
    """Whether a word is a name that needs no other: "GPT-Neo", "wav2vec", "PixLoc"; not "AI" or "NLP"."""
    if word[:1].isupper() and word[1:2] == "-" and len(word) > 4:  # "P-tuning"
        return True
    mixed = any(map(str.isupper, word[1:])) or any(map(str.isdigit, word))
    return (mixed and any(map(str.islower, word))) or (len(word) > 4 and mixed and not word.isalpha())


def _candidate(use: _Uses, score: float, *, backed: bool) -> Candidate:
    return Candidate(
        key=_usual(use.keys),
        surface=_usual(use.surfaces),
        people=len(use.people),
        posts=tuple(sorted(use.posts)),
        proper=use.names / sum(use.surfaces.values()),
        free=_ends_freely(use),
        score=score,
        backed=backed,
    )


def _shape(use: _Uses) -> float:
    surface = _usual(use.surfaces)
    length = min(surface.count(" ") + 1, 6)
    if length == 1 and is_telling(surface):
        return TELLING
    return SHAPE[length] * (0.6 + 0.5 * use.names / sum(use.surfaces.values()))


def _freedom(use: _Uses) -> float:
    """Below 1 when the phrase always stands between the same words, as a part of a longer one."""
    left = 0.75 if len(use.before) == 1 and "" not in use.before else 1.0
    return left if _ends_freely(use) else 0.55 * left


def _ends_freely(use: _Uses) -> bool:
    """Whether the next word varies, or is a function word (except "to", which belongs to the next word)."""
    return len(use.after) > 1 or next(iter(use.after)) in (TITLE_STOP_WORDS | {""}) - {"to"}


def _agreement(use: _Uses, weights: Mapping[str, float], heaviest: float) -> float:
    words = _usual(use.keys).split(" ")
    shared = sum(weights.get(word, 0.0) for word in words) / heaviest / math.sqrt(len(words))
    return 0.5 + min(1.5, shared + weights.get("".join(words), 0.0) / heaviest)


def _is_name(phrase: Phrase) -> bool:
    if phrase.words == 1 and not phrase.before:  # a capital has no meaning at the start of a clause
        return any(character.isupper() or character.isdigit() for character in phrase.surface[1:])
    return phrase.proper


def _usual(forms: Counter[str]) -> str:
    return min(forms, key=lambda form: (-forms[form], form))
