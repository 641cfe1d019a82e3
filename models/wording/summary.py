"""A topic in one sentence, its line in the overview, and what is new in it since last week.

Our words only count and connect ("9 people, 14 posts; Ann Lee: …"); what is said is quoted.
"""

from collections.abc import Sequence

from models.events import DigestTopic, Person, Sentence, TopicIdentity
from models.refit.story import Story
from models.week.posts import WeekPosts
from models.wording.items import Group, Source
from models.wording.label import Label
from models.wording.people import joined, mention, original_author
from models.wording.phrases import compact, phrase_key
from models.wording.quotations import embeddable

MIN_QUALITY = 0.2
NEW_IN_IT = "; new in it: "


def lead_source(groups: Sequence[Group]) -> Source | None:
    """The passage that tells best what a topic is about: from its best groups, whole and quotable."""
    candidates = [
        (source.quality / (1 + 0.2 * place), -place, source)
        for place, group in enumerate(groups[:6])
        for source in group.sources[:4]
        if embeddable(source.passage.text) and source.passage.complete and source.quality >= MIN_QUALITY
    ]
    return max(candidates, key=lambda entry: entry[:2])[2] if candidates else None


def summary(week: WeekPosts, story: Story, label: str, people: Sequence[Person], source: Source | None) -> Sentence:
    """ "In the words of Ann Lee (@annlee), one of 15 people on it: “…”"; without a passage to quote, who is there."""
    if source is None:
        first = people[:3]
        named = joined([mention(person) for person in first])
        # somebody may be there by a retweet only, which is no separate evidence but is what names them
        theirs = [_first_post(week, story, person.author_id) for person in first]
        on = f"{_number(len(people), 'person', 'people')} on {label}"
        return Sentence(text=f"{on}, {named} among them.", posts=list(dict.fromkeys([*theirs, *_ids(week, story)])))
    post = week.posts[source.index]
    teller = next((mention(person) for person in people if person.author_id == post.author_id), f"@{post.author}")
    author = original_author(post)
    who = f"{author}, passed on by {teller}" if post.kind == "retweet" and author else teller
    among = f", one of {len(people):,} people on it" if len(people) > 1 else ""
    text = f"In the words of {who}{among}: “{source.passage.text}”"
    return Sentence(text=text, posts=list(dict.fromkeys([post.id, *_ids(week, story)])))


def overview_line(topic: DigestTopic, *, comparable: bool = True) -> Sentence:
    """ "ICLR 2021: 21 people, 34 posts; new this week"; of harm only how many spoke of it.

    comparable: whether there is a week before; in the first digest nobody can say what is new.
    """
    text = f"{topic.label}: {_number(topic.people_total, 'person', 'people')}, {_number(topic.posts, 'post', 'posts')}"
    status = "" if topic.sensitive or not comparable else f"; {STATUS_WORDS[topic.status]}"
    return Sentence(text=text + status, posts=topic.summary.posts)


STATUS_WORDS = {
    "new": "new this week",
    "rising": "rising",
    "continuing": "continuing",
    "fading": "fading",
}


def change(week: WeekPosts, story: Story, label: Label, previous: TopicIdentity | None) -> Sentence | None:
    """How a continuing topic moved, and what its posts speak of now that was not among its words before."""
    if previous is None:
        return None
    known = [
        compact(phrase_key(text))
        for text in (*previous.words, *previous.label.split(" and "), label.text.split(" and ")[0])
    ]
    fresh: list[str] = []
    posts: list[int] = []
    for text, key, using in label.terms:
        plain_key = compact(key)
        if len(fresh) < 3 and not any(plain_key in other or other in plain_key for other in known):
            fresh.append(text)
            posts.extend(using[:5])
            known.append(plain_key)
    if story.previous_posts == 0:
        moved = f"Back with {_number(len(story.members), 'post', 'posts')}"
    else:
        moved = f"{_number(len(story.members), 'post', 'posts')} after {story.previous_posts:,} last week"
    if not fresh:
        return Sentence(text=f"{moved}.", posts=_ids(week, story))
    ids = [week.posts[index].id for index in posts]
    return Sentence(text=f"{moved}{NEW_IN_IT}{joined(fresh)}.", posts=list(dict.fromkeys(ids)))


def _first_post(week: WeekPosts, story: Story, author_id: str) -> str:
    return next(week.posts[int(i)].id for i in story.members if week.posts[int(i)].author_id == author_id)


def _ids(week: WeekPosts, story: Story) -> list[str]:
    return [week.posts[int(index)].id for index in story.distinct[:20]]


def _number(count: int, one: str, many: str) -> str:
    return f"{count:,} {one if count == 1 else many}"


OPENING = "Trending this week: "

SENSITIVE_OPENING = "Also spoken about: "

QUIET = "A quiet week: no subject was taken up by enough people to report."


def headline(topics: Sequence[DigestTopic], all_ids: Sequence[str]) -> Sentence:
    """The headline; a week without topics says so and cites up to 20 of `all_ids`, in which it found none."""
    if not topics:
        return Sentence(text=QUIET, posts=list(all_ids[:20]))
    first = topics[:3]
    lively = [topic.label for topic in first if not topic.sensitive]
    grave = [topic.label for topic in first if topic.sensitive]
    parts = [
        f"{opening}{_named(labels)}." for opening, labels in ((OPENING, lively), (SENSITIVE_OPENING, grave)) if labels
    ]
    posts = [post_id for topic in first for post_id in topic.summary.posts]
    return Sentence(text=" ".join(parts), posts=list(dict.fromkeys(posts)))


def _named(labels: Sequence[str]) -> str:
    """ "A", "A and B", "A, B and C"; with semicolons when a label has a conjunction or a comma of its own."""
    if len(labels) == 1:
        return labels[0]
    if any(" and " in f" {label} " or "," in label for label in labels):
        return f"{'; '.join(labels[:-1])}; and {labels[-1]}"
    return f"{', '.join(labels[:-1])} and {labels[-1]}"
