"""The dates of a feed's entries, and which changes of an entry are edits."""

from collections.abc import Iterable
from datetime import UTC, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.sources.feeds.dates import date_of
from tests.support.made_feeds import (
    MONTHS_AGO,
    NOW,
    RECENT,
    YESTERDAY,
    Reader,
    feed,
    item,
    mail_date,
)


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


# --- edits


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
        ["Body text. 1 comment", *(f"Body text. {k} comments" for k in (2, 2, 3, 3))],
        [f"Body text. {count} views" for count in ("950", "1.2k", "1.2k", "3M", "3M")],
        [f"Body text. {age} ago" for age in ("12m", "1h", "1h", "3d", "3d")],
    ],
    ids=[
        "comments",
        "views, slowly",
        "comments in words",
        "markup",
        "advertisements",
        "one and many",
        "in short",
        "ages",
    ],
)
def test_a_counter_is_no_edit(texts: list[str]) -> None:
    """What changes at every reading, or shows nothing else, corrects nothing."""
    read = Reader()
    sent = [post for document in bodies(*texts) for post in read(document)]
    assert len(sent) == 1


@pytest.mark.parametrize("title", ["A post ({}) about kernels", "[{}] A post", "A post ({} comments)"])
def test_a_counter_in_a_title_is_no_edit(title: str) -> None:
    """In brackets; bare numbers are words of a title."""
    read = Reader()
    counts = [read(feed(item(title.format(k), "g1", "https://ada.example/1", RECENT))) for k in (1, 2, 2, 3, 3)]
    assert [len(sent) for sent in counts] == [1, 0, 0, 0, 0]


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
