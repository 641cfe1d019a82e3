"""Every command that shows external text, as text and as JSON: no control characters, no forged lines."""

import asyncio
import base64
import json
import re

import msgspec
import orjson
import pytest
from typer.testing import CliRunner

from models.events import DeadLetter, Influencer
from models.events.wire import encode
from streams.cli.commands import app
from streams.delivery.queue import Delivery, DeliveryQueue
from streams.delivery.subscription import Subscription, new_secret
from streams.kafka.admin import ensure_topics
from streams.kafka.digests import PublishedDigest
from streams.kafka.influencers import put_influencers
from streams.kafka.log import producer, topic_name
from streams.kafka.topics import DEAD_LETTERS
from streams.redis_store.client import open_views
from streams.settings import Settings, load_settings
from streams.sources.cursors import Files, Health
from tests.integration.digest_events import first, publish
from tests.integration.pipeline import produce
from tests.models.render.test_hostile_text import hostile_digest
from tests.support.made_posts import tweet
from tests.support.view_examples import NOW, assignment, event

HOSTILE = "evil\x1b]0;owned\x07\x1b[2J\x9b31m\u202egnp\u2066\nforged line\r\x7f\u2028[/red][bold]"
DRIVES = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
PACKED = base64.b64encode(HOSTILE.encode()).decode()
WEEK = "2021-W18"


@pytest.fixture(scope="module")
def world(kafka_bootstrap: str, redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """An environment in which every external text is hostile."""
    settings = load_settings(
        kafka_bootstrap_servers=kafka_bootstrap,
        redis_url=redis_url,
        prefix="hostile-",
        data_dir=tmp_path_factory.mktemp("hostile"),
    )
    asyncio.run(_fill(settings))
    _push_fails(settings)
    Files(settings.data_dir / "sources", "rss").report(Health("rss", state="refused", last_error=HOSTILE))
    (settings.data_dir / "posts.jsonl").write_text(
        json.dumps({"id": "1", "author": "a", "created_at": HOSTILE, "text": "x"}) + "\n"
        + json.dumps({"id": "1", "author": "a", "kind": HOSTILE, "text": "x"}) + "\n{\x1b[2J\n"
    )  # fmt: skip
    return {
        "KAFKA_BOOTSTRAP_SERVERS": kafka_bootstrap,
        "REDIS_URL": redis_url,
        "TOPTOPICS_PREFIX": settings.prefix,
        "TOPTOPICS_DATA_DIR": str(settings.data_dir),
        "TOPTOPICS_ENCODER": "hash",
    }


async def _fill(settings: Settings) -> None:
    await ensure_topics(settings)
    person = Influencer(id="ada", name=HOSTILE, handles={"x": "listed", "rss": HOSTILE}, tags=[HOSTILE])
    await put_influencers(settings, [person], at=NOW)
    taken_up = msgspec.structs.replace(
        tweet(1), author="listed", text=f"RT @x: {HOSTILE}", kind="retweet", related_id="9", related_author=HOSTILE
    )
    await produce(settings, [taken_up])
    await publish(settings, PublishedDigest(hostile_digest(HOSTILE), 1, 0, 9, NOW))
    letter = DeadLetter(stage="embed", reason=HOSTILE, record=PACKED, key=PACKED, source=HOSTILE, at=NOW)
    async with producer(settings) as client:
        for key, value in ((b"embed", encode(letter)), (b"embed", HOSTILE.encode())):
            await client.send_and_wait(topic_name(settings, DEAD_LETTERS), key=key, value=value)
    async with open_views(str(settings.redis_url), settings.prefix) as views:
        posts = [
            assignment(f"p{number}", "T1", author=f"{HOSTILE}{number}", text=HOSTILE, links=[f"https://a.example/{HOSTILE}"])
            for number in range(4)
        ]  # fmt: skip
        await views.apply_assignments(posts)
        await views.apply_topic_events([event("born", "T1", label=HOSTILE, keywords=[HOSTILE], reason=HOSTILE)])
        await views.put_digest(hostile_digest(HOSTILE), first(WEEK).headers())


def _push_fails(settings: Settings) -> None:
    queue = DeliveryQueue(settings.data_dir / "push.sqlite3")
    queue.put_subscription(Subscription(name="team", url="https://example.org/hook", secret=new_secret()))
    queue.add("team", WEEK, "ab", 1)
    queue.failed(Delivery("team", WEEK, "ab", 1, 0, 0.0), HOSTILE, None, NOW.timestamp())


COMMANDS = [
    "influencers list", "influencers list --scores", "influencers suggest --days 9999", "digest", "digest --list",
    "digest --format text", "digest --check", "topics --window 7d", "topics T1", "dead-letters", "dead-letters 0",
    "dead-letters 0 --retry", "subscribe --once --from 2021-W18",
    "subscribe --once --from 2021-W18 --name b --format text", "subscriptions list", "status", "doctor",
    "ingest DATA/posts.jsonl",
]  # fmt: skip
JSON_COMMANDS = [
    "influencers list --json", "influencers list --scores --json", "influencers suggest --days 9999 --json",
    "digest --json", "topics --window 7d --json", "topics T1 --json", "dead-letters --json",
    "subscribe --once --from 2021-W18 --name c --json", "subscriptions list --json", "status --json", "doctor --json",
]  # fmt: skip


def _said(world: dict[str, str], command: str) -> tuple[str, str]:
    arguments = command.replace("DATA", world["TOPTOPICS_DATA_DIR"]).split()
    done = CliRunner().invoke(app, arguments, env={**world, "COLUMNS": "120"})
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    assert done.stdout or done.stderr
    return done.stdout, done.stderr


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_says_hostile_text_harmlessly(world: dict[str, str], command: str) -> None:
    """A line break in the text starts no line of its own."""
    said = "\n".join(_said(world, command))
    assert not DRIVES.search(said)
    if command != "dead-letters 0" and "text" not in command:  # the record itself, below its heading; wrapped text
        assert not re.search(r"^\s*forged", said, re.MULTILINE)


@pytest.mark.parametrize("command", JSON_COMMANDS)
def test_json_on_a_terminal_is_harmless_too(world: dict[str, str], command: str) -> None:
    """With the same values: control characters are escaped, as JSON allows."""
    said, complaints = _said(world, command)
    assert not DRIVES.search(said + complaints)
    whole = said.startswith(("[", "{\n"))
    assert [orjson.loads(part) for part in ([said] if whole else said.strip().splitlines())]
