"""The consumers of `digests` in the READMEs, run as they are printed."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import orjson
import pytest

from models.events.wire import encode
from streams.kafka.admin import ensure_topics
from streams.kafka.digests import PublishedDigest
from streams.kafka.log import producer, topic_name
from streams.kafka.topics import DIGESTS
from streams.settings import Settings, load_settings
from tests.support.readmes import recipe
from tests.support.view_examples import digest

ENTRIES = [
    PublishedDigest(digest=digest(week, headline=f"News of {week}\t“quoted”"), revision=1, slice_start=0, slice_end=9)
    for week in ("2021-W18", "2021-W19")
]


@pytest.fixture
async def settings(kafka_bootstrap: str, fresh_names: str, tmp_path: Path) -> Settings:
    made = load_settings(kafka_bootstrap_servers=kafka_bootstrap, prefix=fresh_names, data_dir=tmp_path)
    await ensure_topics(made, (DIGESTS,))
    async with producer(made) as client:
        for entry in ENTRIES:
            await client.send_and_wait(
                topic_name(made, DIGESTS),
                key=entry.digest.week.encode(),
                value=encode(entry.digest),
                headers=list(entry.headers()),
            )
    return made


def environment(settings: Settings) -> dict[str, str]:
    return os.environ | {"KAFKA_BOOTSTRAP_SERVERS": str(settings.kafka_bootstrap_servers)}


def test_the_python_consumer_of_the_readme(settings: Settings) -> None:
    """Complete, and at most fifteen lines that are not empty: it prints every digest."""
    code = recipe("python-consumer")
    assert len([line for line in code.splitlines() if line.strip()]) <= 15
    code = code.replace('"digests"', f'"{settings.prefix}digests"').replace('"my-service"', f'"{settings.prefix}g"')
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        env=environment(settings),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in ENTRIES]  # pytest's time limit ends a hanging one
    finally:
        process.terminate()
        process.communicate()
    assert lines == [f"{entry.digest.week} revision 1: {entry.digest.headline.text}\n" for entry in ENTRIES]


def test_the_shell_consumer_of_the_readme(settings: Settings, tmp_path: Path) -> None:
    """With kcat: one file a week with the whole digest."""
    assert shutil.which("kcat"), "kcat is needed: apt-get install kcat"
    code = recipe("kcat").replace("-t digests", f"-t {settings.prefix}digests -e")
    done = subprocess.run(
        ["sh", "-c", code], env=environment(settings), cwd=tmp_path, capture_output=True, text=True, timeout=240
    )
    assert done.returncode == 0, done.stderr
    for entry in ENTRIES:
        assert orjson.loads((tmp_path / f"digest-{entry.digest.week}.json").read_bytes()) == orjson.loads(
            encode(entry.digest)
        )
        assert f"{entry.digest.week}: revision=1" in done.stdout
