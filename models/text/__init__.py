"""The text of a post as it is encoded, and further facts from its text. Pure functions on any string; none raises.

`clean` keeps the author's sentence and removes the parts that would dominate its vector: the wall of hashtags at either
end, the list of addressed people, links, and the retweet's prefix. A hashtag or handle used as a word of the sentence
stays, as words ("#MachineLearning" -> "Machine Learning"). When nothing is left, the result is the title of the first
link that has one, else the words of the hashtags, else "". `clean` is idempotent. Its result has no control characters,
is in NFC and has single spaces. `models.text.sentence` finds the sentence, `models.text.words` the words.
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
    """The cleaned text for the encoder; see the module's docstring.

    Args:
        text: The post's text.
        kind: A reply starts with addressed people; in other posts they may be the subject.
        links: The post's links, with titles where known.
    """
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
    """The hashtags of a post, without their sign, as written, in order."""
    return tuple(HASHTAG.findall(LINK.sub(" ", visible(text))))


def hashtag_wall(text: str) -> float:
    """Share of a post's letters and digits inside hashtags, 0 to 1. Links, handles and RT are not counted."""
    text = MENTION.sub(" ", LINK.sub(" ", without_retweet(visible(text))))
    letters = sum(map(str.isalnum, text))
    tagged = sum(sum(map(str.isalnum, tag)) for tag in HASHTAG.findall(text))
    return min(1.0, tagged / letters) if letters else 0.0
