"""Posts one digest to one webhook (see `streams.delivery.signed_post` for signature and addresses).

Body: {"type": "digest.published" or "digest.corrected", "timestamp", "data": {week, revision, supersedes, hash,
made_at, changes, url, digest}}. `changes` says what a correction changed ("1 topic added"). `url` is the digest's page,
or null without a known address. The digest has no `identities`, which only the next week's matching needs.
"""

from collections.abc import Callable
from datetime import datetime

import msgspec
import orjson

from models.digest.cited import for_readers
from models.events import Digest
from models.render.edition import links_of
from streams.delivery.signed_post import Message, Poster
from streams.delivery.subscription import Subscription
from streams.kafka.digests import PublishedDigest
from streams.web.public_address import Lookup, is_public, system_lookup


def body_of(entry: PublishedDigest, base: str | None = None) -> bytes:
    """The request's body. `base` is the address of the service."""
    shown: Digest = for_readers(entry.digest)
    return orjson.dumps(
        {
            "type": entry.event.type,
            "timestamp": entry.made_at or entry.digest.end,
            "data": {
                "week": entry.digest.week,
                "revision": entry.revision,
                "hash": entry.hash,
                "supersedes": entry.supersedes,
                "made_at": entry.made_at,
                "changes": entry.changes,
                "url": links_of(entry.digest, base).digest(),
                "digest": msgspec.to_builtins(shown),
            },
        }
    )


class WebhookSender:
    """Posts digests.

    Args:
        base: the address under which readers reach the service.
        lookup: for tests, which have nothing but loopback to talk to.
        allowed: as `lookup`.
    """

    def __init__(
        self,
        base: str | None = None,
        *,
        lookup: Lookup = system_lookup,
        allowed: Callable[[str], bool] = is_public,
    ) -> None:
        self._base = base
        self._poster = Poster(lookup=lookup, allowed=allowed)

    async def send(self, subscription: Subscription, entry: PublishedDigest, now: datetime) -> None:
        """Post the digest.

        Raises:
            DeliveryError: It was not accepted.
        """
        message = Message(
            event=entry.event,
            body=body_of(entry, self._base),
            url=subscription.url,
            key=subscription.key,
            allow_private=subscription.allow_private,
        )
        await self._poster.post(message, now)
