"""Three minutes: the items of a digest within a number of words, the weakest of the longest sections left out first."""

from collections.abc import Sequence

import msgspec

from models.events import DigestTopic, Item

WORDS_PER_MINUTE = 240  # what adults read silently (Brysbaert 2019: 238)
LEAST_ITEMS = 1


def words_in(topic: DigestTopic) -> int:
    """Words that a reader of the section reads."""
    change = topic.change.text if topic.change else ""
    own = f"{topic.label} {topic.summary.text} {change}"
    return len(own.split()) + sum(_words(item) for item in topic.items)


def within_budget(topics: Sequence[DigestTopic], max_words: int) -> list[DigestTopic]:
    """`topics` with items dropped from the end of the sections that have most, until `max_words` hold.

    Later sections give first; every section keeps an item.
    """
    kept = list(topics)
    while sum(map(words_in, kept)) > max_words:
        place = max(range(len(kept)), key=lambda index: (len(kept[index].items), index))
        if len(kept[place].items) <= LEAST_ITEMS:
            break
        kept[place] = msgspec.structs.replace(kept[place], items=kept[place].items[:-1])
    return kept


def _words(item: Item) -> int:
    return len(item.sentence.text.split()) + len((item.quotation or "").split())
