"""The service on the whole pipeline: Kafka, the stages, Redis, and a browser's requests."""

import asyncio
import itertools
import random
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import httpx
import msgspec
import orjson
import pytest
from prometheus_client.parser import text_string_to_metric_families

from models.events import Deletion, Tweet
from streams.clock import system_clock
from streams.demo import demo_posts
from streams.local.ports import is_free
from streams.redis_store.client import open_views
from streams.sources.files.json_lines import parse_line
from tests.browser.service import ServiceProcess
from tests.integration.faults.settling import until_settled
from tests.integration.pipeline import WorkerProcess, audit, pipeline_settings, produce, until_accounted

pytestmark = pytest.mark.timeout(900)
POSTS = 400


async def test_posts_on_kafka_are_topics_in_the_api(
    kafka_bootstrap: str, redis_url: str, fresh_names: str, tmp_path: Path
) -> None:
    """From `tweets` to `/api/topics` and the event stream; counts equal the log's; a deletion removes the text.

    A post of today ends it: how soon it was shown is a metric, and of the others, an archive, it would say nothing.
    """
    tweets = [post for line in demo_posts() if isinstance(post := parse_line(orjson.dumps(line)), Tweet)][:POSTS]
    async with pipeline_settings(kafka_bootstrap, redis_url, fresh_names, tmp_path) as settings:
        service = ServiceProcess(redis_url, tmp_path, kafka_bootstrap, fresh_names)
        port = _four_free_ports()
        worker = WorkerProcess(
            settings, tmp_path / "worker.log", stages="embed,assign,view", TOPTOPICS_METRICS_PORT=str(port)
        )
        try:
            worker.start()
            service.start()
            await produce(settings, [*tweets, b"no post at all"])
            await until_accounted(settings, worker)
            await until_settled(settings, ("embed", "assign", "view"), worker)
            placed = (await audit(settings)).placed
            await _check_metrics(port)
            async with httpx.AsyncClient(base_url=service.url, timeout=60) as http:
                page = await _until_posts(http, placed)
                assert page["items"], "no topic was found in the demo's posts"
                detail = await _until_agreed(http)
                post = detail["posts"][0]
                gone = Deletion(id=post["id"], author_id=post["author_id"], deleted_at=tweets[-1].created_at)
                await produce(settings, [gone])
                await _until_posts(http, placed - 1, at_most=True)
                again = (await http.get(f"/api/topics/{detail['id']}/posts?limit=100")).json()
                assert post["id"] not in [one["id"] for one in again["items"]]
                ready = (await http.get("/readyz")).json()
                assert ready["checks"]["redis"] == ready["checks"]["kafka"] == "ok"
                assert set(ready["lag"]) == {"embed", "assign", "view", "week-close"}
            await produce(settings, [msgspec.structs.replace(tweets[0], id="today", created_at=system_clock())])
            await _until_told(port + 2, "post_to_view_seconds_count", 1)
        finally:
            worker.stop()
            service.stop()
        async with open_views(redis_url, fresh_names) as views:
            await views.wipe()


async def _until_agreed(http: httpx.AsyncClient) -> dict[str, Any]:
    """Wait until the ranking, which follows the view, agrees with the view about the first topic."""
    end = time.monotonic() + 180
    while True:
        topic = (await http.get("/api/topics?window=7d&sort=people")).json()["items"][0]["topic"]
        detail: dict[str, Any] = (await http.get(f"/api/topics/{topic['id']}")).json()
        if detail.get("posts_total") == topic["posts"]:
            return detail
        assert time.monotonic() < end, (topic, detail)
        await asyncio.sleep(0.3)


async def _check_metrics(port: int) -> None:
    """Each stage exports its rates, batches, latencies, lag and losses."""
    embed = await _until_told(port, "records_total", POSTS + 1)
    assign = await _until_told(port + 1, "records_total", POSTS)
    view = await _until_told(port + 2, "lag_records", 0)
    assert view["post_to_view_seconds_count"] == 0
    assert embed["dead_letters_total"] == 1
    assert embed["encode_seconds_count"] > 0
    assert assign["assign_seconds_count"] > 0
    assert assign["live_topics"] > 0
    assert all(stage["batch_records_count"] and stage["batch_seconds_count"] for stage in (embed, assign, view))
    assert all("lag_records" in stage for stage in (embed, assign, view))


async def _until_told(port: int, name: str, wanted: int) -> dict[str, float]:
    """The samples of one stage without the prefix, summed over labels, once the named one is as wanted."""
    end = time.monotonic() + 180
    async with httpx.AsyncClient(timeout=60) as http:
        while True:
            text = (await http.get(f"http://127.0.0.1:{port}/metrics")).text
            found: defaultdict[str, float] = defaultdict(float)
            for family in text_string_to_metric_families(text):
                for sample in family.samples:
                    found[sample.name.removeprefix("toptopics_")] += sample.value
            if name in found and found[name] == wanted and "lag_records" in found:  # the lag is exported every 15 s
                return found
            assert time.monotonic() < end, f"{name} is {found.get(name)} instead of {wanted}:\n{text}"
            await asyncio.sleep(0.3)


def _four_free_ports() -> int:
    """The first of as many consecutive free ports as there are stages. Another run must not choose the same ones."""
    drawn = (random.SystemRandom().randrange(20_000, 32_000, 4) for _ in itertools.count())
    return next(port for port in drawn if all(is_free(port + i) for i in range(4)))


async def _until_posts(
    http: httpx.AsyncClient, count: int, *, at_most: bool = False
) -> dict[str, list[dict[str, dict[str, str]]]]:
    end = time.monotonic() + 180
    while True:
        page = (await http.get("/api/topics?window=7d&sort=people")).json()
        if page["posts"] == count or (at_most and page["posts"] <= count):
            return dict(page)
        assert time.monotonic() < end, f"{page['posts']} posts in the view instead of {count}"
        await asyncio.sleep(0.3)
