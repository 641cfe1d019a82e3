"""Detects posts too slight to start a topic: one or two words ("WOW"), bare links, walls of hashtags.

Such a post has no subject of its own. It belongs only to a post that it quotes or answers.
"""

from collections.abc import Sequence

from models.text import hashtag_wall

FEWEST_WORDS = 3  # content words
WALL = 0.35  # minimum share of a post's letters in hashtags of a wall
UNSPACED = 20  # letters without a space: a sentence in a script without spaces


def is_slight(text: str, cleaned: str, spoken: Sequence[str]) -> bool:
    """Whether the post has no subject of its own.

    Args:
        text: the post as written.
        cleaned: the post as encoded (`models.text.clean`).
        spoken: the content words of `cleaned` (`models.text.words.spoken_words`).
    """
    return has_few_words(cleaned, spoken) or hashtag_wall(text) >= WALL


def has_few_words(cleaned: str, spoken: Sequence[str]) -> bool:
    """Whether the post says next to nothing; `cleaned` and `spoken` as for `is_slight`."""
    return len(spoken) < FEWEST_WORDS and max(map(len, cleaned.split()), default=0) < UNSPACED
