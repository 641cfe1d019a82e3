"""The text of a post as it is encoded, and what else its text tells. Pure functions over any string; none raises.

`clean` keeps the sentence that the author wrote and drops what would rule its vector: the wall of hashtags at
either end, the list of people addressed, links, the retweet's prefix. A hashtag or a handle used as a word in the
sentence stays, as words ("#MachineLearning" -> "Machine Learning"). Nothing left: the titles of the links, then the
words of the hashtags, then "". `clean` is idempotent and its result has no control character, is in NFC and has
single spaces. `models.text.sentence` finds the sentence, `models.text.words` the lexical evidence.
"""

from collections.abc import Sequence

from models.events import Kind, Link
from models.text.characters import HAS_WORD, HASHTAG, LINK, MENTION, split_hashtag, visible
from models.text.sentence import retweeted, sentence_of, without_retweet
from models.text.words import content_key, spoken_words, with_people_and_sites, words

__all__ = [
    "clean",
    "content_key",
    "hashtag_wall",
    "hashtags",
    "retweeted",
    "split_hashtag",
    "spoken_words",
    "with_people_and_sites",
    "words",
]


def clean(text: str, *, kind: Kind, links: Sequence[Link]) -> str:
    """The text as encoded; see the module's docstring. `kind` tells a reply's list of people from a subject."""
    text = visible(text)
    sentence = sentence_of(text, kind)
    if HAS_WORD.search(sentence):
        return sentence
    for link in links:
        title = sentence_of(visible(link.title), "original") if link.title else ""
        if HAS_WORD.search(title):
            return title
    return sentence_of(" ".join(split_hashtag(tag) for tag in HASHTAG.findall(LINK.sub(" ", text))), "original")


def hashtags(text: str) -> tuple[str, ...]:
    """The hashtags of a post without their sign, as written, in order."""
    return tuple(HASHTAG.findall(LINK.sub(" ", visible(text))))


def hashtag_wall(text: str) -> float:
    """Share of a post's letters and digits that stand in hashtags, 0 to 1; links, handles and RT do not count."""
    text = MENTION.sub(" ", LINK.sub(" ", without_retweet(visible(text))))
    letters = sum(map(str.isalnum, text))
    tagged = sum(sum(map(str.isalnum, tag)) for tag in HASHTAG.findall(text))
    return min(1.0, tagged / letters) if letters else 0.0
