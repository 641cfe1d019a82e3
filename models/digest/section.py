"""One story -> its section: summary, items, people, days."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import numpy.typing as npt

from models.events import DigestTopic, Item, Person, TopicIdentity
from models.ranking.identities import most_central
from models.refit.story import Story
from models.week.posts import WeekPosts
from models.wording.items import MAX_PEOPLE, Group, groups, item
from models.wording.label import Label
from models.wording.people import people_of
from models.wording.summary import change, lead_source, summary

if TYPE_CHECKING:
    from models.digest.inputs import Inputs

MAX_POST_IDS = 200
PER_LEAD = 2  # items that open with the same person


def section(
    inputs: "Inputs",
    story: Story,
    label: Label,
    duplicate_of: npt.NDArray[np.int64],
    before: TopicIdentity | None,
) -> DigestTopic | None:
    """The section; None when no item of it has evidence that can be shown."""
    week = inputs.week
    people = people_of((week.posts[int(index)] for index in story.members), inputs.influence)
    found = groups(week, story, duplicate_of, inputs.influence, inputs.resources)
    lead = lead_source(found)
    items = _items(inputs, found, {lead.passage.text} if lead else set())
    if not items and lead is None:
        return None
    return DigestTopic(
        id=story.id,
        label=label.text,
        status=story.status,
        keywords=[word for word, _ in story.words[:10]],
        summary=summary(week, story, label.text, people, lead),
        items=items,
        people=people[:MAX_PEOPLE],
        posts=len(story.members),
        originals=len(story.distinct),
        series=_series(week, story),
        score=round(story.score, 6),
        score_parts={name: round(part, 6) for name, part in sorted(story.score_parts.items())},
        post_ids=sorted(week.posts[index].id for index in most_central(week, story, MAX_POST_IDS)),
        previous_id=story.previous_id,
        confidence=round(story.confidence, 6),
        previous_posts=story.previous_posts,
        change=change(week, story, label, before),
        sensitive=story.sensitive,
        people_total=len(people),
    )


def _items(inputs: "Inputs", found: list[Group], used: set[str]) -> list[Item]:
    """The best groups as paragraphs; no quotation twice, nobody opens more than two of them."""
    items: list[Item] = []
    leads: dict[str, int] = {}
    for group in found:
        if len(items) == inputs.config.max_items:
            break
        made = item(inputs.week, group, inputs.influence, inputs.resources, used)
        if made is None or leads.get(_lead(made.people), 0) >= PER_LEAD:
            continue
        leads[_lead(made.people)] = leads.get(_lead(made.people), 0) + 1
        if made.quotation:
            used.add(made.quotation)
        items.append(made)
    return items


def _lead(people: list[Person]) -> str:
    return people[0].author_id


def _series(week: WeekPosts, story: Story) -> list[int]:
    days = [week.week.day_of(week.posts[int(index)].created_at) for index in story.members]
    return [days.count(day) for day in range(7)]


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
