"""Section titles for the topics of a week: phrases from their posts, in the posts' spelling.

The title is the best candidate (`title_candidates`), or a longer phrase around it that enough of its posts use:
"Atlanta" becomes "Atlanta Shootings". A second phrase is added when the best candidate is a single common word, or when
much of the topic does not use it: "Image Cropping and Bias". Nothing is invented: each part of a label occurs in a post
or in the title of its link (apart from case, plural, hyphens and a hashtag's sign).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from models.refit.story import FoundStory
from models.text.plain import alphanumeric, plain
from models.text.stop_words import SMALL_WORDS
from models.week.posts import WeekPosts
from models.wording.quotations import label_texts
from models.wording.title_candidates import MAX_POSTS, Candidate, candidates, is_telling, spread
from models.wording.word_use import WordUse

# share of the shorter phrase's posts that must use the longer one, by the shorter one's words
LONGER = {1: 0.3, 2: 0.5}
LONGER_STILL = 0.65
POSTS_BY = "Posts by @"
TWO_LETTERS = 2
LONG_WORD = 6  # letters of a common word that may be a title alone
LONGER_SCORE = 0.15  # share of the shorter phrase's score
LONGER_THAN_WORD = 0.2  # share for a single word that is no telling name ("Atlanta", not "GPT-Neo")
MAX_TERMS = 30
COMMON = 0.34  # share of the topic's posts that a single title must cover
WIDE = 0.6  # share of the best phrase's score at which a phrase with that coverage is preferred
# score of a second phrase relative to the first, and relative to a single common word
SECOND, SECOND_TO_WORD = 0.45, 0.3
SECOND_TO_NAME = 0.12  # score of a second name relative to a single name


@dataclass(frozen=True)
class Label:
    """A section title."""

    text: str  # the title
    posts: list[int]  # indices, in the week, of posts that use it
    # further phrases, used by at least two people: (text, key, posts), best first
    terms: list[tuple[str, str, tuple[int, ...]]] = field(default_factory=list)


def labels(week: WeekPosts, stories: Sequence[FoundStory], background: Sequence[int] | None = None) -> list[Label]:
    """One label for each story, in order. Equal labels get a second phrase.

    Args:
        week: The week.
        stories: Its stories.
        background: Indices of the week's distinct posts, among which a phrase must be unusual (default: the stories').
    """
    if background is None:
        background = [int(index) for story in stories for index in story.distinct]
    shown = {int(index) for story in stories for index in story.distinct[:MAX_POSTS]}
    texts = {index: label_texts(week.posts[index]) for index in sorted(shown | set(background))}
    everywhere = spread(texts)
    use = WordUse(text for index in sorted(texts) for text in texts[index])
    result: list[Label] = []
    taken: set[str] = set()
    for story in stories:
        label = _choose(week, story, candidates(week, story, texts, everywhere, use), use, taken)
        taken.add(label.text.casefold())
        result.append(label)
    return result


def _choose(week: WeekPosts, story: FoundStory, scored: list[Candidate], use: WordUse, taken: set[str]) -> Label:
    if not scored:
        return _fallback(week, story)
    enough = COMMON * min(len(story.distinct), MAX_POSTS)
    core = next((c for c in scored if len(c.posts) >= enough and c.score >= WIDE * scored[0].score), scored[0])
    best = _longest(core, scored)
    posts = set(best.posts)
    text = use.title(best.surface)
    lone = len(best.words) == 1 and not is_telling(best.surface)
    single = len(best.words) == 1
    narrow = len(core.words) == 1 and len(best.posts) < LONGER[1] * len(core.posts)
    if single or narrow or len(core.posts) < enough or text.casefold() in taken:
        second = _second(best, scored, lone=lone)
        if second is None and text.casefold() in taken:
            apart = {*best.words, "and"}
            second = next((other for other in scored[1:] if not set(other.words) & apart), None)
        if second is not None and not set(second.words) & set(best.words):
            told = use.title(second.surface)
            text = told if _says_all(best, second) else f"{text} and {told}"
            posts |= set(second.posts)
    terms = [
        (use.title(other.surface), other.key, other.posts)
        for other in scored[:MAX_TERMS]
        if other.people >= 2 and other.free and (len(other.words) > 1 or other.proper >= 0.5)
    ]
    return Label(text, sorted(posts), terms)


def _second(best: Candidate, scored: Sequence[Candidate], *, lone: bool) -> Candidate | None:
    """A phrase that adds information to `best`: a name, else a phrase, else a word with a high enough score."""
    least = (SECOND_TO_WORD if lone else SECOND) * best.score
    near = [other for other in scored[:40] if _complements(best, other, lone=len(best.words) == 1)]
    fit = [other for other in near if other.score >= least]
    names = [other for other in near if other.proper >= 0.5 and other.score >= _least_of_a_name(best, other, least)]
    phrases = [other for other in near if len(other.words) > 1 and other.score >= _least_of_a_phrase(best, least)]
    words = [other for other in fit if 2 * other.people >= best.people and len(other.key) >= LONG_WORD]
    return _longest((names or phrases or words)[0], scored) if names or phrases or words else None


def _says_all(best: Candidate, second: Candidate) -> bool:
    """Whether two letters add nothing to a longer name: "Microsoft Build 2021" instead of "MS and Microsoft Build
    2021".
    """
    return len(best.key) <= TWO_LETTERS and len(second.words) > 1 and second.proper >= 0.5


def _least_of_a_name(best: Candidate, other: Candidate, least: float) -> float:
    """The score that a second name needs: less beside a single name, which says little; beside "CDC" only for longer
    ones.
    """
    alone = len(best.words) == 1 and (is_telling(best.surface) or (best.proper >= 0.5 and len(other.words) > 1))
    return min(least, SECOND_TO_NAME * best.score) if alone else least


def _least_of_a_phrase(best: Candidate, least: float) -> float:
    """The score that a second phrase needs: less beside an organisation such as "CDC", which is no subject."""
    bare = len(best.words) == 1 and best.proper >= 0.5 and not is_telling(best.surface)
    return min(least, SECOND_TO_NAME * best.score) if bare else least


def _longest(best: Candidate, scored: Sequence[Candidate]) -> Candidate:
    """The best longer phrase around `best` that enough of its posts use, repeatedly; else `best`."""
    share = LONGER.get(len(best.words), LONGER_STILL)
    lone = len(best.words) == 1 and not is_telling(best.surface)
    if lone:
        share = LONGER_THAN_WORD
    backed = {word for other in scored if len(other.words) == 1 and other.people >= 2 for word in other.words}
    pairs = {other.key for other in scored if len(other.words) == 2 and set(other.words) <= backed}
    named = {key for key in pairs if len(best.words) == 1 and not lone and key.startswith(f"{best.key} ")}
    longer = [
        other
        for other in scored
        if _names_before(best, other)
        and f" {best.key} " in f" {other.key} "
        and len(best.words) < len(other.words) <= 5
        and (
            (other.key in named and other.proper >= 0.5)
            or (
                other.free
                and (other.people >= 2 or (lone and other.key in pairs))
                and len(other.posts) >= share * len(best.posts)
                and (lone or other.score >= LONGER_SCORE * best.score)
            )
        )
    ]
    return _longest(longer[0], scored) if longer else best


def _names_before(best: Candidate, other: Candidate) -> bool:
    """Whether the words that `other` adds before `best` have capitals ("Project CodeNet"); verbs there have none.

    A common word may be preceded by a word without capitals that stands there most of the time ("stochastic parrots").
    """
    before = f" {other.key} ".partition(f" {best.key} ")[0].split()
    if best.proper < 0.5 and other.score >= 0.5 * best.score:
        return True
    said = [word for word in other.surface.split(" ")[: len(before)] if word not in SMALL_WORDS]
    return all(word[:1].isupper() and not word.endswith("ing") for word in said)


def _complements(best: Candidate, other: Candidate, *, lone: bool) -> bool:
    overlap = any(a in b or b in a for a in best.words for b in other.words if min(len(a), len(b)) > 3)
    fresh = set(other.posts) - set(best.posts)
    return (
        not set(best.words) & set(other.words)
        and not overlap
        and " and " not in other.key
        and other.backed
        and (lone or len(fresh) * 4 >= len(other.posts))
    )


def _fallback(week: WeekPosts, story: FoundStory) -> Label:
    """The label of a topic without phrases (other scripts): words of its first post, else the post's author."""
    index = int(story.distinct[0]) if len(story.distinct) else int(story.members[0])
    post = week.posts[index]
    held = alphanumeric(" ".join((plain(post.text), *(link.title or "" for link in post.links))))
    words = [word for word, _ in story.words[:3] if alphanumeric(word) and alphanumeric(word) in held]
    return Label(", ".join(words) if words else f"{POSTS_BY}{post.author}", [index])
