"""History of a feed: decides which entries of a document are new, changed or known.

Feeds leave entries out and bring them back, give them new ids in every document, give all entries one id, or move to
another address. So an entry is matched by its parts together (`marks`): by id and link; by one of the two and a part of
its content; or by title and either date or body. Every known entry is matched once, best match first. A part that two
entries of one document share is ignored.

* New: an entry without a match. The first reading sends those of the last `lookback`; later readings send those within
  reach of the previous reading (`reach`). All others are stored without sending, and so are the undated entries of
  the first document that has any.

* Changed: a sent entry whose new content is the same in two readings in a row, at most once a day. It becomes an edit
  with the time of the first version. Content that changes in every reading is a counter or an advertisement.

Entries that left the document are kept: the newest `MOST_ABSENT`, and dated ones only as long as they could be sent.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from models.events import Tweet
from streams.sources.entry_marks import Mark, SentEntry, guid_of, mark_of, said
from streams.sources.feeds.entries import Entry, id_from
from streams.sources.fields import as_list
from streams.sources.reach import BELIEVED, NEWS, time_within_reach
from streams.sources.sent_posts import content_mark

MOST_ABSENT = 10_000
MOST_CANDIDATES = 50  # maximum number of entries with the same title to compare
EDIT_EVERY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Known:
    """An entry that was read before."""

    mark: Mark
    post_id: str
    said: str  # "" if its content is unknown
    sent_at: int = 0  # time of the sent post, in seconds since 1970; 0: stored without sending
    pending: str = ""  # content since the last reading
    edited_at: int = 0  # time of the last edit


@dataclass
class FeedHistory:
    """The entries of one feed, oldest first; `address` is the listed one."""

    address: str
    known: list[Known] = field(default_factory=list)
    shared: set[str] = field(default_factory=set)  # hashes of ids and links that several entries share
    read_at: datetime | None = None  # time of the last reading; None: never read

    def sort_out(self, entries: Sequence[Entry], now: datetime, lookback: timedelta) -> list[Tweet]:
        """Add a document, and return what to send of it: new posts and edits, oldest first.

        Args:
            entries: the document's entries, oldest first.
            now: time of the reading.
            lookback: how far back the first reading sends.
        """
        marks = self._marks(entries)
        entries, marks = _without_repeats(entries, marks)
        matched = self._match(marks, [said(entry.post) for entry in entries])
        taken, ids = set(matched.values()), {one.post_id for one in self.known}
        fresh: list[Tweet] = []
        shown: list[Known] = []
        for place, (entry, mark) in enumerate(zip(entries, marks, strict=True)):
            if place in matched:
                one, edit = self._again(self.known[matched[place]], entry, mark, now)
            else:
                one, edit = self._first(entry, mark, now, lookback, ids)
                ids.add(one.post_id)
            shown.append(one)
            fresh += [edit] if edit else []
        absent = [one for index, one in enumerate(self.known) if index not in taken]
        self.read_at = now
        kept = [one for one in absent if self._is_needed(one, now)][-MOST_ABSENT:]
        self.known = [*kept, *(one for one in shown if self._is_needed(one, now))]
        return fresh

    @property
    def is_waiting(self) -> bool:
        """Whether a change must be seen once more before it is sent."""
        return any(one.pending for one in self.known)

    def add_sent(self, posts: Mapping[str, SentEntry]) -> None:
        """Add posts that are on the log but not in the history, by post id: after a crash the cursor is older than the
        log.
        """
        sent = {one.post_id for one in self.known if one.sent_at}
        missing = [
            Known(one.mark, post_id, one.said, one.sent_at) for post_id, one in posts.items() if post_id not in sent
        ]
        ids = {one.post_id for one in missing}
        self.known = [*(one for one in self.known if one.post_id not in ids), *missing]

    def _marks(self, entries: Sequence[Entry]) -> list[Mark]:
        marks = [mark_of(entry.post, entry.date) for entry in entries]
        marks = [mark if entry.has_id else mark._replace(guid="") for entry, mark in zip(entries, marks, strict=True)]
        for part in (0, 1):
            others: dict[str, set[tuple[str, str]]] = defaultdict(set)
            for mark in marks:
                others[mark[part]].add((mark[1 - part], mark.title))
            # a different address alone may be a changed entry; with a different title it is another entry
            self.shared |= {value for value, found in others.items() if len({title for _, title in found}) > 1}
        self.shared.discard("")
        return [
            mark._replace(
                guid="" if mark.guid in self.shared else mark.guid, link="" if mark.link in self.shared else mark.link
            )
            for mark in marks
        ]

    def _match(self, marks: Sequence[Mark], words: Sequence[str]) -> dict[int, int]:
        """Return place in the document -> place among the known entries."""
        index: dict[tuple[int, str], list[int]] = defaultdict(list)
        for number, one in enumerate(self.known):
            for part in (0, 1, 2):
                if one.mark[part]:
                    index[part, one.mark[part]].append(number)
        pairs: list[tuple[int, int, int]] = []
        for place, mark in enumerate(marks):
            candidates = {
                number for part in (0, 1, 2) if mark[part] for number in index[part, mark[part]][-MOST_CANDIDATES:]
            }
            for number in candidates:
                known = self.known[number]
                agreement = _agreement(self._neutral(known.mark), mark, same_words=known.said == words[place])
                if agreement:
                    pairs.append((-agreement, place, number))
        matched: dict[int, int] = {}
        taken: set[int] = set()
        for _agreed, place, number in sorted(pairs):
            if place not in matched and number not in taken:
                matched[place] = number
                taken.add(number)
        return matched

    def _neutral(self, mark: Mark) -> Mark:
        return mark._replace(
            guid="" if mark.guid in self.shared else mark.guid, link="" if mark.link in self.shared else mark.link
        )

    def _first(
        self, entry: Entry, mark: Mark, now: datetime, lookback: timedelta, ids: Collection[str]
    ) -> tuple[Known, Tweet | None]:
        post_id = entry.post.id
        if post_id in ids:  # the feed gave its id to another entry too
            post_id = id_from(self.address, post_id, mark.link, mark.title, mark.date)
        when = self._time(entry, now, lookback)
        if when is None:
            return Known(mark, post_id, said(entry.post)), None
        post = msgspec.structs.replace(entry.post, id=post_id, created_at=when)
        return Known(mark, post_id, said(post), max(1, int(when.timestamp()))), post

    def _time(self, entry: Entry, now: datetime, lookback: timedelta) -> datetime | None:
        if entry.date is None and not self.known:
            return None
        if self.read_at is None:
            return min(entry.date, now) if entry.date is not None and entry.date >= now - lookback else None
        return time_within_reach(entry.date, now, self.read_at)

    def _again(self, one: Known, entry: Entry, mark: Mark, now: datetime) -> tuple[Known, Tweet | None]:
        says = said(entry.post)
        one = replace(one, mark=Mark(*(new or old for new, old in zip(mark, one.mark, strict=True))))
        if says == one.said or not one.said or not one.sent_at:
            return replace(one, said=says, pending=""), None
        moment = int(now.timestamp())
        if says != one.pending or moment < one.edited_at + EDIT_EVERY.total_seconds():
            return replace(one, pending=says), None
        edit = msgspec.structs.replace(
            entry.post,
            id=f"{one.post_id}#{content_mark(entry.post)}",
            edit_of=one.post_id,
            created_at=datetime.fromtimestamp(one.sent_at, UTC),
        )
        return replace(one, said=says, pending="", edited_at=moment), edit

    def _is_needed(self, one: Known, now: datetime) -> bool:
        """Whether to keep the entry: one that was never sent and is too old to send is recognised by its date alone."""
        if one.sent_at or not one.mark.date:
            return True
        return int(one.mark.date) >= (now - 2 * (NEWS + BELIEVED)).timestamp()


def _without_repeats(entries: Sequence[Entry], marks: Sequence[Mark]) -> tuple[list[Entry], list[Mark]]:
    """Drop repeated entries of a document, also under two ids: the first one counts."""
    kept: dict[tuple[str, ...], int] = {}
    for place, mark in enumerate(marks):
        kept.setdefault(mark[1:] if mark.link and (mark.date or mark.body) else (*mark, str(bool(mark.guid))), place)
    places = sorted(kept.values())
    return [entries[place] for place in places], [marks[place] for place in places]


def _agreement(one: Mark, other: Mark, *, same_words: bool) -> int:
    """Return the number of equal parts; 0 if the two are different entries."""
    guid, link, title, body, date = (bool(a) and a == b for a, b in zip(one, other, strict=True))
    words = title + body + date
    if guid and link:
        same = True
    elif guid:
        same = words > 0 or not (one.link and other.link)
    elif link:
        other_ids = one.guid and other.guid
        same = words > 0 if not other_ids else date or body or same_words or (title and not (one.date and other.date))
    else:
        undated = not (one.date or other.date)
        same = title and (date or body or (undated and not (one.body or other.body)))
    return 2 * (guid + link) + words if same else 0


def load_history(address: str, value: object) -> FeedHistory:
    """Load the history from a cursor; unreadable parts and earlier formats count as stored without sending."""
    stored = value if isinstance(value, dict) else {}
    history = FeedHistory(address)
    history.shared = {one for one in as_list(stored.get("shared")) if isinstance(one, str)}
    noted = stored.get("marks")  # of an earlier version: ids of the posts
    ids = [one for one in noted if isinstance(one, str)] if isinstance(noted, dict | list) else []
    history.known = [
        *(Known(Mark(guid_of(post_id), "", "", "", ""), post_id, "") for post_id in ids),
        *_rows(stored.get("known")),
    ]
    if isinstance(stored.get("read"), int):
        history.read_at = datetime.fromtimestamp(stored["read"], UTC)
    return history


def _rows(value: object) -> Iterator[Known]:
    for row in as_list(value):
        if isinstance(row, list) and len(row) == 10 and all(isinstance(part, str | int) for part in row):
            *mark, post_id, words, sent_at, pending, edited_at = row
            yield Known(Mark(*map(str, mark)), str(post_id), str(words), int(sent_at), str(pending), int(edited_at))


def dump_history(history: FeedHistory) -> dict[str, Any]:
    """Return the history for a cursor."""
    shared = sorted(history.shared)[:MOST_ABSENT]
    rows = [[*one.mark, one.post_id, one.said, one.sent_at, one.pending, one.edited_at] for one in history.known]
    read = {} if history.read_at is None else {"read": int(history.read_at.timestamp())}
    return {"known": rows, "shared": shared, **read}
