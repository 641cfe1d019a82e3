"""What the pusher exports about its endpoints."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from streams.delivery.errors import DeliveryError
from streams.delivery.pusher import Pusher
from streams.delivery.queue import DeliveryQueue
from streams.delivery.subscription import Subscription, checked
from streams.kafka.digests import PublishedDigest
from streams.system.metrics import Metrics
from tests.support.view_examples import digest

NOW = datetime(2021, 5, 12, tzinfo=UTC)


class Refusing:
    """Accepts what goes to `good`, refuses the rest."""

    async def send(self, subscription: Subscription, entry: PublishedDigest, now: datetime) -> None:
        """As the name of the subscription asks.

        Raises:
            DeliveryError: It is not `good`.
        """
        if subscription.name != "good":
            raise DeliveryError("gone", final=subscription.name == "gone")


async def digests() -> AsyncIterator[list[PublishedDigest]]:
    yield [PublishedDigest(digest=digest("2021-W18"), revision=1, slice_start=0, slice_end=1)]


async def test_deliveries_are_counted_by_endpoint_and_outcome(tmp_path: Path) -> None:
    """Delivered, failed, given up; a removed endpoint leaves the gauges."""
    queue, metrics = DeliveryQueue(tmp_path / "push.sqlite3"), Metrics()
    for name in ("good", "slow", "gone", "removed"):
        queue.put_subscription(checked(Subscription(name=name, url="https://example.org/", since="2021-W18")))

    def retry(attempts: int, now: float, _: float | None) -> float | None:
        queue.remove_subscription("removed")
        return now + 60

    pusher = Pusher(queue, {"webhook": Refusing()}, clock=lambda: NOW, next_attempt=retry, metrics=metrics)
    await pusher.run(digests())
    value = metrics.registry.get_sample_value
    outcomes = {"good": "delivered", "slow": "failed", "gone": "dead"}
    for endpoint, outcome in outcomes.items():
        assert value("toptopics_deliveries_total", {"endpoint": endpoint, "outcome": outcome}) == 1
    assert value("toptopics_progress_seconds", {"part": "push"}) is not None
    backlog = {
        name: [value(f"toptopics_deliveries_{kind}", {"endpoint": name}) for kind in ("waiting", "dead")]
        for name in (*outcomes, "removed")
    }
    assert backlog == {"good": [0, 0], "slow": [1, 0], "gone": [0, 1], "removed": [None, None]}


async def test_a_mail_waits_for_the_language_model(tmp_path: Path) -> None:
    """Ten minutes from the digest's publication on, if it is to have the model's words."""
    queue = DeliveryQueue(tmp_path / "push.sqlite3")
    for name, edited in (("good", False), ("edited", True)):
        queue.put_subscription(
            checked(Subscription(name=name, url="https://example.org/", since="2021-W18", edited=edited))
        )
    made = [PublishedDigest(digest=digest("2021-W18"), revision=1, slice_start=0, slice_end=1, made_at=NOW)]

    async def published() -> AsyncIterator[list[PublishedDigest]]:
        yield made

    class Accepting(Refusing):
        async def send(self, subscription: Subscription, entry: PublishedDigest, now: datetime) -> None:
            """Whatever it is."""

    for minutes, delivered in ((9, [0, 1]), (10, [1, 1])):
        now = NOW + timedelta(minutes=minutes)
        await Pusher(queue, {"webhook": Accepting()}, clock=lambda now=now: now).run(published())  # type: ignore[misc]
        assert [state.delivered for state in queue.states()] == delivered
