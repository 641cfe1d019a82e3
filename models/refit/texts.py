"""Topics of plain texts, for a notebook: the refit of a week without posts, people and times around the texts."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from models.encoding.encoder import Encoder
from models.events import Tweet
from models.refit.bertopic_refit import refit
from models.text import clean
from models.week.config import DigestConfig
from models.week.posts import WeekPosts
from models.week.week import Week

_WEEK: Final = Week.parse("2005-W01")  # any week: nothing of the refit depends on the time


@dataclass(frozen=True)
class TextTopic:
    """A topic of some texts."""

    words: list[str]  # words and phrases, most specific first
    texts: list[int]  # places of its texts, ascending; near-duplicates included


def topics_from_texts(texts: Sequence[str], encoder: Encoder, config: DigestConfig | None = None) -> list[TextTopic]:
    """The topics of texts, largest first. A text without words, or without a topic, is in none.

    Args:
        texts: The texts. Hashtag walls, addresses and the like are removed before they are encoded.
        encoder: See `models.encoding.loading.load_encoder`.
        config: Settings, such as the smallest number of texts that make a topic.
    """
    cleaned = [clean(text, kind="original", links=[]) for text in texts]
    posts = [
        Tweet(id=str(place), author_id=str(place), author=str(place), created_at=_WEEK.start, text=text)
        for place, text in enumerate(texts)
    ]
    week = WeekPosts(
        week=_WEEK,
        posts=posts,
        texts=cleaned,
        vectors=encoder.encode(cleaned),
        encoder=encoder.name,
        slice_hash="",
        deleted=0,
    )
    found = refit(week, config or DigestConfig())
    topics = [TextTopic([word for word, _ in theme.words], theme.members.tolist()) for theme in found.themes]
    return sorted(topics, key=lambda topic: (-len(topic.texts), topic.texts))
