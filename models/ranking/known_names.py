"""The names that the stream knows: what several people spoke of in the weeks before is no news by itself.

"Transformers" is in every week of this field, "Perlmutter" in one. A digest hands its names to the next one, each with
the number of weeks since it was heard last; bounded, so that the record does not grow with the stream (law 4).
"""

from collections import defaultdict
from collections.abc import Mapping

from models.events import Digest
from models.ranking.story_facts import WeekWords
from models.refit.voices import voice_of
from models.week.posts import WeekPosts

VOICES = 3  # people of one week who make a name known
WEEKS = 8  # for which it stays so
MOST = 1_500


def known_names(week: WeekPosts, vocabulary: WeekWords, previous: Digest | None) -> dict[str, int]:
    """Name -> weeks since three people spoke of it, 0 for this week, after `week`."""
    voices: dict[str, set[str]] = defaultdict(set)
    for post, spoken in zip(week.posts, vocabulary.of_post, strict=True):
        for word in spoken:
            if " " not in word:
                voices[word].add(voice_of(post))
    heard = {word: 0 for word, people in voices.items() if len(people) >= VOICES and vocabulary.spelling.is_name(word)}
    before = {name: quiet + 1 for name, quiet in _names_of(previous).items() if quiet < WEEKS}
    newest_first = sorted({**before, **heard}.items(), key=lambda entry: (entry[1], entry[0]))
    return dict(sorted(newest_first[:MOST]))


def _names_of(previous: Digest | None) -> Mapping[str, int]:
    return previous.known_names if previous is not None else {}
