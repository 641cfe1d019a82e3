"""`toptopics ingest` on a real broker, as users run it."""

import gzip
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson
import pytest

from models.events import DeadLetter, Tweet
from models.events.wire import decode, decode_post
from streams.clock import system_clock
from streams.kafka.topics import DEAD_LETTERS, TWEETS
from streams.settings import Settings
from tests.integration.pipeline import pipeline_settings, records_of

LINES = [
    b'{"id":"1","author":"ada","created_at":"2021-05-03T10:00:00Z","text":"The lens is whole again","urls":["https://example.org/a"]}',
    b"{broken",
    b'{"id":"2","author":"bob","created_at":"2021-05-03T10:00:05Z","text":"RT @ada: The lens is whole again",'
    b'"kind":"retweet","related_id":"1"}',
    b'{"id":"3","author":"bob","created_at":"yesterday","text":"no such time"}',
    b'{"id":"4","author":"cy","created_at":"2021-05-03T10:00:09Z","text":"A third","metrics":{"likes":3}}',
]


def _ingest(settings: Settings, *arguments: str, stdin: bytes | None = None) -> subprocess.CompletedProcess[bytes]:
    return _command(settings, "ingest", *arguments, stdin=stdin)


def _command(
    settings: Settings, *arguments: str, stdin: bytes | None = None, **more: str
) -> subprocess.CompletedProcess[bytes]:
    environment = os.environ | {
        "KAFKA_BOOTSTRAP_SERVERS": str(settings.kafka_bootstrap_servers),
        "REDIS_URL": str(settings.redis_url),
        "TOPTOPICS_PREFIX": settings.prefix,
        "TOPTOPICS_DATA_DIR": str(settings.data_dir),
    }
    return subprocess.run(
        [sys.executable, "-m", "streams.cli", *arguments],
        env=environment | more,
        input=stdin,
        capture_output=True,
        timeout=240,
        check=False,
    )


async def test_good_lines_are_sent_and_bad_ones_reported(
    kafka_bootstrap: str, redis_url: str, fresh_names: str, tmp_path: Path
) -> None:
    """With their number and reason, on `dead-letters`, and exit code 1. The other lines are sent."""
    path = tmp_path / "posts.jsonl.gz"
    path.write_bytes(gzip.compress(b"\n".join(LINES) + b"\n"))
    async with pipeline_settings(kafka_bootstrap, redis_url, fresh_names, tmp_path) as settings:
        result = _ingest(settings, str(path), "--json")
        assert result.returncode == 1, result.stderr
        assert orjson.loads(result.stdout) == {"sent": 3, "ignored": 0, "bad": 2}
        errors = result.stderr.decode().replace("\n", "")
        assert f"{path}:2:" in errors
        assert f"{path}:4:" in errors
        sent = await records_of(settings, TWEETS)
        posts = {post.id: (post, record) for record in sent if isinstance(post := decode_post(record.value), Tweet)}
        assert set(posts) == {"1", "2", "4"}
        post, record = posts["2"]
        assert (post.kind, post.related_id, record.key) == ("retweet", "1", b"bob")
        assert record.time == post.created_at
        letters = [decode(record.value, DeadLetter) for record in await records_of(settings, DEAD_LETTERS)]
        assert sorted(str(letter.source) for letter in letters) == [f"{path}:2", f"{path}:4"]


async def test_standard_input_and_exit_code_0(
    kafka_bootstrap: str, redis_url: str, fresh_names: str, tmp_path: Path
) -> None:
    """`-` reads the output of another program."""
    async with pipeline_settings(kafka_bootstrap, redis_url, fresh_names, tmp_path) as settings:
        like = b'{"did":"did:plc:a","time_us":1,"kind":"commit","commit":{"collection":"app.bsky.feed.like"}}\n'
        result = _ingest(settings, "-", stdin=LINES[0] + b"\n" + like * 2 + LINES[4])
        assert result.returncode == 0, result.stderr
        assert b"2 posts sent, 2 ignored, 0 bad lines" in result.stdout
        assert "ignored 2 ×: a record of app.bsky.feed.like".encode() in result.stdout
        assert len(await records_of(settings, TWEETS)) == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere.jsonl"], b"file not found"),
        (["-", "--speed", "fast"], b"speed"),
        (["-", "--map", "id"], b"field=column"),
        (["-", "--format", "parquet"], b"unknown format"),
    ],
)
async def test_wrong_usage_is_exit_code_2(
    arguments: list[str], message: bytes, kafka_bootstrap: str, redis_url: str, fresh_names: str, tmp_path: Path
) -> None:
    """The message names the mistake, and there is no traceback."""
    async with pipeline_settings(kafka_bootstrap, redis_url, fresh_names, tmp_path) as settings:
        result = _ingest(settings, *arguments, stdin=b"")
    assert result.returncode == 2
    assert message in result.stderr + result.stdout
    assert b"Traceback" not in result.stderr


def _dated(number: int, moment: datetime) -> bytes:
    post = {"id": f"f{number}", "author": "dee", "created_at": moment.isoformat(), "text": f"Post number {number}"}
    return orjson.dumps(post) + b"\n"


async def test_posts_from_the_future_take_no_neighbour_with_them(
    kafka_bootstrap: str, redis_url: str, fresh_names: str, tmp_path: Path
) -> None:
    """The broker refuses a whole batch for one record from the future, so such a line is refused before."""
    now = system_clock()
    moments = [now - timedelta(minutes=number) for number in range(400)]
    moments[3], moments[200] = datetime(2031, 1, 1, tzinfo=UTC), now + timedelta(days=3)
    path = tmp_path / "posts.jsonl"
    path.write_bytes(b"".join(_dated(number, moment) for number, moment in enumerate(moments)))
    async with pipeline_settings(kafka_bootstrap, redis_url, fresh_names, tmp_path) as settings:
        result = _ingest(settings, str(path), "--json")
        assert orjson.loads(result.stdout) == {"sent": 398, "ignored": 0, "bad": 2}
        assert result.returncode == 1
        errors = result.stderr.decode().replace("\n", "")
        assert f"{path}:4:" in errors
        assert f"{path}:201:" in errors
        assert "Traceback" not in errors
        assert len(await records_of(settings, TWEETS)) == 398
        letters = [decode(record.value, DeadLetter) for record in await records_of(settings, DEAD_LETTERS)]
        assert all("in the future" in letter.reason for letter in letters)
        retried = _command(settings, "dead-letters", "--retry", "--all")
        assert (retried.returncode, retried.stderr.count(b"be refused again")) == (1, 2)
        forced = _command(settings, "dead-letters", "--retry", "--all", "--force")
        assert (forced.returncode, forced.stdout.count(b"sent back to tweets")) == (0, 2), forced.stderr
        assert len(await records_of(settings, TWEETS)) == 400


async def test_a_time_between_our_setting_and_the_brokers_hour_is_sent(
    kafka_bootstrap: str, redis_url: str, fresh_names: str, tmp_path: Path
) -> None:
    """With a setting above Kafka's limit, the record's time is earlier than the post's."""
    now = system_clock()
    lines = b"".join(_dated(number, now + timedelta(hours=5 * (number == 2))) for number in range(5))
    async with pipeline_settings(kafka_bootstrap, redis_url, fresh_names, tmp_path) as settings:
        result = _command(settings, "ingest", "-", "--json", stdin=lines, TOPTOPICS_FUTURE_SKEW_MINUTES="600")
        assert orjson.loads(result.stdout) == {"sent": 5, "ignored": 0, "bad": 0}, result.stderr
        assert len(await records_of(settings, TWEETS)) == 5
