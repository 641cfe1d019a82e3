"""The editor on a real broker: published, shown, verified, withdrawn."""

import asyncio
import os
import subprocess
import sys
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

import msgspec
import pytest

from models.events import Sentence
from streams.delivery.subscribe import follow
from streams.kafka.digests import read_digests
from streams.kafka.editions import edition_of, read_editions
from streams.kafka.send import kafka_send, publish_digest
from streams.refit.digest_posts import digest_posts
from streams.replay.editions import edition_differences
from streams.replay.rebuild import publish
from streams.settings import Settings
from streams.stages.edit import EditStage
from tests.integration.replaying import ALL, NOW, publish_all, rebuilt, with_stored_weeks
from tests.streams.stages.test_edit import good
from tests.support.model_server import model_server
from tests.support.stored_weeks import WEEKS


@pytest.mark.timeout(600)
async def test_an_edition_is_published_shown_verified_and_withdrawn(
    kafka_bootstrap: str, redis_url: str, fresh_names: str, tmp_path: Path
) -> None:
    """A correction by a replay takes it away: nobody is shown it any more."""
    settings = await with_stored_weeks(kafka_bootstrap, redis_url, fresh_names, tmp_path)
    await publish_all(settings)
    async with kafka_send(settings) as send:
        entry = (await read_digests(settings))[WEEKS[2]]
        cited = sorted(await digest_posts(settings, entry))[:3]
        topic = msgspec.structs.replace(
            entry.digest.topics[0], items=[], post_ids=cited, summary=Sentence(text="It runs.", posts=cited)
        )
        entry = replace(entry, digest=msgspec.structs.replace(entry.digest, topics=[topic]))
        await publish_digest(send, entry)
        async with model_server(good) as (endpoint, _):
            stage = EditStage(
                model=endpoint.model,
                ask=endpoint.ask,
                follow=partial(follow, settings),
                read_edited=partial(read_editions, settings),
                read_posts=partial(digest_posts, settings),
                send=send,
            )
            running = asyncio.create_task(stage.run())
            while (edited := await edition_of(settings, entry)) is None:
                await asyncio.sleep(0.1)
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running
    assert edited.sections[0].sentences, edited
    shown = _digest(settings, "--edited")
    assert "edited by tiny: 1 of 1 claims stand" in shown.stderr
    assert edited.sections[0].sentences[0].text[:40] in shown.stdout
    checked = _digest(settings, "--edited", "--check")
    assert (checked.returncode, checked.stdout) == (0, "")
    (again,) = await rebuilt(settings, ALL[2], verify=True)
    assert await edition_differences(settings, [again]) == []
    (other,) = await edition_differences(settings.model_copy(update={"llm_model": "large"}), [again])
    assert other == f"{WEEKS[2]} edited: the model was tiny, and LLM_MODEL is large now"
    (corrected,) = await rebuilt(settings, ALL[2], overrides={"seed": "12"})
    assert await publish(settings, corrected, lambda: NOW) is not None
    assert await read_editions(settings) == {}


def _digest(settings: Settings, *options: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {
        "KAFKA_BOOTSTRAP_SERVERS": str(settings.kafka_bootstrap_servers),
        "REDIS_URL": str(settings.redis_url),
        "TOPTOPICS_PREFIX": settings.prefix,
        "TOPTOPICS_DATA_DIR": str(settings.data_dir),
    }
    command = [sys.executable, "-m", "streams.cli", "digest", WEEKS[2], "--format", "text", *options]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=240, check=False)
