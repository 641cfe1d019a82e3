"""The ways of delivering a digest, by the kind of a subscription."""

from streams.delivery.digest_message import ChatSender
from streams.delivery.digest_webhook import WebhookSender
from streams.delivery.pusher import Sender
from streams.delivery.subscription import Kind


def senders_of(base: str | None) -> dict[Kind, Sender]:
    """`base`: the address under which readers reach the service; None: messages link to the platforms only."""
    return {"webhook": WebhookSender(base), "apprise": ChatSender(base)}
