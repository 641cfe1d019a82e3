"""The phrases that could head a topic's section, scored.

score = coverage (share of the topic's people and posts that use it) x rarity (how unusual it is in the week, and how
much of its use is here: the class-based TF-IDF of Grootendorst 2022, with its logarithm of the whole) x shape (names
and two to four words read best) x freedom (words that always stand beside it belong to it) x agreement with the
topic's own words.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from models.refit.story import Story
from models.refit.voices import voice_of
from models.text.stop_words import TITLE_STOP_WORDS
from models.week.posts import WeekPosts
from models.wording.phrases import Phrase, compact, phrase_key, phrases
from models.wording.word_use import WordUse

MAX_POSTS = 200  # per topic
SHAPE = {1: 0.7, 2: 1.0, 3: 1.08, 4: 1.02, 5: 0.9, 6: 0.75}
LONE_VOICE = 0.4
PASSED_ON = 3  # people who post or pass on a phrase of one voice, from which it is not that one's alone
HEADLINE = 0.6  # share of capitalised words, as in `models.text.names`
COVERAGE = 0.65
TELLING = 1.5  # shape of a single word that is a name by its looks: nothing tells a topic better


@dataclass(frozen=True)
class Candidate:
    """`key` has one blank between words; `proper` is the share of uses as a name, 0 to 1. people: whose words have it.
    backed: two people at least have it in words of their own, or three pass on who has."""

    key: str
    surface: str
    people: int
    posts: tuple[int, ...]
    proper: float
    free: bool  # what follows it differs from use to use: it is no piece of a longer phrase
    score: float
    backed: bool = False

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
    """In how many of the posts each phrase occurs, by compact key."""
    counts: Counter[str] = Counter()
    for index in sorted(texts):
        counts.update({compact(phrase.key) for text in texts[index] for phrase in phrases(text)})
    return counts


def candidates(
    week: WeekPosts, story: Story, texts: Mapping[int, Sequence[str]], everywhere: Mapping[str, int], use_of: WordUse
) -> list[Candidate]:
    """The topic's candidates, best first. texts: by post index. everywhere: posts of the week that use each phrase."""
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
    """Whether capitals say nothing in `text`, because most of its words have one."""
    letters = [word for word in text.split() if word[0].isalpha()]
    return sum(word[0].isupper() for word in letters) >= HEADLINE * max(1, len(letters))


def _has_verb(phrase: Phrase, use_of: WordUse, headline: bool) -> bool:
    """Whether a word of it is a verb. In a plain sentence one with a capital is a name's ("Microsoft Build 2021")."""
    words = phrase.surface.split(" ")
    opens = not phrase.before
    return any(
        use_of.is_verb(word.casefold()) and (headline or not word[0].isupper() or (opens and place == 0))
        for place, word in enumerate(words)
    )


def is_telling(word: str) -> bool:
    """Whether a word is a name that needs no other beside it: "GPT-Neo", "wav2vec", "PixLoc"; not "AI", not "NLP"."""
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
    """Below 1 when the phrase always stands between the same words: it is a piece of a longer one."""
    left = 0.75 if len(use.before) == 1 and "" not in use.before else 1.0
    return left if _ends_freely(use) else 0.55 * left


def _ends_freely(use: _Uses) -> bool:
    """What follows differs from use to use, or is a word that opens something new ("to" goes with what it follows)."""
    return len(use.after) > 1 or next(iter(use.after)) in (TITLE_STOP_WORDS | {""}) - {"to"}


def _agreement(use: _Uses, weights: Mapping[str, float], heaviest: float) -> float:
    words = _usual(use.keys).split(" ")
    shared = sum(weights.get(word, 0.0) for word in words) / heaviest / math.sqrt(len(words))
    return 0.5 + min(1.5, shared + weights.get("".join(words), 0.0) / heaviest)


def _is_name(phrase: Phrase) -> bool:
    if phrase.words == 1 and not phrase.before:  # a capital says nothing where a clause opens
        return any(character.isupper() or character.isdigit() for character in phrase.surface[1:])
    return phrase.proper


def _usual(forms: Counter[str]) -> str:
    return min(forms, key=lambda form: (-forms[form], form))
