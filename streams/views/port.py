"""The protocol of the live view's readers: the API, `watch` and the alerts rest on it."""

from collections.abc import Sequence
from typing import Protocol

from models.events import TopicEvent
from models.live.state import Changes, PlacedPost, ShownLink, ShownPost, StoredDigest, ViewEvent


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

    async def found(self, post_ids: Sequence[str]) -> dict[str, PlacedPost]:
        """Those of the posts that are kept; a deleted one is not."""

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


class ViewUnavailableError(ConnectionError):
    """The store of the views cannot be reached; trying again later may help."""
