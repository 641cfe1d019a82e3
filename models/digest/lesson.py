"""What the live topics learn from a digest's topics (see `models.events.week_topics`). Pure, like the digest.

Junk is excluded: a wall of hashtags must not become a live topic.
"""

from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np

from models.events import Digest, TopicIdentity
from models.events.week_topics import WeekTopic, WeekTopics
from models.refit.story import FoundStory, Story, Theme
from models.refit.voices import is_filed
from models.text import words
from models.week.posts import WeekPosts

MAX_IDS = 200
MAX_AUTHORS = 200
MAX_WORDS = 40


def week_topics(digest: Digest, week: WeekPosts, stories: Iterable[Story | Theme]) -> WeekTopics:
    """Return the topics of `digest` for the live topics, by id.

    Args:
        digest: the digest of the week.
        week: its posts.
        stories: its themes and its published stories, with their ids.
    """
    by_id = {story.id: story for story in stories if not _is_wall(story, week)}
    found = [known for known in digest.identities if known.id in by_id and not known.quiet_weeks]
    return WeekTopics(
        week=digest.week,
        at=digest.end,
        encoder=week.encoder.split(" + ")[0],  # of several precisions: they share a space
        dimensions=week.vectors.shape[1],
        topics=[_topic(known, by_id[known.id], week) for known in found],
    )


def _is_wall(story: FoundStory, week: WeekPosts) -> bool:
    filed = sum(is_filed(week.posts[index]) for index in story.distinct.tolist())
    return 2 * filed > len(story.distinct)


def _topic(identity: TopicIdentity, story: FoundStory, week: WeekPosts) -> WeekTopic:
    distinct = _by_age(story.distinct.tolist(), week)
    repeats = _by_age(sorted(set(story.members.tolist()) - set(distinct)), week)
    known = {week.posts[index].id for index in distinct}
    # add the original of a retweet too: it may belong to an earlier week
    sources = {week.posts[index].related_id for index in story.members if week.posts[index].kind == "retweet"}
    elsewhere = sorted(source for source in sources if source is not None and source not in known)
    spoken = Counter(
        word
        for index in distinct
        for word in set(words(week.texts[index], week.posts[index].links, week.posts[index].mentions))
    )
    mean = week.vectors[story.distinct].astype(np.float64).mean(axis=0)
    times = [week.posts[index].created_at for index in story.members.tolist()]
    fields = {name: getattr(identity, name) for name in identity.__struct_fields__}
    return WeekTopic(
        **{**fields, "post_ids": [week.posts[index].id for index in distinct[:MAX_IDS]]},
        originals=len(distinct),
        tightness=round(min(1.0, float(np.linalg.norm(mean))), 4),
        word_counts=_first(spoken, MAX_WORDS),
        authors=_first(Counter(week.posts[index].author_id for index in story.members.tolist()), MAX_AUTHORS),
        repeat_ids=list(dict.fromkeys([*(week.posts[index].id for index in repeats), *elsewhere]))[:MAX_IDS],
        first=min(times),
        last=max(times),
    )


def _by_age(indices: Sequence[int], week: WeekPosts) -> list[int]:
    return sorted(indices, key=lambda index: (week.posts[index].created_at, week.posts[index].id))


def _first(counts: Counter[str], limit: int) -> dict[str, int]:
    """Return the most frequent items, ties by name: independent of the order of arrival."""
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:limit])
