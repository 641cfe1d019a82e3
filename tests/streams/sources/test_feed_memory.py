"""What a feed has shown: nothing is sent twice, nothing old pours out, nothing new is taken for known."""

import asyncio
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from aiohttp import web
from hypothesis import given, settings
from hypothesis import strategies as st

from models.events import Tweet
from streams.sources.cursors import Files
from streams.sources.feeds.dates import date_of
from streams.sources.feeds.entries import Entry, read_entries
from streams.sources.feeds.history import dump_history, load_history
from streams.sources.feeds.poll import Feeds
from streams.sources.port import Bad
from streams.sources.producer import Delivery
from streams.sources.runner import Runner
from streams.sources.sent_posts import SentPosts
from tests.support.source_servers.collecting import MemoryLog, people
from tests.support.source_servers.hosting import Stop, hosted, serve_app

NOW = datetime(2026, 11, 29, 9, tzinfo=UTC)
ADDRESS = "https://ada.example/feed.xml"
WEEK = timedelta(days=7)


def item(title: str, guid: str = "", link: str = "", date: str = "", body: str = "") -> str:
    return (
        f"<item><title>{title}</title>"
        + (f'<guid isPermaLink="false">{guid}</guid>' if guid else "")
        + (f"<link>{link}</link>" if link else "")
        + (f"<pubDate>{date}</pubDate>" if date else "")
        + f"<description>{body}</description></item>"
    )


def note(number: int, date: datetime) -> str:
    return item(f"Note {number}", f"g{number}", f"https://ada.example/g{number}", mail_date(date))


def moved(title: str, address: str) -> str:
    """An entry whose id is its address."""
    return item(title, address, address, RECENT)


def feed(*items: str, head: str = "") -> bytes:
    return (
        '<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel><title>Ada notes</title>'
        f"<link>https://ada.example/</link>{head}{''.join(items)}</channel></rss>"
    ).encode()


def mail_date(moment: datetime) -> str:
    return moment.strftime("%a, %d %b %Y %H:%M:%S GMT")


class Reader:
    """A feed's history over several readings, each from the bytes that a cursor would hold."""

    def __init__(self, lookback: timedelta = WEEK, every: timedelta = timedelta(minutes=15)) -> None:
        self.now = NOW - every
        self._every = every
        self._lookback = lookback
        self._state: Any = {}

    def __call__(self, document: bytes) -> list[Tweet]:
        """What a reading sends."""
        self.now += self._every
        history = load_history(ADDRESS, orjson.loads(orjson.dumps(self._state)))
        entries = [one for one in read_entries(document, ADDRESS, self.now) if isinstance(one, Entry)]
        fresh = history.sort_out(entries, self.now, self._lookback)
        self._state = dump_history(history)
        return fresh

    def titles(self, document: bytes) -> list[str]:
        return [post.text.partition("\n\n")[0] for post in self(document)]


RECENT = mail_date(NOW - timedelta(hours=5))
YESTERDAY = mail_date(NOW - timedelta(hours=23))
TWO_DAYS = mail_date(NOW - timedelta(days=2))
MONTHS_AGO = mail_date(NOW - timedelta(days=300))


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
    ],
    ids=["guid", "guid, undated", "guid and link", "guid and link, undated", "link", "link of a guid", "date", "https"],
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


# --- kind 3: dates


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("Mon, 01 Jan 0001 00:00:00 +0000", None),
        ("0001-01-01T00:00:00Z", None),
        ("Thu, 01 Jan 1970 00:00:00 GMT", None),
        ("Wed, 31 Dec 1969 19:00:00 EST", None),
        ("1899-12-30T00:00:00Z", None),
        ("1980-01-01", None),
        ("0", None),
        ("soon", None),
        ("", None),
        ("03/04/2026", None),
        ("Sat, 28 Nov 2026 10:00:00", "2026-11-28T10:00:00+00:00"),
        ("Sat, 28 Nov 2026 10:00:00 -0000", "2026-11-28T10:00:00+00:00"),
        ("Sat, 28 Nov 2026 05:00:00 EST", "2026-11-28T10:00:00+00:00"),
        ("28 Nov 2026 10:00 +0200", "2026-11-28T08:00:00+00:00"),
        ("2026-11-28T10:00:00", "2026-11-28T10:00:00+00:00"),
        ("2026-11-28 10:00:00+01:00", "2026-11-28T09:00:00+00:00"),
        ("2026-11-28T10:00:00.123456789Z", "2026-11-28T10:00:00.123456+00:00"),
        ("20261128T100000Z", "2026-11-28T10:00:00+00:00"),
        ("2026/11/28 15:07:41", "2026-11-28T15:07:41+00:00"),
        ("2026/11/28", "2026-11-28T00:00:00+00:00"),
        ("2026.11.28 15:07", "2026-11-28T15:07:00+00:00"),
        ("28/11/2026 15:07", "2026-11-28T15:07:00+00:00"),
        ("11/28/2026 15:07", "2026-11-28T15:07:00+00:00"),
        ("28.11.2026", "2026-11-28T00:00:00+00:00"),
        ("November 28, 2026", "2026-11-28T00:00:00+00:00"),
        ("28 November 2026 10:30", "2026-11-28T10:30:00+00:00"),
        ("Sat Nov 28 10:00:00 2026", "2026-11-28T10:00:00+00:00"),
        ("1795860000", "2026-11-28T10:00:00+00:00"),
        ("1795860000000", "2026-11-28T10:00:00+00:00"),
        ("2026-13-45", None),
        ("2026/13/45", None),
        ("2026-11", None),
        ("2026", None),
    ],
)
def test_dates_as_feeds_write_them(text: str, right: str | None) -> None:
    """Zones that are missing are UTC; what can be read in two ways, or stands for "unknown", is no date."""
    found = date_of(text)
    assert (found and found.isoformat()) == right


@given(st.text(max_size=60))
def test_any_words_are_a_date_or_none(text: str) -> None:
    """Never an error, and never a time before the web."""
    found = date_of(text)
    assert found is None or (found.year >= 1990 and found.tzinfo is UTC)


def test_wild_dates_of_entries() -> None:
    """Years 1 and 1970 are no dates; a date without a zone and one with slashes are what they say."""
    read = Reader()
    sent = read(
        feed(
            item("Zero date", "d1", "https://ada.example/d1", "Mon, 01 Jan 0001 00:00:00 +0000"),
            item("Epoch", "d2", "https://ada.example/d2", "Thu, 01 Jan 1970 00:00:00 GMT"),
            item("No zone", "d3", "https://ada.example/d3", "Sat, 28 Nov 2026 10:00:00"),
            item("Slashes", "d4", "https://ada.example/d4", "2026/11/28 15:07:41"),
        )
    )
    assert [(post.text, post.created_at.isoformat()) for post in sent] == [
        ("No zone", "2026-11-28T10:00:00+00:00"),
        ("Slashes", "2026-11-28T15:07:41+00:00"),
    ]


def test_the_build_date_is_no_entrys_date() -> None:
    """At the first reading entries without a date are noted; a later one is as old as its first sight."""
    head = (
        "<lastBuildDate>Sun, 29 Nov 2026 08:00:00 GMT</lastBuildDate><pubDate>Sun, 29 Nov 2026 08:00:00 GMT</pubDate>"
    )
    essays = [item(f"Old essay {k}", f"g{k}", f"https://ada.example/{k}") for k in range(2)]
    read = Reader()
    assert read(feed(*essays, head=head)) == []
    (new,) = read(feed(item("New essay", "g9", "https://ada.example/9"), *essays, head=head))
    assert (new.text, new.created_at) == ("New essay", read.now)


@pytest.mark.parametrize(
    ("age", "dated"),
    [
        (timedelta(hours=20), timedelta(hours=20)),
        (timedelta(days=3), timedelta(0)),
        (timedelta(days=12), None),
        (timedelta(days=5000), None),
        (-timedelta(days=9), timedelta(0)),
    ],
)
def test_an_entry_that_appears_late(age: timedelta, dated: timedelta | None) -> None:
    """One that could be read only now is news of now; one from long ago is none."""
    read = Reader(timedelta(days=1), every=timedelta(0))
    assert read(feed(item("Known", "g1", "https://ada.example/1", MONTHS_AGO))) == []
    sent = read(feed(item("Late", "g2", "https://ada.example/2", mail_date(NOW - age))))
    assert [NOW - post.created_at for post in sent] == ([] if dated is None else [dated])


def test_what_was_written_while_the_source_was_away_keeps_its_time() -> None:
    """Ten days without a reading: entries of those days are news with their own dates."""
    read = Reader(timedelta(days=1), every=timedelta(days=10))
    assert read(feed(item("Known", "g1", "https://ada.example/1", MONTHS_AGO))) == []
    written = NOW + timedelta(days=2)
    (post,) = read(feed(item("Meanwhile", "g2", "https://ada.example/2", mail_date(written))))
    assert post.created_at == written


# --- kind 4: edits


def bodies(*texts: str) -> Iterable[bytes]:
    return (feed(item("A post", "g1", "https://ada.example/1", RECENT, text)) for text in texts)


@pytest.mark.parametrize(
    "texts",
    [
        [f"Body text. {k} comments" for k in range(1, 9)],
        [f"Body text. {1000 * k:,} views" for k in (1, 1, 2, 2, 3, 3)],
        [f"Body text. {['one', 'two', 'three', 'four', 'five', 'six'][k]} comments" for k in range(6)],
        ["Body text.", "BODY  text", "Body &lt;b&gt;text&lt;/b&gt;."],
        [f"Body text. Sponsored by {name}" for name in ("a", "b", "c", "a", "b", "c")],
    ],
    ids=["comments", "views, slowly", "comments in words", "markup", "advertisements"],
)
def test_a_counter_is_no_edit(texts: list[str]) -> None:
    """What changes at every reading, or shows nothing else, corrects nothing."""
    read = Reader()
    sent = [post for document in bodies(*texts) for post in read(document)]
    assert len(sent) == 1


def test_an_edit_is_sent_once_it_stays() -> None:
    """Seen twice, with the first version's time and id; the title's numbers are words."""
    read = Reader()
    (first,) = read(feed(item("GPT 3 is out", "g1", "https://ada.example/1", RECENT, "A report.")))
    changed = feed(item("GPT 4 is out", "g1", "https://ada.example/1", YESTERDAY, "A report."))
    assert read(changed) == []
    (edit,) = read(changed)
    assert (edit.edit_of, edit.created_at, edit.text) == (first.id, first.created_at, "GPT 4 is out\n\nA report.")
    assert edit.id.startswith(f"{first.id}#")
    assert read(changed) == []


def test_an_entry_is_edited_once_a_day_at_most() -> None:
    """Whatever its author does; the last state arrives."""
    read = Reader(every=timedelta(hours=1))
    sent = [post for k in range(24 * 3) for post in read(next(iter(bodies(f"Body text, version {chr(97 + k // 4)}"))))]
    assert 1 < len(sent) <= 4
    last = next(iter(bodies(f"Body text, version {chr(97 + 71 // 4)}")))
    sent += [post for _ in range(30) for post in read(last)]
    assert sent[-1].text.endswith("version r")


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
        source = Feeds(listed, client, clock=lambda: NOW, every=0.01, memory=memory)
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
        source = Feeds(people(rss=CLOSED), client, clock=lambda: NOW, every=0.01)
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
