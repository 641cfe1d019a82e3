"""The protocol for readers of the live view, used by the API, `watch` and the alerts."""

from collections.abc import Sequence
from typing import Protocol

from models.events import EditedDigest, TopicEvent
from models.live.state import Changes, PlacedPost, ShownLink, ShownPost, StoredDigest, ViewEvent


class ViewReader(Protocol):
    """Reads the view. Every method raises ViewUnavailableError when the store is unreachable."""

    async def ping(self) -> None: ...
    async def changes(self, since: int | None) -> Changes: ...
    async def resolve(self, topic_id: str) -> str | None:
        """The present id of a topic; None when there is no such topic."""

    async def aliases(self, topic_id: str) -> list[str]:
        """Other ids of the topic, sorted."""

    async def posts(self, topic_id: str, limit: int, offset: int = 0) -> tuple[list[ShownPost], int]:
        """A page of the topic's posts, newest first, and the number of all of them."""

    async def found(self, post_ids: Sequence[str]) -> dict[str, PlacedPost]:
        """The given posts that are stored, by id. Deleted ones are missing."""

    async def newest(self, limit: int) -> list[ShownPost]:
        """The newest posts of all topics, newest first."""

    async def links(self, topic_id: str, limit: int) -> list[ShownLink]:
        """The topic's links, those with the most posts first."""

    async def history(self, topic_id: str) -> list[TopicEvent]:
        """The topic's events, oldest first, with those of topics merged into it."""

    async def names(self, author_ids: Sequence[str]) -> dict[str, tuple[str, str]]:
        """Author id -> (handle, name) of known authors."""

    async def with_word(self, word: str, topic_ids: Sequence[str]) -> dict[str, int]:
        """The given topics with posts that contain the word -> number of these posts."""

    async def weeks(self) -> list[str]:
        """Weeks with a digest, newest first."""

    async def digest(self, week: str) -> StoredDigest | None: ...
    async def edition(self, week: str) -> EditedDigest | None:
        """What a language model wrote about the digest of a week, without its answers.

        None when the stored digest is another one, or a post that it cites was deleted.
        """

    async def events(self, after: str | None, limit: int, *, before: str | None = None) -> list[ViewEvent]:
        """Events, oldest first: those after `after`, else the last `limit` (before `before`, if given)."""

    async def tail(self, event: str, pulse: str, wait_ms: int) -> tuple[list[ViewEvent], str | None]:
        """Wait for events after `event` or a change after `pulse`. Returns the events, and the latest pulse if any."""

    async def positions(self) -> tuple[str, str]:
        """Ids of the last event and the last pulse, from which `tail` can start."""


class ViewUnavailableError(ConnectionError):
    """The store of the view is unreachable. A later attempt may succeed."""
