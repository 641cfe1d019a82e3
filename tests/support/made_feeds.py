"""RSS documents, and a feed's history over several readings of them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from models.events import Tweet
from streams.sources.feeds.entries import Entry, read_entries
from streams.sources.feeds.history import dump_history, load_history

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
