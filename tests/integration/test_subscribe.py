"""Following digests on a real broker: each once, from the subscriber's position on."""

import sys
from contextlib import aclosing
from pathlib import Path

import orjson
import pytest

from models.render import render
from streams.delivery.subscribe import follow
from streams.kafka.admin import ensure_topics
from streams.kafka.topics import DIGESTS
from streams.settings import Settings, load_settings
from tests.integration.digest_events import command, correction, first, publish


@pytest.fixture
async def settings(kafka_bootstrap: str, fresh_names: str, tmp_path: Path) -> Settings:
    made = load_settings(kafka_bootstrap_servers=kafka_bootstrap, prefix=fresh_names, data_dir=tmp_path)
    await ensure_topics(made, (DIGESTS,))
    return made


async def test_following_begins_with_what_is_there_and_goes_on(settings: Settings) -> None:
    """The newest digest of every week in order, then each new one. Records that are not digests are skipped."""
    one, two = first("2021-W18"), first("2021-W19")
    await publish(settings, two, one, correction(one, "Better"), b"no digest")
    got: list[list[tuple[str, int]]] = []
    async with aclosing(follow(settings)) as digests:
        got.append([(entry.digest.week, entry.revision) for entry in await anext(digests)])
        await publish(settings, correction(two, "Also better"))
        got.append([(entry.digest.week, entry.revision) for entry in await anext(digests)])
    assert got == [[("2021-W18", 2), ("2021-W19", 1)], [("2021-W19", 2)]]


async def test_the_command_remembers_where_it_was(settings: Settings) -> None:
    """Each digest once across runs, a correction once more, and with `--from` again from a week on."""
    one, two = first("2021-W18"), first("2021-W19")
    await publish(settings, one, two)

    def run(*more: str) -> list[tuple[str, int]]:
        done = command(settings, "subscribe", "--once", "--json", *more)
        assert done.returncode == 0, done.stderr
        events = [orjson.loads(line) for line in done.stdout.splitlines()]
        return [(event["week"], event["revision"]) for event in events]

    assert run("--from", "2021-W18") == [("2021-W18", 1), ("2021-W19", 1)]
    assert run() == []
    await publish(settings, correction(one, "Better"))
    assert run() == [("2021-W18", 2)]
    assert run("--from", "2021-W19") == [("2021-W19", 1)]
    assert run("--name", "other") == []  # a new subscriber without --from gets only new digests


async def test_a_command_that_fails_gets_the_digest_again(settings: Settings, tmp_path: Path) -> None:
    """`--exec` succeeds with exit code 0. The digest is on its input, the week in its environment."""
    await publish(settings, first("2021-W18"))
    script = tmp_path / "take.py"
    script.write_text(
        "import json, os, pathlib, sys\n"
        f"log = pathlib.Path({str(tmp_path / 'log')!r})\n"
        "log.open('a').write(os.environ['TOPTOPICS_WEEK'] + ' ' + json.load(sys.stdin)['digest']['week'] + '\\n')\n"
        "sys.exit(1 if len(log.read_text().splitlines()) == 1 else 0)\n"
    )
    take = ("subscribe", "--once", "--from", "2021-W18", "--exec", f"{sys.executable} {script}")
    failed = command(settings, *take)
    assert failed.returncode == 1
    assert "exit code 1 for 2021-W18" in failed.stderr
    assert command(settings, *take[:2], *take[4:]).returncode == 0
    assert command(settings, *take[:2], *take[4:]).returncode == 0
    assert (tmp_path / "log").read_text().splitlines() == ["2021-W18 2021-W18"] * 2


async def test_a_command_gets_the_form_that_it_asked_for(settings: Settings, tmp_path: Path) -> None:
    """Text for a mail instead of JSON; two digests on the screen are separated."""
    await publish(settings, first("2021-W18"), first("2021-W19"))
    take = ("subscribe", "--once", "--from", "2021-W19", "--format", "text")
    done = command(settings, *take, "--name", "mail", "--exec", f"tee {tmp_path / 'mail.txt'}")
    assert done.returncode == 0, done.stderr
    text = render(first("2021-W19").digest, "text").rstrip() + "\n"
    assert (tmp_path / "mail.txt").read_text() == text
    assert command(settings, *take).stdout == text
