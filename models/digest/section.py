"""Converts stories to their texts in a digest: a section, an entry of a themed list, or a line of "In brief"."""

from collections.abc import Sequence, Set
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from models.events import Brief, DigestTopic, Item, Person, Status, TopicIdentity, TopicKind, Tweet
from models.ranking.identities import most_central
from models.refit.story import Story
from models.text.links import post_url
from models.text.plain import alphanumeric
from models.text.stop_words import STOP_WORDS, WEAK_WORDS
from models.week.posts import WeekPosts
from models.wording.change import change
from models.wording.headings import Title
from models.wording.items import MAX_PEOPLE, Group, group_link, groups, item
from models.wording.manner import DANGLING, speaker
from models.wording.passages import verbatim
from models.wording.people import people_of
from models.wording.quotations import embeddable
from models.wording.statements import Statement, statements
from models.wording.summary import line, list_summary, summary
from models.wording.titles import title_of
from models.wording.usage import atoms

if TYPE_CHECKING:
    from models.digest.inputs import Inputs

MAX_POST_IDS = 200
MAX_LABEL_POSTS = 20
OTHER_SUBJECT = 0.3  # worth of a lead without any word of the title, where 1 is added for one with all of them
LEAST_LEAD = 0.3  # worth of a lead, relative to the statement that is the title
LONGER = 1.3  # times the letters of the title, for a statement that contains it
PER_LEAD = 2  # items that start with the same person
LIST_TITLES: dict[TopicKind, str] = {
    "papers": "Papers",
    "code": "Code and tools",
    "courses": "Courses and books",
    "data": "Data",
    "trends": "Trends and debates",
}


@dataclass(frozen=True)
class _Told:
    """The texts of one story."""

    posts: list[Tweet]  # members of the story, in its order
    statements: list[Statement]
    title: Title
    people: list[Person]

    @cached_property
    def ranked(self) -> list[tuple[float, Statement]]:
        """The statements by how well they tell the title's event to a stranger."""
        subject = {atom.key for atom in atoms(self.title.text)} - STOP_WORDS - WEAK_WORDS
        ranked = []
        for one in self.statements:
            shared = len(subject & {atom.key for atom in atoms(one.text)}) / len(subject) if subject else 0.0
            ranked.append((one.worth * speaker(one.text) * (OTHER_SUBJECT + shared), one))
        return sorted(ranked, key=lambda pair: -round(pair[0], 9))


def _told(inputs: "Inputs", story: Story, taken: Set[str] = frozenset()) -> _Told:
    week = inputs.week
    posts = [week.posts[int(index)] for index in story.members]
    closeness = [float(value) for value in week.vectors[story.members] @ story.centroid]
    found = statements(posts, inputs.usage, closeness=closeness, sensitive=story.sensitive)
    taken = inputs.last_labels | taken
    title = title_of(posts, found, inputs.usage, sensitive=story.sensitive, taken=taken)
    return _Told(posts, found, title, people_of(posts, inputs.influence))


def section(
    inputs: "Inputs", story: Story, before: TopicIdentity | None, taken: Set[str] = frozenset()
) -> DigestTopic | None:
    """Return the section of a story; None if nothing in it can be shown.

    Args:
        inputs: the inputs of the digest.
        story: the story.
        before: last week's topic that it continues.
        taken: titles (case folded) of other entries.
    """
    week = inputs.week
    told = _told(inputs, story, taken)
    found = groups(week, story, told.statements, inputs.influence, inputs.resources)
    lead = _lead(told, found, story)
    items = _items(inputs, found, {lead.text} if lead else set())
    if not items and lead is None:
        return None
    return DigestTopic(
        id=story.id,
        label=told.title.text,
        status=story.status,
        keywords=[word for word, _ in story.words[:10]],
        summary=summary(told.posts, lead, told.title.text, told.people, inputs.influence),
        items=items,
        people=told.people[:MAX_PEOPLE],
        posts=len(story.members),
        originals=len(story.distinct),
        series=_series(week, [int(index) for index in story.members]),
        score=round(story.score, 6),
        score_parts={name: round(part, 6) for name, part in sorted(story.score_parts.items())},
        post_ids=sorted(week.posts[index].id for index in most_central(week, story, MAX_POST_IDS)),
        previous_id=story.previous_id,
        confidence=round(story.confidence, 6),
        previous_posts=story.previous_posts,
        change=change(told.posts, inputs.usage, story.previous_posts, before),
        sensitive=story.sensitive,
        people_total=len(told.people),
        label_posts=[told.posts[place].id for place in told.title.posts[:MAX_LABEL_POSTS]],
    )


def themed_list(
    inputs: "Inputs",
    kind: TopicKind,
    list_id: str,
    stories: Sequence[Story],
    *,
    theme: str | None = None,
    status: Status = "new",
    previous_id: str | None = None,
    previous_posts: int = 0,
    score: float = 0.0,
) -> DigestTopic | None:
    """Return stories of one kind as one list with an item each, in the given order; None if none can be shown.

    Args:
        inputs: the inputs of the digest.
        kind: kind of the list, any but "story".
        list_id: id of the list, the same in every week, so that a reader finds it again.
        stories: its entries, best first.
        theme: the common theme of all entries, if there is one.
        status: status of the section; a list has no text about it.
        previous_id: id of last week's list of this kind.
        previous_posts: number of posts in last week's list.
        score: score of the list.
    """
    shown = [(story, entry) for story in stories if (entry := _entry(inputs, story, kind)) is not None]
    if not shown:
        return None
    week = inputs.week
    members = sorted({int(index) for story, _ in shown for index in story.members})
    people = people_of((week.posts[index] for index in members), inputs.influence)
    ids = [week.posts[index].id for index in members]
    name = LIST_TITLES[kind]
    return DigestTopic(
        id=list_id,
        label=f"{name}: {theme}" if theme else name,
        status=status,
        keywords=list(dict.fromkeys(word for story, _ in shown for word, _ in story.words[:3]))[:10],
        summary=list_summary(kind, len(shown), people, [entry.sentence for _, entry in shown]),
        items=[entry for _, entry in shown],
        people=people[:MAX_PEOPLE],
        posts=len(members),
        originals=len({int(index) for story, _ in shown for index in story.distinct}),
        series=_series(week, members),
        score=round(score, 6),
        score_parts={},
        post_ids=sorted(ids[:MAX_POST_IDS]),
        previous_id=previous_id,
        previous_posts=previous_posts,
        people_total=len(people),
        kind=kind,
    )


def brief(inputs: "Inputs", story: Story, taken: Set[str] = frozenset()) -> Brief | None:
    """Return the story as one line; None if it has no text to quote. taken: titles (case folded) of other entries."""
    told = _told(inputs, story, taken)
    entry = _line(inputs, story, told)
    if entry is None:
        return None
    return Brief(
        people=entry.people,
        action=entry.action,
        sentence=entry.sentence,
        link=entry.link,
        post_urls=entry.post_urls,
        id=story.id,
        label=told.title.text,
        label_posts=[told.posts[place].id for place in told.title.posts[:MAX_LABEL_POSTS]],
        people_total=len(told.people),
        posts=len(story.members),
        score=round(story.score, 6),
        sensitive=story.sensitive,
    )


def _entry(inputs: "Inputs", story: Story, kind: TopicKind) -> Item | None:
    """Return the line of a story in a list: what is listed is called by the title of its page where that is known."""
    return _line(inputs, story, _told(inputs, story), titles_first=kind != "trends")


def _line(inputs: "Inputs", story: Story, told: _Told, *, titles_first: bool = False) -> Item | None:
    ranked = sorted(_line_first(told), key=lambda one: titles_first and not one.is_title)
    lead = next((one for one in ranked if embeddable(one.text)), None)
    if lead is None:
        return None
    subject = {atom.key for atom in atoms(told.title.text)}
    named = told.title.form == "name" and not subject & {atom.key for atom in atoms(lead.text)}
    sentence = line(told.posts, lead, told.title.text if named else "", told.people, inputs.influence)
    post = told.posts[lead.place]
    by_id = {one.id: one for one in told.posts}
    return Item(
        people=told.people[:MAX_PEOPLE],
        action="retweeted" if post.kind == "retweet" else "shared" if post.links else "wrote",
        sentence=sentence,
        link=group_link(inputs.week, [int(story.members[lead.place])], inputs.resources),
        post_urls=[url for post_id in sentence.posts[:3] if (url := post_url(by_id[post_id])) is not None],
        id=story.id,
    )


def _lead(told: _Told, found: Sequence[Group], story: Story) -> Statement | None:
    """Return the statement that tells the title's event best in other words; else the one that is the title.

    Only the lead can contain words of a quoted page or post: items never have them. A statement of a straggler, one
    that goes on with another, or one that is cut leads only if it is the title.
    """
    near = {index for group in found for index in group.members}
    letters = alphanumeric(verbatim(told.title.text))
    named = told.title.form == "name"
    first = next((one for one in _line_first(told) if embeddable(one.text)), None)
    least = LEAST_LEAD * max((worth for worth, one in told.ranked if one is first), default=0.0)
    for worth, one in told.ranked:
        if worth < least:
            break
        own = alphanumeric(verbatim(one.text))
        longer = len(own) > LONGER * len(letters)  # the title is only a part of it
        says_more = named or longer or not (own in letters or letters in own)
        alone = one.complete and not DANGLING.match(one.text) and (longer or one.text != told.title.said)
        if says_more and alone and int(story.members[one.place]) in near and embeddable(one.text):
            return one
    return first


def _line_first(told: _Told) -> list[Statement]:
    """Return the statements for a line, which has no title above it: the one that is the title before all others."""
    return sorted((one for _, one in told.ranked), key=lambda one: one.text != told.title.said)


def _items(inputs: "Inputs", found: Sequence[Group], used: set[str]) -> list[Item]:
    """Return the best groups as paragraphs, without repeated quotations; a person starts at most two of them."""
    items: list[Item] = []
    leads: dict[str, int] = {}
    for group in found:
        if len(items) == inputs.config.max_items:
            break
        made = item(inputs.week, group, inputs.influence, inputs.resources, used)
        if made is None or leads.get(_first(made.people), 0) >= PER_LEAD:
            continue
        leads[_first(made.people)] = leads.get(_first(made.people), 0) + 1
        if made.quotation:
            used.add(made.quotation)
        items.append(made)
    return items


def _first(people: list[Person]) -> str:
    return people[0].author_id


def _series(week: WeekPosts, members: Sequence[int]) -> list[int]:
    days = np.array([week.week.day_of(week.posts[index].created_at) for index in members], dtype=np.int64)
    return [int(count) for count in np.bincount(days, minlength=7)[:7]]


WORDS_PER_MINUTE = 240  # silent reading by adults (Brysbaert 2019: 238)

LEAST_ITEMS = 1


def words_in(topic: DigestTopic) -> int:
    """Return the number of words that a reader of the section reads."""
    change = topic.change.text if topic.change else ""
    own = f"{topic.label} {topic.summary.text} {change}"
    return len(own.split()) + sum(_words(item) for item in topic.items)


def within_budget(
    topics: Sequence[DigestTopic], briefs: Sequence[Brief], max_words: int
) -> tuple[list[DigestTopic], list[Brief]]:
    """Cut `topics` and `briefs` to `max_words`: first the last items of the longest stories, then the last briefs.

    Later sections are cut first, and every section keeps an item. Entries of themed lists are stories of their own and
    stay.
    """
    kept, told = list(topics), list(briefs)
    total = sum(map(words_in, kept)) + sum(map(_words, told))
    while total > max_words:
        stories = [place for place, topic in enumerate(kept) if topic.kind == "story"]
        place = max(stories, key=lambda index: (len(kept[index].items), index), default=None)
        if place is not None and len(kept[place].items) > LEAST_ITEMS:
            total -= _words(kept[place].items[-1])
            kept[place] = msgspec.structs.replace(kept[place], items=kept[place].items[:-1])
        elif told:
            total -= _words(told.pop())
        else:
            break
    return kept, told


def _words(item: Item) -> int:
    return len(item.sentence.text.split()) + len((item.quotation or "").split())
