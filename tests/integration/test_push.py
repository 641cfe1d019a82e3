"""Deliveries on a real broker: the effect of each digest is exactly once, whatever endpoint and process do."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest

from models.events import Digest
from streams.delivery.digest_webhook import WebhookSender
from streams.delivery.errors import DeliveryError
from streams.delivery.pusher import Pusher
from streams.delivery.queue import DeliveryQueue
from streams.delivery.subscribe import follow
from streams.delivery.subscription import Subscription, checked
from streams.kafka.admin import ensure_topics
from streams.kafka.digests import PublishedDigest
from streams.kafka.topics import DIGESTS
from streams.local.ports import reserve_ports
from streams.settings import Settings, load_settings
from tests.integration.digest_events import NOW, command, correction, environment, first, publish
from tests.support.webhook_receiver import HANG, LOSE_ANSWER, Receiver, receiving


@pytest.fixture
async def settings(kafka_bootstrap: str, fresh_names: str, tmp_path: Path) -> Settings:
    made = load_settings(kafka_bootstrap_servers=kafka_bootstrap, prefix=fresh_names, data_dir=tmp_path)
    await ensure_topics(made, (DIGESTS,))
    return made


async def until_idle(settings: Settings, queue: DeliveryQueue, *, retry: float = 0.0, hangs: bool = False) -> None:
    """Run `toptopics push` until nothing is due; retries come at once.

    `hangs` means that a hanging endpoint must be given up; otherwise a slow machine must not look like one.
    """
    seen = asyncio.Event()

    async def once() -> AsyncIterator[list[PublishedDigest]]:
        async with aclosing(follow(settings)) as digests:
            yield await anext(digests)
        seen.set()

    pusher = Pusher(
        queue,
        {"webhook": WebhookSender()},
        clock=lambda: datetime.now(UTC),  # noqa: TID251 (the queue's times are the wall clock's)
        next_attempt=lambda attempts, now, _: None if attempts >= 5 else now + retry,
        total_seconds=5.0 if hangs else 120.0,
    )
    await asyncio.wait_for(pusher.run(once()), 240)
    assert seen.is_set()


@pytest.mark.parametrize(
    "answers", [[500, 503, 204], [HANG, 204], [302, 204], [LOSE_ANSWER, 204], [429, 500, HANG, LOSE_ANSWER, 200]]
)
async def test_every_digest_arrives_exactly_once_in_effect(settings: Settings, answers: list[int]) -> None:
    """Whatever the endpoint's faults: each under one id, in order, and never again once confirmed."""
    await publish(settings, first("2021-W18"), first("2021-W19"))
    queue = DeliveryQueue(settings.data_dir / "push.sqlite3")
    async with receiving(Receiver(list(answers))) as receiver:
        subscription = checked(Subscription(name="team", url=receiver.url, since="2021-W18", allow_private=True))
        queue.put_subscription(subscription)
        await until_idle(settings, queue, hangs=HANG in answers)
        await until_idle(settings, DeliveryQueue(settings.data_dir / "push.sqlite3"))  # a restart repeats nothing
        assert receiver.weeks() == [("2021-W18", 1), ("2021-W19", 1)]
        assert len(receiver.requests) == len(answers) + 1
        ids = [request.message_id for request in receiver.requests]
        assert len(set(ids)) == 2
        await publish(settings, correction(first("2021-W18"), "Better"))
        await until_idle(settings, queue)
        assert receiver.weeks()[2:] == [("2021-W18", 2)]
    (state,) = queue.states()
    assert (state.state, state.delivered) == ("ok", 3)


async def test_an_endpoint_that_is_away_gets_it_when_it_is_back(settings: Settings) -> None:
    """The endpoint is unreachable, the pusher ends, and another one delivers: the queue is on disk."""
    await publish(settings, first("2021-W18"))
    port = reserve_ports(settings.data_dir / "ports.json", ["hook"])["hook"]  # no other endpoint gets it
    url = f"http://127.0.0.1:{port}/hook"
    queue = DeliveryQueue(settings.data_dir / "push.sqlite3")
    queue.put_subscription(checked(Subscription(name="team", url=url, since="2021-W18", allow_private=True)))
    await until_idle(settings, queue, retry=3600)
    (state,) = queue.states()
    assert (state.state, state.attempts) == ("failing", 1)
    assert queue.revive("team") == 1
    async with receiving(Receiver(), port) as receiver:
        await until_idle(settings, queue)
        assert receiver.weeks() == [("2021-W18", 1)]


async def test_a_pusher_that_is_killed_in_the_middle_goes_on(settings: Settings) -> None:
    """The real command, killed while the endpoint has the digest and does not answer, and started again."""
    await publish(settings, first("2021-W18"), first("2021-W19"))
    queue = DeliveryQueue(settings.data_dir / "push.sqlite3")

    async def push() -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "streams.cli", "push"),
            env=environment(settings),
            stderr=asyncio.subprocess.DEVNULL,
        )

    async def until(number: int) -> None:
        while len(receiver.requests) < number:
            await asyncio.sleep(0.05)

    async with receiving(Receiver([204, HANG])) as receiver:
        queue.put_subscription(checked(Subscription(name="x", url=receiver.url, since="2021-W18", allow_private=True)))
        pusher = await push()
        await asyncio.wait_for(until(2), 180)
        pusher.kill()
        await pusher.wait()
        pusher = await push()
        await asyncio.wait_for(until(3), 180)
        while queue.states()[0].state != "ok":
            await asyncio.sleep(0.05)
        pusher.terminate()
        await pusher.wait()
        assert receiver.weeks() == [("2021-W18", 1), ("2021-W19", 1)]
        assert [request.message_id for request in receiver.requests][1:] == [receiver.requests[1].message_id] * 2


async def test_an_endpoint_that_stays_away_dies_visibly_and_holds_up_nobody(settings: Settings) -> None:
    """After the last attempt it is dead, the list reports it with exit code 1, and `retry` gives it another day."""
    await publish(settings, first("2021-W18"))
    queue = DeliveryQueue(settings.data_dir / "push.sqlite3")
    async with receiving(Receiver([500] * 50)) as bad, receiving(Receiver()) as good:
        for name, receiver in (("bad", bad), ("good", good)):
            queue.put_subscription(
                checked(Subscription(name=name, url=receiver.url, since="2021-W18", allow_private=True))
            )
        await until_idle(settings, queue)
        assert good.weeks() == [("2021-W18", 1)]
        assert len(bad.requests) == 6
        listed = command(settings, "subscriptions", "list", "--json")
        assert listed.returncode == 1
        states = {entry["name"]: entry for entry in map(orjson.loads, listed.stdout.splitlines())}
        assert states["bad"]["state"] == "dead"
        assert states["bad"]["error"] == "answered 500"
        assert states["good"]["state"] == "ok"
        assert command(settings, "subscriptions", "retry", "bad").returncode == 0
        bad.answers.clear()
        await until_idle(settings, queue)
        assert bad.weeks() == [("2021-W18", 1)]


async def test_a_forbidden_address_is_never_connected_to(settings: Settings) -> None:
    """Neither at the first attempt nor at the last one; it ends dead with the reason."""
    await publish(settings, first("2021-W18"))
    queue = DeliveryQueue(settings.data_dir / "push.sqlite3")
    async with receiving(Receiver()) as receiver:
        queue.put_subscription(checked(Subscription(name="inside", url=receiver.url, since="2021-W18")))
        await until_idle(settings, queue)
        assert receiver.requests == []
    (state,) = queue.states()
    assert state.state == "dead"
    assert "public internet" in state.error
    assert "--allow-private" in state.error


async def test_a_subscription_by_command_gets_what_comes_after_it(settings: Settings) -> None:
    """Also a digest that is published between the command and the start of `toptopics push`."""
    await publish(settings, first("2021-W18"))
    async with receiving(Receiver()) as receiver:
        added = command(settings, "subscriptions", "add", "team", receiver.url, "--allow-private")
        assert added.returncode == 0, added.stderr
        assert "whsec_" in added.stdout
        await publish(settings, first("2021-W19"))
        await until_idle(settings, DeliveryQueue(settings.data_dir / "push.sqlite3"))
        assert receiver.weeks() == [("2021-W19", 1)]
    assert command(settings, "subscriptions", "remove", "team").returncode == 0
    assert command(settings, "subscriptions", "remove", "team").returncode == 1


async def test_a_bug_in_a_sender_ends_the_pusher(settings: Settings) -> None:
    """Only the documented errors of a delivery count as a failed delivery."""
    await publish(settings, first("2021-W18"))
    queue = DeliveryQueue(settings.data_dir / "push.sqlite3")
    queue.put_subscription(checked(Subscription(name="x", url="https://example.org/", since="2021-W18")))

    class Broken:
        async def send(self, subscription: Subscription, entry: PublishedDigest, now: datetime) -> None:
            raise ZeroDivisionError

    assert not issubclass(ZeroDivisionError, DeliveryError)
    pusher = Pusher(queue, {"webhook": Broken()}, clock=lambda: NOW)
    with pytest.raises(ZeroDivisionError):
        await pusher.run(follow(settings))


def test_a_digest_without_identities_is_still_a_digest() -> None:
    """What webhooks carry is valid by the published schema."""
    from streams.delivery.digest_webhook import body_of

    data = orjson.loads(body_of(first("2021-W18")))["data"]["digest"]
    from models.events.wire import decode

    assert decode(orjson.dumps(data), Digest).identities == []
