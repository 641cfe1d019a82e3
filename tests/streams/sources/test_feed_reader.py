"""A costly document ends the process that reads it, and nothing else."""

from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import UTC, datetime

import httpx
import pytest

from models.events import Tweet
from streams.sources.feeds.poll import Feeds
from streams.sources.feeds.reader import BoundedReader, Document, TooCostlyError, contents_of
from streams.sources.port import Bad, Outcome
from tests.support.source_servers.collecting import people

NOW = datetime(2026, 1, 5, tzinfo=UTC)
FEED = "https://blog.test/feed.xml"
GOOD = (
    b"<rss version='2.0'><channel><title>b</title><item><guid>1</guid><title>Lanterns</title>"
    b"<pubDate>Sun, 04 Jan 2026 10:00:00 GMT</pubDate></item></channel></rss>"
)
# feedparser takes time quadratic in both: minutes for what a server may send
COSTLY = {
    "tags in CDATA": b"<rss><channel><item><description><![CDATA[%s]]></description></item></channel></rss>"
    % (b"<div>" * 200_000),
    "unclosed elements": b"<rss><channel>%s</channel></rss>" % (b"<item" * 200_000),
}


@pytest.fixture
async def bounded() -> AsyncIterator[BoundedReader]:
    made = BoundedReader(1)
    yield made
    await made.aclose()


async def test_it_reads_what_the_parser_reads(bounded: BoundedReader) -> None:
    """Entries and damage, through the pipes."""
    documents = [Document(GOOD, FEED, NOW, base=FEED, charset="utf-8"), Document(b"<html>no feed</html>", FEED, NOW)]
    for document in documents:
        assert await bounded.read(document) == contents_of(document)
    assert [one.post.text for one in (await bounded.read(documents[0])).entries] == ["Lanterns"]
    assert (await bounded.read(documents[1])).damaged


@pytest.mark.parametrize("kind", COSTLY)
async def test_a_costly_document_is_given_up(kind: str, bounded: BoundedReader) -> None:
    """The process ends, and the next document is read in another one."""
    with pytest.raises(TooCostlyError, match="1 s of processor time"):
        await bounded.read(Document(COSTLY[kind], FEED, NOW))
    assert (await bounded.read(Document(GOOD, FEED, NOW))).entries


async def test_a_costly_feed_holds_up_no_other() -> None:
    """It becomes a dead letter and is asked again after a day; the process ends with its source."""
    other = "https://other.test/feed.xml"
    documents = {FEED: COSTLY["unclosed elements"] + b"</rss>", other: GOOD}

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, stream=httpx.ByteStream(documents[str(request.url)]))

    listed = people(rss=f"{FEED} {other}")
    outcomes: list[Outcome | None] = []
    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as client:
        events = Feeds(listed, client, clock=lambda: NOW, every=0.01, reader=BoundedReader(1)).events(None)
        async with aclosing(events) as items:
            async for item in items:
                outcomes.append(item.outcome)
                if isinstance(item.outcome, Tweet):
                    break
    (bad,) = [one for one in outcomes if isinstance(one, Bad)]
    assert "processor time" in bad.reason
    assert [one.text for one in outcomes if isinstance(one, Tweet)] == ["Lanterns"]
