"""Posts too slight to found a topic: a word or two ("WOW"), bare links, walls of hashtags.

Such a post has no subject of its own. It stands under a post that it quotes or answers, and nowhere else.
"""

from collections.abc import Sequence

from models.text import hashtag_wall

FEWEST_WORDS = 3  # content words
WALL = 0.35  # share of a post's letters in hashtags from which the hashtags rule it
UNSPACED = 20  # letters in one run: a sentence in a script without spaces


def is_slight(text: str, cleaned: str, spoken: Sequence[str]) -> bool:
    """Whether the post tells no subject.

    Args:
        text: The post as it was written.
        cleaned: The post as it is encoded (`models.text.clean`).
        spoken: The content words of `cleaned` (`models.text.words.spoken_words`).
    """
    few = len(spoken) < FEWEST_WORDS and max(map(len, cleaned.split()), default=0) < UNSPACED
    return few or hashtag_wall(text) >= WALL
