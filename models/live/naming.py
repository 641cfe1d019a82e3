"""The name of a live topic, in people's words if possible. Pure.

1. The title of its story (`models.live.story_text`), if it has one now.
2. The name that the latest digest gave it.
3. The title of the link that many of its posts share.
4. The label of its latest event, which consists of its keywords.
5. Before any event, its most frequent words.
"""

from typing import Final

from models.events import TopicEvent
from models.live.state import TopicState

LABEL_WORDS: Final = 3
LINKED_SHARE: Final = 0.34  # share of a topic's posts that must have a link for its title to be the topic's
LINKED_POSTS: Final = 3
LONGEST_TITLE: Final = 90


def label_of(state: TopicState) -> str:
    """The topic's name; see the module's docstring."""
    info = state.info
    if state.titled:
        return state.titled
    if info is not None and info.label and not only_words(info):
        return info.label
    return state.named or state.linked or (info.label if info is not None else "") or _common(state)


def only_words(event: TopicEvent) -> bool:
    """Whether the label consists of keywords and is no name."""
    return set(event.label.split(", ")) <= set(event.keywords)


def named_by(event: TopicEvent | None) -> str:
    """The name that an alias event gives; "" for other events."""
    return "" if event is None or only_words(event) else event.label


def is_main_link(shares: int, posts: int) -> bool:
    """Whether a link with so many of a topic's posts is the topic's subject."""
    return shares >= LINKED_POSTS and shares >= LINKED_SHARE * posts


def title_of(text: str) -> str:
    """A link's title as a heading: cut at the end of a word, without the part after a bar."""
    text = text.partition(" | ")[0].strip()
    if len(text) <= LONGEST_TITLE:
        return text
    return text[: LONGEST_TITLE - 1].rsplit(" ", 1)[0] + "…"


def _common(state: TopicState) -> str:
    return " · ".join(word for word, _ in state.words[:LABEL_WORDS]) or "unnamed topic"
