"""Posts that a source sent before: the newest ids with their authors, and the last version of each edited post.

The log itself is the store: after a crash it is rebuilt from the tail of `tweets`, so it agrees with Kafka. Its size is
limited; the oldest ids are removed first. It also has the content mark of each post, the content of feed entries (only
feeds change an entry silently), and the handles that an author had.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Mapping

import msgspec

from models.events import Deletion, Tweet
from models.text.handles import normal
from streams.sources.entry_marks import SentEntry, mark_of, said

LIMIT = 200_000  # 139 people write about 2,500 posts a week: more than a year
UNKNOWN = "unknown"
_DELETED = "deleted "  # ids contain no space


class SentPosts:
    """Decides which posts of an outcome are new; `remember` is called for the sent ones."""

    def __init__(self, limit: int = LIMIT) -> None:
        self._limit = limit
        self._authors: OrderedDict[str, str] = OrderedDict()
        self._versions: dict[str, list[str]] = {}  # the first id -> ids of its edits, in order
        self._said: dict[str, str] = {}  # post id -> content mark of its newest version
        self._entries: dict[str, dict[str, SentEntry]] = {}  # feeds only: author id -> post id -> the sent entry
        self._handles: dict[str, str] = {}  # author id -> handle on its newest post
        self._authors_by_handle: dict[tuple[str, str], str] = {}  # (source, any handle) -> author id

    def __len__(self) -> int:
        return len(self._authors)

    def __contains__(self, post_id: str) -> bool:
        return post_id in self._authors

    def entries_of(self, author_id: str) -> Mapping[str, SentEntry]:
        """Return the remembered entries of a feed, by the id of their first version."""
        return self._entries.get(author_id, {})

    def handle_of(self, author_id: str) -> str | None:
        """Return the handle on an author's newest post."""
        return self._handles.get(author_id)

    def author_of(self, source: str, handle: str) -> str | None:
        """Return the author whose posts had a handle; after a restart this finds people who changed theirs."""
        return self._authors_by_handle.get((source, normal(handle)))

    def alive(self) -> list[str]:
        """Return the ids of remembered posts that are not known as deleted, oldest first."""
        ids = [key for key in self._authors if not key.startswith(_DELETED)]
        return [post_id for post_id in ids if _DELETED + post_id not in self._authors]

    def alive_by_author(self) -> dict[str, list[str]]:
        """Return the ids of `alive` by author."""
        found: dict[str, list[str]] = {}
        for post_id in self.alive():
            found.setdefault(self._authors[post_id], []).append(post_id)
        return found

    def fresh(self, post: Tweet | Deletion, is_wanted: Callable[[Tweet | Deletion], bool]) -> list[Tweet | Deletion]:
        """Return what to send for `post`.

        A repeat gives nothing, and so does an edit without a visible change. An edit names the version that it
        replaces. A deletion includes every version, and gets the author that the platform did not report.
        """
        if isinstance(post, Tweet):
            if post.id in self._authors or self._changes_nothing(post) or not is_wanted(post):
                return []
            return [self._linked(post)]
        known = [post.id, *self._versions.get(post.id, [])]
        if post.id not in self._authors and len(known) == 1:
            if post.author_id == UNKNOWN or _key(post) in self._authors or not is_wanted(post):
                return []
            return [post]
        author = self._authors.get(post.id) or self._authors.get(known[-1]) or post.author_id
        gone = [msgspec.structs.replace(post, id=version, author_id=author) for version in known]
        return [deletion for deletion in gone if _key(deletion) not in self._authors]

    def remember(self, post: Tweet | Deletion) -> None:
        """Add a post that was sent to Kafka, or read back from it."""
        self._authors[_key(post)] = post.author_id
        if isinstance(post, Tweet) and normal(post.author) != normal(post.author_id):
            self._handles[post.author_id] = post.author
            self._authors_by_handle[post.source, normal(post.author)] = post.author_id
        if isinstance(post, Tweet) and post.source == "rss":
            self._remember_entry(post)
        if isinstance(post, Tweet):
            self._said[post.id.partition("#")[0]] = content_mark(post)
        if isinstance(post, Tweet) and "#" in post.id:
            versions = self._versions.setdefault(post.id.split("#", 1)[0], [])
            if post.id not in versions:
                versions.append(post.id)
        while len(self._authors) > self._limit:
            oldest, author_id = self._authors.popitem(last=False)
            self._versions.pop(oldest, None)
            self._said.pop(oldest, None)
            self._entries.get(author_id, {}).pop(oldest, None)

    def _changes_nothing(self, post: Tweet) -> bool:
        """Whether an edit changes only what readers do not see: a label, a poll, the description of a picture."""
        return "#" in post.id and self._said.get(post.id.partition("#")[0]) == content_mark(post)

    def _remember_entry(self, post: Tweet) -> None:
        entries = self._entries.setdefault(post.author_id, {})
        first_id = post.id.partition("#")[0]
        first = entries.get(first_id)
        sent_at = first.sent_at if first else max(1, int(post.created_at.timestamp()))
        entries[first_id] = SentEntry(mark_of(post, post.created_at), said(post), sent_at)

    def _linked(self, post: Tweet) -> Tweet:
        versions = self._versions.get(post.edit_of or "")
        return msgspec.structs.replace(post, edit_of=versions[-1]) if versions else post


def content_mark(tweet: Tweet) -> str:
    """Return ten hex digits of a post's visible text and addresses; another mark under the same id is an edit."""
    shown = "\n".join([tweet.text, *(link.url for link in tweet.links)])
    return hashlib.sha256(shown.encode("utf-8", "replace")).hexdigest()[:10]


def _key(post: Tweet | Deletion) -> str:
    return post.id if isinstance(post, Tweet) else _DELETED + post.id
