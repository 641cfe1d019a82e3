"""The demo's posts in order of arrival, as `toptopics ingest` reads them.

Out: JSON Lines with ``id, author, author_name, followers, created_at, text, urls, lang, kind, related_id,
related_author, mentions, metrics``. The same seed gives the same bytes. Most posts arrive within seconds, some within
the day that a week stays open, a few later but while their own week is still open. ``demo_posts`` gives every
well-formed post once; ``demo_lines`` adds exact duplicates and malformed records.
"""

import random
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import orjson

from streams.demo import rhythm, wording
from streams.demo.catalogue import Link
from streams.demo.drafts import Draft, write_drafts

_DUPLICATES = 18

# each has one error; the stream must count and report it, and continue
MALFORMED: tuple[bytes, ...] = (
    b'{"id": "1366741008231700481", "author": "paperdrip_daily", "created_at": "2021-03-02T13:22:10.000Z", "te',
    b"this line is not JSON",
    b'{"author": "gabe_in_prod", "created_at": "2021-03-03T09:00:00.000Z", "text": "a post without an id"}',
    b'{"id": "1367800000000000001", "author": "gabe_in_prod", "created_at": "yesterday, after lunch", "text": "when?"}',
    b'{"id": "1369000000000000002", "author": "quietquant", "created_at": "2021-03-09T10:00:00.000Z", "text": ""}',
    b'{"id": "1369900000000000003", "author": "quietquant", "created_at": "2021-03-11T10:00:00.000Z", "text": 42}',
    b'["1370500000000000004", "mlshelf", "2021-03-13T08:00:00.000Z", "a list and not a post"]',
    b'{"id": "1371700000000000005", "author": "mlshelf", "created_at": "2021-03-16T08:00:00Z", "text": "!", "kind": 7}',
    b'{"id": "1372400000000000006", "author": ["mlshelf"], "created_at": "2021-03-18T08:00:00.000Z", "text": "we"}',
    b'{"id": "1373000000000000007", "author": "opengrads", "created_at": "2021-03-19T18:00:00.000Z", "text": "\xff"}',
)


def _urls(rng: random.Random, links: list[Link]) -> list[object]:
    """Links as objects, or as plain addresses, which some collectors store."""
    if rng.random() < 0.2:
        return [link.url for link in links]
    fields = ("url", "title", "description", "site", "kind")
    return [{name: value for name in fields if (value := getattr(link, name))} for link in links]


def _record(rng: random.Random, draft: Draft, post_id: int, parent_id: int | None) -> dict[str, Any]:
    record: dict[str, Any] = {
        "id": str(post_id),
        "author": draft.author.handle,
        "author_name": draft.author.name,
        "followers": draft.author.followers,
        "created_at": draft.at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "text": wording.as_sent(draft.text),
        "urls": _urls(rng, draft.links),
        "lang": draft.lang,
        "kind": draft.kind,
        "mentions": re.findall(r"@(\w+)", draft.text),
        "metrics": wording.metrics(rng, draft.author.followers, draft.kind, draft.retweets),
    }
    if draft.parent:
        record["related_id"] = str(parent_id)
        record["related_author"] = draft.parent.author.handle
    return record


@lru_cache(maxsize=4)
def _generate(seed: int) -> tuple[tuple[bytes, ...], dict[str, str | None]]:
    """The posts as JSON in order of arrival, and the story of each post id."""
    rng = random.Random(seed)
    ids: dict[Draft, int] = {}
    taken: set[int] = set()
    arrivals = []
    labels: dict[str, str | None] = {}
    for draft in write_drafts(rng):
        post_id = rhythm.snowflake(rng, draft.at)
        while post_id in taken:
            post_id += 1
        taken.add(post_id)
        ids[draft] = post_id
        record = _record(rng, draft, post_id, ids[draft.parent] if draft.parent else None)
        arrivals.append((draft.at + rhythm.arrival_delay(rng, draft.at), post_id, orjson.dumps(record)))
        labels[str(post_id)] = draft.story
    return tuple(line for _, _, line in sorted(arrivals)), labels


def demo_posts(seed: int = 11) -> Iterator[dict[str, Any]]:
    """Every well-formed post of the three weeks once, in order of arrival."""
    return (orjson.loads(line) for line in _generate(seed)[0])


def demo_lines(seed: int = 11) -> Iterator[bytes]:
    """The demo as a collector's file: JSON Lines without line ends, with duplicates and bad records."""
    rng = random.Random(f"faults of {seed}")
    lines = list(_generate(seed)[0])
    for position in sorted(rng.sample(range(200, len(lines) - 200), _DUPLICATES), reverse=True):
        lines.insert(position + rng.randint(1, 150), lines[position])
    step = len(lines) // (len(MALFORMED) + 1)
    for number, bad in reversed(list(enumerate(MALFORMED, start=1))):
        lines.insert(number * step, bad)
    yield from lines


def story_of(post_id: str, seed: int = 11) -> str | None:
    """The key of the story that a demo post belongs to, None for noise.

    Raises:
        KeyError: The id is unknown.
    """
    return _generate(seed)[1][post_id]
