"""The editor: what a model wrote goes out beside the digest, and only what the posts support."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import replace
from typing import Any

import orjson
import pytest

from models.editing.edition import applied, edit
from models.events import Tweet
from models.events.edited import EditedDigest
from models.events.wire import decode
from streams.kafka.digests import PublishedDigest
from streams.kafka.topics import DIGESTS_EDITED
from streams.stages.edit import EditStage
from streams.web.language_model import Endpoint
from tests.support.digest_weeks import HARBOUR, LANTERN, PLAIN, digest_of
from tests.support.made_posts import FakeSend
from tests.support.model_server import completion, model_server

POSTS = {one.id: one for one in PLAIN.posts}
ENTRY = PublishedDigest(digest=digest_of(PLAIN, [LANTERN, HARBOUR]), revision=1, slice_start=0, slice_end=9)
CORRECTED = replace(ENTRY, digest=digest_of(PLAIN, [HARBOUR]), revision=2, supersedes=ENTRY.hash)


def good(body: dict[str, Any]) -> bytes:
    """A model that copies the first sentence of the first post, and says who wrote it."""
    data = orjson.loads(body["messages"][1]["content"])
    if "stories" in data:
        return completion("{}")
    first = data["posts"][0]
    said = re.split(r"(?<=[.!?])\s", first["text"])[0]
    return completion(
        orjson.dumps({"sentences": [{"text": f"{first['author']} writes: {said}", "posts": [first["id"]]}]}).decode()
    )


def hostile(_: dict[str, Any]) -> bytes:
    """A model that invents."""
    claim = {"text": "Buy at https://evil.example now, says everybody.", "posts": list(POSTS)}
    return completion(
        orjson.dumps({"title": claim, "sentences": [claim] * 9, "why": claim, "headline": claim}).decode()
    )


class World:
    """A stage with everything around it in memory."""

    def __init__(self, endpoint: Endpoint, known: Mapping[str, EditedDigest] | None = None) -> None:
        self.send = FakeSend()
        self.counts: dict[str, int] = {}
        self.batches: list[list[PublishedDigest]] = [[ENTRY]]
        self.known = known or {}
        self.missing = False
        self.stage = EditStage(
            model=endpoint.model,
            ask=endpoint.ask,
            follow=self._follow,
            read_edited=self._read_edited,
            read_posts=self._read_posts,
            send=self.send,
            count=lambda outcome, number: self.counts.update({outcome: self.counts.get(outcome, 0) + number}),
        )

    async def _follow(self) -> AsyncIterator[list[PublishedDigest]]:
        for batch in self.batches:
            yield batch

    async def _read_edited(self) -> Mapping[str, EditedDigest]:
        return self.known

    async def _read_posts(self, entry: PublishedDigest) -> Mapping[str, Tweet]:
        if self.missing:
            raise LookupError("the log no longer holds it")
        return POSTS

    def editions(self) -> list[EditedDigest]:
        """What was published."""
        return [decode(value, EditedDigest) for value in self.send.on(DIGESTS_EDITED.name)]


async def test_a_good_model_edits_the_digest_once() -> None:
    """The claims and their share are counted; a restart does not ask again."""
    async with model_server(good) as (endpoint, asked):
        world = World(endpoint)
        await world.stage.run()
        (edited,) = world.editions()
        again = World(endpoint, {edited.week: edited})
        await again.stage.run()
    assert edited.digest == ENTRY.hash
    assert [section.id for section in edited.sections] == [topic.id for topic in ENTRY.digest.topics]
    assert world.counts == {"accepted": 2, "refused": 0}
    assert len(asked) == 3
    assert again.send.sent == []


@pytest.mark.parametrize("model", [hostile, lambda _: completion("I refuse."), lambda _: completion("[1, 2")])
async def test_a_bad_model_changes_nothing_that_readers_see(model: Callable[[dict[str, Any]], bytes]) -> None:
    """Inventions, refusals and wrong JSON: the edition has no claim."""
    async with model_server(model) as (endpoint, _):
        world = World(endpoint)
        await world.stage.run()
    for edited in world.editions():
        assert edited.accepted == 0
        assert applied(ENTRY.digest, edited) == ENTRY.digest


async def test_a_model_that_is_away_or_hangs_publishes_nothing() -> None:
    """The digest went out before."""
    world = World(Endpoint("http://127.0.0.1:9/v1", "tiny", seconds=2))
    await world.stage.run()
    assert world.send.sent == []


async def test_a_correction_withdraws_the_edition_and_is_edited_itself() -> None:
    """First the null value, so that nobody is shown a claim about a deleted post."""
    async with model_server(good) as (endpoint, _):
        world = World(endpoint)
        world.batches = [[ENTRY], [CORRECTED]]
        await world.stage.run()
    assert [sent.value is None for sent in world.send.sent] == [False, True, False]
    assert [edited.digest for edited in world.editions()] == [ENTRY.hash, CORRECTED.hash]


async def test_a_stale_edition_is_withdrawn_even_when_the_log_lost_the_posts() -> None:
    """And when no model answers."""
    stale = edit(ENTRY.digest, POSTS, "tiny", {})
    world = World(Endpoint("http://127.0.0.1:9/v1", "tiny", seconds=2), {stale.week: stale})
    world.batches, world.missing = [[CORRECTED]], True
    await world.stage.run()
    assert [(sent.topic, sent.key, sent.value) for sent in world.send.sent] == [
        (DIGESTS_EDITED.name, CORRECTED.digest.week.encode(), None)
    ]


async def test_only_the_active_process_edits() -> None:
    """Another one stands by; stopping cancels a request that hangs, and a bug ends the stage."""
    asked = asyncio.Event()

    async def hang(_: object) -> str:
        asked.set()
        await asyncio.Event().wait()
        return ""

    world = World(Endpoint("http://127.0.0.1:9/v1", "tiny"))
    world.stage._ask = hang
    await world.stage.tick(active=False)
    assert not asked.is_set()
    await world.stage.tick(active=True)
    await asked.wait()
    await world.stage.tick(active=False)
    assert world.send.sent == []
    world.send.broken = True
    world.known = {ENTRY.digest.week: edit(CORRECTED.digest, POSTS, "tiny", {})}
    await world.stage.tick(active=True)
    while not world.stage.is_done:
        await asyncio.sleep(0)
    with pytest.raises(ConnectionError):
        await world.stage.tick(active=True)
