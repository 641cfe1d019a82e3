"""What a feed has shown: nothing is sent twice, nothing old pours out, nothing new is taken for known."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from aiohttp import web
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.sources.cursors import Files
from streams.sources.feeds.entries import Entry, read_entries
from streams.sources.feeds.history import load_history
from streams.sources.feeds.poll import Feeds
from streams.sources.port import Bad
from streams.sources.producer import Delivery
from streams.sources.runner import Runner
from streams.sources.sent_posts import SentPosts
from tests.support.feed_reader import ReaderHere
from tests.support.made_feeds import (
    ADDRESS,
    MONTHS_AGO,
    NOW,
    RECENT,
    WEEK,
    YESTERDAY,
    Reader,
    feed,
    item,
    mail_date,
    moved,
)
from tests.support.source_servers.collecting import MemoryLog, people
from tests.support.source_servers.hosting import Stop, hosted, serve_app


def test_a_long_feed_does_not_pour_out_its_past() -> None:
    """More entries than any bound, the newest before the lookback: only what is written later is sent."""
    old = [
        item(f"Note {k}", f"g{k}", f"https://ada.example/g{k}", mail_date(NOW - timedelta(days=2 + 3.5 * k)))
        for k in range(506)
    ]
    read = Reader(timedelta(days=1))
    assert read(feed(*old)) == []
    fresh = item("Fresh note", "gf", "https://ada.example/gf", RECENT)
    assert read.titles(feed(fresh, *old)) == ["Fresh note"]
    assert read(feed(fresh, *old)) == []


def test_a_feed_that_shows_more_of_its_past_sends_none_of_it() -> None:
    """Ten entries become a hundred."""
    entries = [
        item(f"Note {k}", f"g{k}", f"https://ada.example/g{k}", mail_date(NOW - timedelta(days=20 * k)))
        for k in range(100)
    ]
    read = Reader()
    assert read.titles(feed(*entries[:10])) == ["Note 0"]
    assert read(feed(*entries)) == []


def test_a_feed_that_is_empty_at_the_first_reading_has_a_past_too() -> None:
    """Its undated entries may be of any time; a dated one of today is news."""
    read = Reader()
    assert read(feed()) == []
    undated = [item(f"Older undated {k}", f"g{k}", f"https://ada.example/{k}") for k in range(2)]
    new = item("New one", "g3", "https://ada.example/3", mail_date(NOW))
    assert read.titles(feed(new, *undated)) == ["New one"]
    later = item("Undated, later", "g4", "https://ada.example/4")
    assert read.titles(feed(later, new, *undated)) == ["Undated, later"]


@pytest.mark.parametrize("gone", [feed(), feed(item("Notice", "n", "https://ada.example/n", MONTHS_AGO))])
def test_an_emptied_and_refilled_feed_repeats_nothing(gone: bytes) -> None:
    """Dated and undated entries are known from before."""
    whole = feed(
        item("New one", "g3", "https://ada.example/3", RECENT),
        item("Old one", "g2", "https://ada.example/2", MONTHS_AGO),
        item("Older undated", "g1", "https://ada.example/1"),
    )
    read = Reader()
    assert read.titles(whole) == ["New one"]
    assert read(gone) == []
    assert read(whole) == []


HOUR = timedelta(hours=1)
BODY = "The same words as before, in a body that is long enough to tell one entry from another one."


@pytest.mark.parametrize(
    "entry",
    [
        lambda k: item("A post about kernels", f"uuid:{k}", "https://ada.example/2", RECENT, "same words"),
        lambda k: item("A post about kernels", f"uuid:{k}", "https://ada.example/2"),
        lambda k: item("A post about kernels", f"uuid:{k}", f"https://ada.example/2?session={k}", RECENT),
        lambda k: item("A post about kernels", f"uuid:{k}", f"https://ada.example/2?session={k}", "", BODY),
        lambda k: item("A post about kernels", "", f"https://ada.example/2?session={k}", RECENT),
        lambda k: item("A post about kernels", "g1", f"https://ada.example/2?session={k}"),
        lambda k: item("A post about kernels", "g1", "https://ada.example/2", mail_date(NOW + timedelta(minutes=k))),
        lambda k: moved("A post about kernels", f"http{'s' * (k % 2)}://ada.example/2"),
        lambda k: item("A post about kernels", f"uuid:{k}", "https://ada.example/2", mail_date(NOW + HOUR * k)),
        lambda k: item("A post about kernels", f"u{k}", f"https://a.example/?s={k}", mail_date(NOW + HOUR * k), BODY),
    ],
    ids=["guid", "guid, undated", "guid and link", "guid and link, undated", "link", "link of a guid", "date", "https",
         "guid and date", "everything but the words"],
)  # fmt: skip
def test_an_entry_whose_addresses_change_is_the_same(entry: Callable[[int], str]) -> None:
    """Ids made at every reading, links with a session in them, dates that follow the clock, a move to https."""
    read = Reader()
    other = item("Another one", "other", "https://ada.example/other", RECENT)
    assert len(read(feed(other))) == 1
    sent = [post for k in range(1, 6) for post in read(feed(entry(k), other))]
    assert [post.text.partition("\n\n")[0] for post in sent] == ["A post about kernels"]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (
            item("First post about data", "https://ada.example/", "https://ada.example/1", YESTERDAY),
            item("Second post about kernels", "https://ada.example/", "https://ada.example/2", RECENT),
        ),
        (
            item("First post about data", "same", "https://ada.example/", YESTERDAY),
            item("Second post about kernels", "same", "https://ada.example/", RECENT),
        ),
        (
            item("Links of the week", "a", "https://ada.example/a", YESTERDAY),
            item("Links of the week", "b", "https://ada.example/b", RECENT),
        ),
        (item("First post about data", "", "", YESTERDAY), item("Second post about kernels", "", "", RECENT)),
        (item("", "", "https://ada.example/a", YESTERDAY, "one"), item("", "", "https://ada.example/b", RECENT, "two")),
    ],
    ids=["one guid", "one guid and link", "one title", "neither", "no titles"],
)  # fmt: skip
@pytest.mark.parametrize("together", [True, False])
def test_two_entries_are_two_posts(first: str, second: str, together: bool) -> None:
    """Whatever they share, they are sent once each, with ids of their own, in one reading or in two."""
    read = Reader()
    sent = read(feed(second, first) if together else feed(first))
    for _ in range(3):
        sent += read(feed(second, first))
    assert len(sent) == len({post.id for post in sent}) == 2
    assert {post.edit_of for post in sent} == {None}


def test_a_feed_of_one_entry_with_one_guid_tells_its_posts_apart() -> None:
    """The feed shows the newest only, under an id that never changes."""
    read = Reader()
    dates = [mail_date(NOW - timedelta(hours=9 - k)) for k in range(3)]
    documents = [feed(item(f"Post {k}", "latest", f"https://ada.example/{k}", dates[k])) for k in range(3)]
    sent = [post for document in documents for post in read(document)]
    assert [post.text for post in sent] == ["Post 0", "Post 1", "Post 2"]


def test_the_same_entry_twice_in_a_document_is_one() -> None:
    """Also under two ids."""
    entry = item("Once", "g1", "https://ada.example/1", RECENT)
    again = item("Once", "g2", "https://ada.example/1", RECENT)
    assert Reader().titles(feed(entry, entry, again)) == ["Once"]


entry_sets = st.lists(
    st.tuples(st.integers(0, 9), st.booleans(), st.booleans()), min_size=1, max_size=12, unique_by=lambda one: one[0]
)


@settings(max_examples=60, deadline=None)
@given(st.lists(entry_sets, min_size=1, max_size=6))
def test_any_readings_send_every_entry_at_most_once(readings: list[list[tuple[int, bool, bool]]]) -> None:
    """Entries come, go, come back, with ids and links that are there or not and change: none is sent twice, and none
    that was first seen after the first reading is lost."""
    read, sent = Reader(), []
    for number, shown in enumerate(readings):
        document = feed(
            *(
                item(
                    f"Note number {k}",
                    f"g{k}-{number if changing else ''}" if has_guid else "",
                    f"https://ada.example/{k}",
                    mail_date(NOW - timedelta(minutes=k)),
                )
                for k, has_guid, changing in shown
            )
        )
        sent += read.titles(document)
    assert sorted(sent) == sorted({f"Note number {k}" for shown in readings for k, _guid, _changing in shown})


# --- the whole source


class Served:
    """A feed that shows the k-th document at the k-th request, then the last one."""

    def __init__(self, *documents: bytes) -> None:
        self._documents = list(documents)
        self.asked = 0

    async def start(self) -> tuple[int, Stop]:
        app = web.Application()
        app.router.add_get("/{name}.xml", self._answer)
        return await serve_app(app)

    async def _answer(self, _request: web.Request) -> web.Response:
        document = self._documents[min(self.asked, len(self._documents) - 1)]
        self.asked += 1
        return web.Response(body=document, content_type="application/rss+xml")


async def polled(address: str, served: Served, folder: Path, log: MemoryLog, memory: SentPosts) -> None:
    """The source `rss` through its runner, until the feed was asked for twice more."""
    listed, before = people(rss=address), served.asked
    async with httpx.AsyncClient() as client:
        source = Feeds(listed, client, clock=lambda: NOW, every=0.01, memory=memory, reader=ReaderHere())
        files = Files(folder, "rss")
        runner = Runner(source, Delivery(log, "rss"), files, memory, listed, lambda: NOW, saved=files.load())
        task = asyncio.create_task(runner.run())
        while served.asked < before + 3:
            await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_an_address_longer_than_an_id_is_read(tmp_path: Path) -> None:
    """A feed with a long token in its address: its posts are the listed person's."""
    log = MemoryLog()
    served = Served(feed(item("Sent", "g1", "https://ada.example/1", RECENT)))
    with hosted(served) as port:
        await polled(f"http://127.0.0.1:{port}/feed.xml?token={'k' * 180}", served, tmp_path, log, SentPosts())
    assert log.texts() == ["Sent"]
    assert len(log.tweets()[0].author_id) <= 200


async def test_a_lost_cursor_repeats_nothing(tmp_path: Path) -> None:
    """The log knows what was sent, also of entries that share an id."""
    log, memory = MemoryLog(), SentPosts()
    first = item("First post about data", "same", "https://ada.example/1", YESTERDAY)
    second = item("Second post about kernels", "same", "https://ada.example/2", RECENT)
    served = Served(feed(second, first))
    with hosted(served) as port:
        address = f"http://127.0.0.1:{port}/feed.xml"
        await polled(address, served, tmp_path, log, memory)
        (tmp_path / "rss.cursor.json").unlink()
        await polled(address, served, tmp_path, log, memory)
    assert log.texts() == ["First post about data", "Second post about kernels"]


CLOSED = "http://127.0.0.1:1/feed.xml"  # nobody listens there


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "nonsense",
        "[]",
        '{"a": 1}',
        f'{{"{CLOSED}": {{"known": 7, "shared": 3, "read": "x", "marks": 5, "etag": 4}}}}',
        f'{{"{CLOSED}": {{"known": [[1, 2], "x", [1.5, 1, 1, 1, 1, 1, 1, 1, 1, 1]], "marks": ["rss:1"]}}}}',
    ],
)
async def test_any_cursor_can_be_started_from(cursor: str) -> None:
    """A cursor may come from a stranger's record."""
    async with httpx.AsyncClient() as client:
        source = Feeds(people(rss=CLOSED), client, clock=lambda: NOW, every=0.01, reader=ReaderHere())
        assert (await anext(source.events(cursor or None))).cursor is not None


def test_an_earlier_cursor_counts_as_seen() -> None:
    """The version before this one kept the posts' ids only: nothing of it is sent again."""
    document = feed(
        item("Known", "g1", "https://ada.example/1", RECENT), item("Undated", "g2", "https://ada.example/2")
    )
    entries = [one for one in read_entries(document, ADDRESS, NOW) if isinstance(one, Entry)]
    history = load_history(ADDRESS, {"marks": {one.post.id: "0123456789" for one in entries}})
    assert history.sort_out(entries, NOW, WEEK) == []


def test_a_damaged_document_is_one_bad() -> None:
    """Not one entry of it."""
    assert [type(one) for one in read_entries(b"<html>no feed</html>", ADDRESS, NOW)] == [Bad]
