"""A backup fills an empty installation: people, digests, subscriptions with what they have received, keys of feeds."""

import asyncio
import stat
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from pydantic import SecretStr
from typer.testing import CliRunner

from models.events import Community, Influencer
from streams.cli.commands import app
from streams.delivery.feed_key import FeedKey
from streams.delivery.queue import DeliveryQueue
from streams.delivery.subscribe import Position, PositionFile
from streams.delivery.subscription import Subscription, checked
from streams.kafka.admin import ensure_topics
from streams.kafka.communities import read_communities, write_community
from streams.kafka.digests import read_digests
from streams.kafka.influencers import put_influencers, read_influencers
from streams.kafka.topics import COMMUNITIES, DIGESTS, INFLUENCERS
from streams.operations.backup import FORMAT, BackupError, make_backup, read_backup, restore
from streams.settings import Settings, load_settings
from tests.integration.digest_events import correction, first, publish

NOW = datetime(2021, 5, 12, tzinfo=UTC)
SECRET = "never-in-a-backup"
PEOPLE = [
    Influencer(id="ada", name="Ada", handles={"x": "ada"}, weight=2.0, tags=["nlp"]),
    Influencer(id="bob", name="Bob", handles={"bluesky": "bob.example"}, ids={"bluesky": "did:plc:bob"}),
]


async def installation(bootstrap: str, prefix: str, folder: Path) -> Settings:
    made = load_settings(
        kafka_bootstrap_servers=bootstrap,
        prefix=prefix,
        data_dir=folder,
        timezone="Europe/Berlin",
        api_token=SecretStr(SECRET),
        redis_url=f"redis://:{SECRET}@localhost:6379/0",
    )
    await ensure_topics(made, (COMMUNITIES, DIGESTS, INFLUENCERS))
    return made


async def test_an_empty_installation_is_filled_and_no_other(
    kafka_bootstrap: str, fresh_names: str, tmp_path: Path
) -> None:
    """Nothing that was delivered goes out again, what waits still waits, and no setting that is a secret is kept."""
    old = await installation(kafka_bootstrap, f"{fresh_names}old.", tmp_path / "old")
    await put_influencers(old, PEOPLE, at=NOW)
    climate = Community(name="climate", number=2, timezone="Asia/Tokyo")
    await write_community(old, "climate", climate, at=NOW)
    await publish(old, first("2021-W18"), correction(first("2021-W18"), "Another headline"), first("2021-W19"))
    published = await read_digests(old)
    queue = DeliveryQueue(old.data_dir / "push.sqlite3")
    queue.put_subscription(checked(Subscription(name="team", url="https://example.org/hook", since="2021-W18")))
    for entry in published.values():
        queue.add("team", entry.digest.week, entry.hash, entry.revision)
    delivery = queue.next_of("team")
    assert delivery is not None
    queue.delivered(delivery, NOW.timestamp())
    key = FeedKey(old.data_dir / "feed.key").value()
    PositionFile(old.data_dir / "subscribers" / "me.json").save(Position({"2021-W18": "aa"}))

    path = tmp_path / "backup.json"
    await make_backup(old, path, lambda: NOW)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert SECRET not in path.read_text()
    backup = read_backup(path)
    assert backup.settings["timezone"] == "Europe/Berlin"

    new = await installation(kafka_bootstrap, f"{fresh_names}new.", tmp_path / "new")
    await restore(new, backup, lambda: NOW)
    assert await read_influencers(new) == PEOPLE
    assert await read_communities(new) == [climate]
    restored = await read_digests(new)
    assert {week: (one.hash, one.revision, one.made_at, one.supersedes) for week, one in restored.items()} == {
        week: (one.hash, one.revision, one.made_at, one.supersedes) for week, one in published.items()
    }
    assert all(one.missing_in(0, 0) for one in restored.values())  # posts that are not there do not empty a digest
    filled = DeliveryQueue(new.data_dir / "push.sqlite3")
    assert filled.states() == queue.states()
    for entry in restored.values():
        assert not filled.add("team", entry.digest.week, entry.hash, entry.revision)
    assert FeedKey(new.data_dir / "feed.key").value() == key
    assert PositionFile(new.data_dir / "subscribers" / "me.json").load() == Position({"2021-W18": "aa"})

    with pytest.raises(BackupError, match="2 influencers, 2 digests, 1 communities, 1 subscriptions"):
        await restore(new, backup, lambda: NOW)
    outside = await installation(kafka_bootstrap, f"{fresh_names}other.", tmp_path / "other")
    with pytest.raises(BackupError, match="leads out of the data folder"):
        await restore(outside, msgspec.structs.replace(backup, files={"../escaped": "x"}), lambda: NOW)
    assert not (tmp_path / "escaped").exists()


def test_the_commands_carry_an_installation_over(
    kafka_bootstrap: str, redis_url: str, fresh_names: str, tmp_path: Path
) -> None:
    """As an operator moves to other brokers; a second time, nothing is overwritten."""

    def run(name: str, *arguments: str) -> tuple[int, str]:
        given = {"KAFKA_BOOTSTRAP_SERVERS": kafka_bootstrap, "REDIS_URL": redis_url}
        own = {"TOPTOPICS_PREFIX": f"{fresh_names}{name}.", "TOPTOPICS_DATA_DIR": str(tmp_path / name)}
        own["TOPTOPICS_COMMUNITY"] = ""  # the option sets it, and the runner takes it back
        done = CliRunner().invoke(app, arguments, env=given | own)
        return done.exit_code, done.output

    file = str(tmp_path / "all.json")
    assert run("old", "influencers", "add", "Ada", "--x", "ada")[0] == 0
    asyncio.run(
        publish(load_settings(kafka_bootstrap_servers=kafka_bootstrap, prefix=f"{fresh_names}old."), first("2021-W18"))
    )
    assert run("old", "communities", "add", "climate", "--timezone", "Asia/Tokyo")[0] == 0
    code, said = run("old", "backup", file)
    assert (code, f"{file}: 1 influencers, 1 digests, 0 subscriptions" in said) == (0, True), said
    code, said = run("new", "restore", file)
    assert code == 0, said
    assert "restored 1 influencers, 1 digests, 0 subscriptions" in said
    assert "Ada" in run("new", "influencers", "list")[1]
    assert "2021-W18" in run("new", "digest")[1]
    assert "climate  Asia/Tokyo  24 h" in run("new", "communities", "list")[1]
    code, said = run("new", "--community", "climate", "influencers", "list")
    assert (code, "Ada" in said) == (0, False)
    code, said = run("new", "--community", "weather", "influencers", "list")
    assert (code, "no community 'weather'; known: climate" in said) == (1, True), said
    code, said = run("new", "restore", file)
    assert (code, "not empty" in said) == (1, True), said


def test_a_backup_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    """With the step that helps; so is a file that is none."""
    path = tmp_path / "backup.json"
    path.write_text(f'{{"format": {FORMAT + 1}, "something": "new"}}')
    with pytest.raises(BackupError, match="install the version that wrote it"):
        read_backup(path)
    path.write_text("{")
    with pytest.raises(BackupError, match="no backup, or is damaged"):
        read_backup(path)
