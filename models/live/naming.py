"""What a live topic is called, in the words of people where there are any. Pure.

First what the latest digest calls it; then the title of the link that much of it is about; then the label of its
latest event, which is its most telling words; before any event its commonest words.
"""

from typing import Final

from models.events import TopicEvent
from models.live.state import TopicState

LABEL_WORDS: Final = 3
LINKED_SHARE: Final = 0.34  # of a topic's posts that must carry a link for its title to be the topic's
LINKED_POSTS: Final = 3
LONGEST_TITLE: Final = 90


def label_of(state: TopicState) -> str:
    """See the module."""
    info = state.info
    if info is not None and info.label and not only_words(info):
        return info.label
    return state.named or state.linked or (info.label if info is not None else "") or _common(state)


def only_words(event: TopicEvent) -> bool:
    """Whether the label is made of the keywords, and not a name."""
    return set(event.label.split(", ")) <= set(event.keywords)


def named_by(event: TopicEvent | None) -> str:
    """The name that an alias event gives, if it is one."""
    return "" if event is None or only_words(event) else event.label


def is_main_link(shares: int, posts: int) -> bool:
    """Whether a link with so many of a topic's posts is what the topic is about."""
    return shares >= LINKED_POSTS and shares >= LINKED_SHARE * posts


def title_of(text: str) -> str:
    """A link's title as a heading: up to a word's end, without what a site puts after a bar."""
    text = text.partition(" | ")[0].strip()
    if len(text) <= LONGEST_TITLE:
        return text
    return text[: LONGEST_TITLE - 1].rsplit(" ", 1)[0] + "…"


def _common(state: TopicState) -> str:
    return " · ".join(word for word, _ in state.words[:LABEL_WORDS]) or "unnamed topic"
