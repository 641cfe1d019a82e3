"""The ways of delivering a digest, by the kind of a subscription."""

from streams.delivery.digest_message import ChatSender, EditionOf
from streams.delivery.digest_webhook import WebhookSender
from streams.delivery.pusher import Sender
from streams.delivery.subscription import Kind


def senders_of(base: str | None, edition_of: EditionOf) -> dict[Kind, Sender]:
    """Make the senders.

    Args:
        base: the address under which readers reach the service; None: messages link to the platforms only.
        edition_of: what a language model wrote about a digest.
    """
    return {"webhook": WebhookSender(base), "apprise": ChatSender(base, edition_of)}
