"""What readers of the view are handed, and the protocol that the API, watch and alerts rest on."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol

from msgspec import Struct

from models.events import Digest, TopicEvent


class TopicState(Struct, frozen=True, kw_only=True):
    """All that ranking needs of one topic.

    series: bucket -> (posts, originals), buckets of `BUCKET_SECONDS` since 1970. people: author id -> (posts, newest
    bucket). words: most frequent first. info: the latest event that says how the topic is doing; None before any.
    named: what the latest digest calls it, linked: title of its most shared link; empty where there is none.
    """

    id: str
    series: dict[int, tuple[int, int]]
    people: dict[str, tuple[int, int]]
    words: list[tuple[str, int]]
    links: list[tuple[str, int]]
    first_at: datetime
    last_at: datetime
    info: TopicEvent | None
    named: str = ""
    linked: str = ""


class Changes(Struct, frozen=True, kw_only=True):
    """What happened to the topics since a version; None: no longer listed. `full`: topics not named are gone too."""

    version: int
    full: bool
    newest: datetime | None
    posts: int
    topics: dict[str, TopicState | None]


class ShownPost(Struct, frozen=True, kw_only=True):
    """A post as it may be shown; text is printable but not escaped."""

    id: str
    author_id: str
    author: str
    author_name: str
    created_at: datetime
    text: str
    kind: str
    links: list[dict[str, str | None]]
    followers: int | None = None
    lang: str | None = None
    likes: int = 0
    retweets: int = 0
    source: str = ""
    similarity: float = 0.0
    support: bool = False
    candidate: bool = False


class ShownLink(Struct, frozen=True, kw_only=True):
    """A link of a topic and the number of its posts that carry it."""

    url: str
    posts: int
    title: str = ""
    site: str = ""
    kind: str = ""
    description: str = ""


class StoredDigest(Struct, frozen=True, kw_only=True):
    """A digest (without identities) and its record headers."""

    digest: Digest
    headers: dict[str, str]


class ViewEvent(Struct, frozen=True, kw_only=True):
    """An entry on the stream of events; `id` is the stream's and grows."""

    id: str
    kind: str
    topic_id: str
    at: datetime
    data: dict[str, Any]


class ViewReader(Protocol):
    """Reads the view. Every method raises ViewUnavailableError when the store cannot be reached."""

    async def ping(self) -> None: ...
    async def changes(self, since: int | None) -> Changes: ...
    async def resolve(self, topic_id: str) -> str | None:
        """The id under which it is known now; None if no such topic is."""

    async def aliases(self, topic_id: str) -> list[str]:
        """Other ids that lead to this one, sorted."""

    async def posts(self, topic_id: str, limit: int, offset: int = 0) -> tuple[list[ShownPost], int]:
        """Newest first, and how many there are."""

    async def links(self, topic_id: str, limit: int) -> list[ShownLink]:
        """Most posts first."""

    async def history(self, topic_id: str) -> list[TopicEvent]:
        """Oldest first, with the events of topics that were merged into it."""

    async def names(self, author_ids: Sequence[str]) -> dict[str, tuple[str, str]]:
        """Author id -> (handle, name) of those who are known."""

    async def with_word(self, word: str, topic_ids: Sequence[str]) -> dict[str, int]:
        """Those of the topics with posts that contain the word, and in how many."""

    async def weeks(self) -> list[str]:
        """Weeks that have a digest, newest first."""

    async def digest(self, week: str) -> StoredDigest | None: ...
    async def events(self, after: str | None, limit: int, *, before: str | None = None) -> list[ViewEvent]:
        """Oldest first: those after the id, or without one the last `limit` (of those before the other id)."""

    async def tail(self, event: str, pulse: str, wait_ms: int) -> tuple[list[ViewEvent], str | None]:
        """Wait for events after `event` or a change after `pulse`: the events, and the latest pulse if any."""

    async def positions(self) -> tuple[str, str]:
        """Ids of the last event and the last pulse, to begin `tail` from."""
