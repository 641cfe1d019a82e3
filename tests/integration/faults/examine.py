"""The audit: the outcome of every record by the topics, and whether view and digests are right."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from models.events import Assignment, DeadLetter, Deletion, Digest, TopicEvent, Tweet
from models.events.wire import PoisonError, decode, decode_post
from streams.kafka.log import read_topic
from streams.kafka.topics import ASSIGNMENTS, DEAD_LETTERS, DIGESTS, TOPIC_EVENTS, TWEETS
from streams.redis_store.client import RedisViews, open_views
from streams.settings import Settings
from streams.views.memory import MemoryViews
from tests.integration.faults.posts import Produced
from tests.integration.pipeline import records_of


@dataclass
class Examination:
    """Counts, and every fault that was found."""

    produced: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    lost: list[str] = field(default_factory=list)
    twice: list[str] = field(default_factory=list)
    never_arrived: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    @property
    def sound(self) -> bool:
        """Whether nothing was lost, counted twice, or otherwise wrong."""
        return not (self.lost or self.twice or self.never_arrived or self.wrong)


async def examine(settings: Settings, sent: Sequence[Produced]) -> Examination:
    """Compare the topics with what was produced."""
    tweets = {record.origin: record for record in await records_of(settings, TWEETS)}
    found: dict[str, set[tuple[str, bytes]]] = defaultdict(set)
    assigned: Counter[str] = Counter()
    kinds: dict[str, set[str]] = defaultdict(set)
    for record in await records_of(settings, ASSIGNMENTS):
        assignment = decode(record.value, Assignment)
        entry = (assignment.outcome, record.value or b"")
        if entry not in found[assignment.origin]:  # equal bytes count once: delivery is at least once
            found[assignment.origin].add(entry)
            assigned[assignment.id] += assignment.outcome == "assigned"
            kinds[assignment.id].add(assignment.outcome)
    others = 0
    for record in await records_of(settings, DEAD_LETTERS):
        if record.value is None:  # the mark of a letter that was sent back
            continue
        letter = decode(record.value, DeadLetter)
        if letter.topic == settings.prefix + TWEETS.name:
            found[f"{letter.partition}:{letter.offset}"].add(("dead letter", b""))
        else:
            others += 1
    result = Examination(produced=len(tweets))
    result.outcomes = Counter(next(iter(found[origin]))[0] for origin in tweets if origin in found)
    result.lost = sorted(set(tweets) - set(found))
    result.twice = sorted(origin for origin, entries in found.items() if len(entries) > 1)
    result.wrong = [f"an outcome of {origin}, which nobody sent" for origin in sorted(set(found) - set(tweets))]
    _hold_against(sent, tweets.values(), assigned, kinds, result)
    wanted = sum(bool(record.poison) and record.topic != TWEETS.name for record in sent)
    if others < wanted:
        result.wrong.append(f"{others} dead letters of tweets.embedded instead of {wanted}")
    return result


def _hold_against(
    sent: Sequence[Produced], arrived: Any, assigned: Counter[str], kinds: dict[str, set[str]], result: Examination
) -> None:
    values = Counter(record.value for record in arrived)
    ids: set[str] = set()
    for record in sent:
        if record.topic != TWEETS.name:
            continue
        if not values[record.value]:
            result.never_arrived.append(record.poison or repr((record.value or b"")[:60]))
        try:
            post: Tweet | Deletion | None = decode_post(record.value)
        except PoisonError:
            post = None
        if isinstance(post, Tweet) and record.poison in ("", "null key"):
            ids.add(post.id)
        elif isinstance(post, Deletion) and "deleted" not in kinds[post.id]:
            result.wrong.append(f"the tombstone of {post.id} has no outcome")
    for post_id in sorted(ids):
        if assigned[post_id] != 1:
            result.wrong.append(f"{post_id} was assigned {assigned[post_id]} times")


async def view_differences(settings: Settings, recount: RedisViews | MemoryViews) -> list[str]:
    """Differences between the live view and `recount`, an empty one, after it gets the whole log at once."""
    async for records in read_topic(settings, ASSIGNMENTS):
        await recount.apply_assignments([decode(record.value, Assignment) for record in records])
    async for records in read_topic(settings, TOPIC_EVENTS):
        await recount.apply_topic_events([decode(record.value, TopicEvent) for record in records])
    async for records in read_topic(settings, DIGESTS):
        for record in records:
            await recount.put_digest(decode(record.value, Digest), record.headers)
    async with open_views(str(settings.redis_url), settings.prefix) as live:
        left, right = await contents(live), await contents(recount)
    return [
        f"{name}: {left.get(name)!r:.300} instead of {right.get(name)!r:.300}"
        for name in sorted({*left, *right})
        if left.get(name) != right.get(name)
    ]


async def contents(views: RedisViews | MemoryViews) -> dict[str, Any]:
    """Everything that readers can see, without stream ids and version numbers."""
    changes = await views.changes(None)
    found: dict[str, Any] = {"newest": changes.newest, "posts": changes.posts}
    for topic_id, state in changes.topics.items():
        posts, total = await views.posts(topic_id, 100_000)
        found[f"topic {topic_id}"] = msgspec.to_builtins(state), sorted(post.id for post in posts), total
    for week in await views.weeks():
        found[f"digest {week}"] = msgspec.to_builtins(await views.digest(week))
    return found
