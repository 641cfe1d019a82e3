"""The HTTP service for operators: liveness, readiness, metrics, shutdown, and an unreachable store or broker."""

import asyncio
import json
from collections.abc import Mapping

import httpx
import pytest

from models.live.state import Changes, ViewEvent
from streams.api.app import create_api
from streams.api.hub import Hub
from streams.api.limits import ApiLimits
from streams.api.server import create_server
from streams.kafka.lag import StageState
from streams.settings import load_settings
from streams.system.metrics import Metrics
from streams.views.board import Board
from streams.views.memory import MemoryViews
from streams.views.port import ViewUnavailableError
from tests.support.live_api import client, filled


class Broken(MemoryViews):
    """An unreachable store."""

    async def changes(self, since: int | None) -> Changes:
        """Raises always."""
        raise ViewUnavailableError("redis://user:secret@somewhere does not answer")

    async def ping(self) -> None:
        """Raises always."""
        await self.changes(None)

    async def resolve(self, topic_id: str) -> str | None:
        """Raises always."""
        await self.changes(None)
        return None


async def test_a_store_that_is_away_is_a_problem_and_no_crash() -> None:
    """503 with Retry-After; alive but not ready; internal details are not sent."""
    app = create_api(load_settings(), Broken())
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as http:
        answer = await http.get("/api/topics/T1")
        ready = await http.get("/readyz")
        assert (await http.get("/healthz")).status_code == 200
    assert answer.status_code == 503
    assert "secret" not in answer.text
    assert ready.status_code == 503
    assert ready.json()["checks"]["redis"] == "does not answer"


@pytest.mark.parametrize(("behind", "status"), [(10, 200), (60_000, 503)])
async def test_readiness_looks_at_lag(behind: int, status: int) -> None:
    """A large lag means not ready."""

    async def stages() -> Mapping[str, StageState]:
        return {"view": StageState(running=True, waiting=behind)}

    async with client(await filled(), stages=stages) as http:
        answer = await http.get("/readyz")
    assert answer.status_code == status
    assert answer.json()["lag"] == {"view": behind}


STATES = (
    (StageState(running=False, waiting=199), 503, "embed: not running, 199 posts wait"),
    (StageState(running=False, waiting=1), 503, "embed: not running, 1 post waits"),
    (StageState(running=False, waiting=0), 200, "ok"),
    (StageState(running=True, waiting=199), 200, "ok"),
)


@pytest.mark.parametrize(("state", "status", "said"), STATES)
async def test_a_stage_that_is_stopped_while_posts_wait_is_not_ready(state: StageState, status: int, said: str) -> None:
    """With nothing to do it may be stopped."""

    async def stages() -> Mapping[str, StageState]:
        return {"embed": state, "view": StageState(running=True, waiting=3)}

    async with client(await filled(), stages=stages) as http:
        answer = await http.get("/readyz")
    assert (answer.status_code, answer.json()["checks"]["stages"]) == (status, said)


async def test_an_open_page_learns_what_keeps_new_posts_from_it() -> None:
    """When it opens and when it changes; also that the broker is away."""
    limits = ApiLimits(stages_seconds=0.01)
    answers: list[Mapping[str, StageState] | Exception] = [
        {"embed": StageState(running=False, waiting=199)}, OSError("nobody there"), {}
    ]  # fmt: skip

    async def stages() -> Mapping[str, StageState]:
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    hub = Hub(views := await filled(), Board(views), Metrics(), limits)
    running = asyncio.create_task(hub.follow_stages(stages))
    told: list[list[str]] = []
    async for chunk in hub.subscribe("here", None):
        if b"event: status" in chunk:
            found = json.loads(chunk.partition(b"data: ")[2])["troubles"]
            told += [found] if found != (told[-1] if told else None) else []
        if told and not told[-1] and len(told) > 1:
            break
    running.cancel()
    assert told == [[], ["embed: not running, 199 posts wait"], ["Kafka does not answer"], []]


async def test_a_broker_that_is_away_is_not_ready() -> None:
    """For any error of the broker's client."""

    async def stages() -> Mapping[str, StageState]:
        raise OSError("nobody there")

    async with client(await filled(), stages=stages) as http:
        answer = await http.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["checks"]["kafka"] == "does not answer"


async def test_requests_are_counted_by_route_and_never_by_path() -> None:
    """Ids from outside do not become labels."""
    async with client(await filled()) as http:
        await http.get("/api/topics/T1")
        await http.get("/api/topics/nothing")
        await http.get("/wp-admin.php")
        await http.get("/static/style.css")
        await http.delete("/api/topics")
        text = (await http.get("/metrics")).text
    counted = 'toptopics_http_requests_total{{method="{}",route="{}",status="{}"}} 1.0'
    assert counted.format("GET", "/api/topics/{topic_id}", 404) in text
    assert "wp-admin" not in text
    assert counted.format("GET", "unknown", 404) in text
    assert counted.format("GET", "/static", 200) in text
    assert counted.format("DELETE", "/api/topics", 405) in text
    assert "toptopics_live_topics 2.0" in text


async def test_an_uptime_check_may_ask_with_head() -> None:
    """The same status and headers as GET."""
    async with client(await filled()) as http:
        for path in ("/", "/healthz", "/api/topics", "/nothing"):
            head, full = await http.head(path), await http.get(path)
            assert head.status_code == full.status_code, path
            assert head.headers.get("etag") == full.headers.get("etag")


async def test_the_service_tells_the_lag_of_stages_that_cannot() -> None:
    """An unreachable broker gives no number instead of an old one."""
    answers = [{"view": StageState(running=False, waiting=7)}]

    async def stages() -> Mapping[str, StageState]:
        if not answers:
            raise OSError("nobody there")
        return answers.pop()

    async with client(await filled(), stages=stages) as http:
        first, second = (await http.get("/metrics")).text, (await http.get("/metrics")).text
    assert 'toptopics_lag_records{stage="view",topic="assignments"} 7.0' in first
    assert 'toptopics_stage_running{stage="view"} 0.0' in first
    assert "toptopics_lag_records{" not in second
    assert "toptopics_stage_running{" not in second


async def test_requests_without_a_token_have_a_label_of_their_own() -> None:
    """Guesses of the token are seen as such."""
    async with client(await filled(), token="t" * 32) as http:
        await http.get("/api/topics/T1")
        text = (await http.get("/metrics", headers={"Authorization": f"Bearer {'t' * 32}"})).text
    assert 'toptopics_http_requests_total{method="GET",route="refused",status="401"} 1.0' in text
    assert 'toptopics_build_info{python="' in text


async def test_the_service_tells_where_it_listens() -> None:
    """Port 0 is any free port: the address is known when it is bound, and the service answers there."""
    told: asyncio.Queue[str] = asyncio.Queue()
    server = create_server(create_api(load_settings(), await filled()), "127.0.0.1", 0, told.put_nowait)
    serving = asyncio.create_task(server.serve())
    async with httpx.AsyncClient() as http:
        answer = await http.get(await asyncio.wait_for(told.get(), 60) + "/healthz")
    server.should_exit = True
    await serving
    assert answer.status_code == 200


class Deaf(MemoryViews):
    """A store whose client misinterprets the first cancellation."""

    heard = False

    def __init__(self) -> None:
        super().__init__()
        self.asked = asyncio.Event()

    async def tail(self, event: str, pulse: str, wait_ms: int) -> tuple[list[ViewEvent], str | None]:
        """Like the view's, except for the cancellation."""
        self.asked.set()
        try:
            return await super().tail(event, pulse, wait_ms)
        except asyncio.CancelledError:
            if self.heard:
                raise
            self.heard = True
            return [], None


async def test_the_service_ends_although_a_cancellation_was_swallowed() -> None:
    """It is cancelled again."""
    views = Deaf()
    async with asyncio.timeout(120) as limit:
        async with client(views) as http:
            await http.get("/healthz")
            await views.asked.wait()
    assert views.heard
    assert not limit.expired()
