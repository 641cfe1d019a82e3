"""The HTTP service: what it answers, and what it refuses."""

import asyncio
from collections.abc import Mapping

import httpx
import pytest
from jsonschema import Draft202012Validator

from streams.api.app import UnsafeBindingError, create_api
from streams.api.limits import ApiLimits
from streams.api.security import host_name, is_loopback
from streams.memory_views import MemoryViews
from streams.settings import load_settings
from streams.views.database import ViewUnavailableError
from streams.views.state import Changes, ViewEvent
from tests.live_api import client, filled
from tests.view_examples import assignment, event

PATHS = [
    "/api/topics",
    "/api/topics/T1",
    "/api/topics/T1/posts",
    "/api/series",
    "/api/map",
    "/api/digests",
    "/api/digests/2021-W17",
    "/api/events",
]


async def test_topics_are_ranked_with_people_first() -> None:
    """Five people and six posts come before three people; the merged topic's post counts."""
    async with client(await filled()) as http:
        page = (await http.get("/api/topics")).json()
    assert [(one["rank"], one["topic"]["id"]) for one in page["items"]] == [(1, "T1"), (2, "T2")]
    assert page["items"][0]["topic"]["windows"]["24h"]["people"] == 6
    assert page["total"] == 2


async def test_search_finds_words_of_posts_and_beginnings_of_labels() -> None:
    """All words must be there; case does not matter."""
    cases = {"cropping": "T2", "WAV2VEC": "T1", "spee": "T1", "recognition": "T1", "speech bias": "", "💥": ""}
    async with client(await filled()) as http:
        for query, found in cases.items():
            page = (await http.get("/api/topics", params={"q": query})).json()
            assert [one["topic"]["id"] for one in page["items"]] == found.split(), query


async def test_one_topic_with_all_that_belongs_to_it_under_each_of_its_ids() -> None:
    """People, links, hours, lineage; the merged id leads to the same."""
    async with client(await filled()) as http:
        detail = (await http.get("/api/topics/T1")).json()
        assert (await http.get("/api/topics/T3")).json() == detail
        missing = await http.get("/api/topics/nothing")
    assert detail["label"] == "Speech without labels"
    assert detail["aliases"] == ["T3"]
    assert len(detail["people"]) == 6
    assert detail["links"][0]["url"] == "https://a.example/p"
    assert sum(detail["series"]["posts"]) == 6
    assert [one["kind"] for one in detail["lineage"]] == ["born", "merged"]
    assert missing.status_code == 404
    assert missing.headers["content-type"] == "application/problem+json"


async def test_pages_follow_each_other_to_the_end() -> None:
    """The Link header leads through all posts, each once."""
    async with client(await filled()) as http:
        url, seen = "/api/topics/T1/posts?limit=4", []
        while url:
            answer = await http.get(url)
            seen += [post["id"] for post in answer.json()["items"]]
            url = answer.links.get("next", {}).get("url", "")
    assert sorted(seen) == ["o1", "s0", "s1", "s2", "s3", "s4"]


async def test_events_are_read_backwards_and_forwards() -> None:
    """Each once, with the ids of the page before; both directions at once make no sense."""
    async with client(await filled()) as http:
        everything = (await http.get("/api/events?limit=100")).json()["items"]
        ids = [one["id"] for one in everything]
        last = (await http.get("/api/events?limit=2")).json()["items"]
        before = (await http.get(f"/api/events?limit=100&before={last[0]['id']}")).json()["items"]
        assert [one["id"] for one in [*before, *last]] == ids
        after = (await http.get(f"/api/events?after={ids[0]}")).json()["items"]
        assert [one["id"] for one in after] == ids[1:]
        assert (await http.get(f"/api/events?after={ids[0]}&before={ids[1]}")).status_code == 422


async def test_what_did_not_change_is_told_in_a_few_bytes() -> None:
    """ETag, then 304, for every answer."""
    async with client(await filled()) as http:
        for path in PATHS:
            first = await http.get(path)
            assert (first.status_code, "cache-control" in first.headers) == (200, True), path
            again = await http.get(path, headers={"If-None-Match": f'"other", W/{first.headers["etag"]}'})
            assert (again.status_code, again.content) == (304, b""), path


WRONG = [
    "/api/topics?limit=0",
    "/api/topics?limit=101",
    "/api/topics?offset=-1",
    "/api/topics?offset=10001",
    "/api/topics?window=2h",
    "/api/topics?sort=luck",
    "/api/series?limit=31",
    "/api/digests/2021-18",
    "/api/events?after=x",
    f"/api/topics?q={'x' * 201}",
    f"/api/topics/{'x' * 201}",
]


async def test_wrong_parameters_are_named() -> None:
    """422 as problem+json with the parameter; sizes are capped."""
    async with client(await filled()) as http:
        for path in WRONG:
            answer = await http.get(path)
            assert answer.status_code == 422, path
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.json()["errors"]


async def test_the_answers_are_what_openapi_says() -> None:
    """Every body validates against its schema, and every example does."""
    async with client(await filled()) as http:
        document = (await http.get("/openapi.json")).json()
        for path in PATHS:
            body = (await http.get(path)).json()
            template = path.replace("T1", "{topic_id}").replace("2021-W17", "{week}")
            content = document["paths"][template]["get"]["responses"]["200"]["content"]["application/json"]
            for value in [body, *([content["example"]] if "example" in content else [])]:
                Draft202012Validator({**content["schema"], "components": document["components"]}).validate(value)


async def test_a_digest_is_a_page_without_script_in_an_origin_of_its_own() -> None:
    """Sandboxed by its own policy; shown in our frame only."""
    async with client(await filled()) as http:
        answer = await http.get("/digests/2021-W17")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "sandbox" in answer.headers["content-security-policy"]
    assert "script-src" not in answer.headers["content-security-policy"]
    assert "Speech without labels" in answer.text


async def test_every_answer_carries_the_strict_policy() -> None:
    """Errors too; no inline script or style is allowed on the page."""
    async with client(await filled()) as http:
        for path in ("/", "/api/topics", "/nothing", "/static/app.js"):
            policy = (await http.get(path)).headers["content-security-policy"]
            assert "default-src 'none'" in policy
            assert "unsafe" not in policy


async def test_an_address_for_others_needs_a_token() -> None:
    """It refuses to start."""
    with pytest.raises(UnsafeBindingError, match="TOPTOPICS_API_TOKEN"):
        create_api(load_settings(host="0.0.0.0"), MemoryViews())


async def test_the_token_opens_and_nothing_else_does() -> None:
    """Header or cookie; open are only the checks that a supervisor makes and the way to log in."""
    async with client(await filled(), token="geheim-ü") as http:
        assert (await http.get("/api/topics")).status_code == 401
        assert (await http.get("/metrics")).status_code == 401
        assert (await http.get("/api/topics", headers={"Authorization": "Bearer wrong"})).status_code == 401
        assert (await http.get("/api/topics", headers={"Cookie": "toptopics=geheim"})).status_code == 401
        assert (await http.get("/healthz")).status_code == 200
        assert (await http.get("/")).headers["location"] == "/login"
        bearer = {"Authorization": "Bearer geheim-ü".encode()}
        assert (await http.get("/api/topics", headers=bearer)).status_code == 200  # type: ignore[arg-type]
        wrong = await http.post("/login", data={"token": "nein"})
        assert (wrong.status_code, wrong.headers["location"]) == (303, "/login?wrong")
        right = await http.post("/login", data={"token": "geheim-ü"})
        assert "HttpOnly" in right.headers["set-cookie"]
        assert "geheim" not in right.headers["set-cookie"]
        assert (await http.get("/api/topics")).status_code == 200
        assert (await http.post("/login", content=b"token=" + b"x" * 5_000)).status_code == 413


async def test_without_a_token_only_this_machine_is_answered() -> None:
    """A page that rebinds its own name to 127.0.0.1 gets nothing."""
    async with client(await filled()) as http:
        refused = await http.get("/api/topics", headers={"Host": "evil.example"})
        assert refused.status_code == 421
        assert (await http.get("/api/topics", headers={"Host": "localhost:8765"})).status_code == 200


@pytest.mark.parametrize(
    ("host", "own"),
    [
        ("localhost", True),
        ("127.0.0.1:80", True),
        ("[::1]:80", True),
        ("::1", True),
        ("", False),
        ("127.0.0.1.evil.example", False),
    ],
)
def test_names_of_this_machine(host: str, own: bool) -> None:
    """As a Host header has them."""
    assert is_loopback(host_name(host)) is own


async def test_too_many_requests_are_told_to_wait() -> None:
    """Per client address; a supervisor that asks whether the process lives is answered."""
    async with client(await filled(), limits=ApiLimits(requests_per_minute=210)) as http:
        answers = [await http.get("/api/topics") for _ in range(230)]
        alive = await http.get("/healthz")
    assert answers[0].status_code == 200
    assert answers[-1].status_code == 429
    assert answers[-1].headers["retry-after"]
    assert alive.status_code == 200


class Broken(MemoryViews):
    """A store that went away."""

    async def changes(self, since: int | None) -> Changes:
        """Never."""
        raise ViewUnavailableError("redis://user:secret@somewhere does not answer")

    async def ping(self) -> None:
        """Never."""
        await self.changes(None)

    async def resolve(self, topic_id: str) -> str | None:
        """Never."""
        await self.changes(None)
        return None


async def test_a_store_that_is_away_is_a_problem_and_no_crash() -> None:
    """503 with Retry-After; alive but not ready; the reason's details stay inside."""
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
    """Far behind is not ready."""

    async def lag() -> Mapping[str, int]:
        return {"view": behind}

    async with client(await filled(), lag=lag) as http:
        answer = await http.get("/readyz")
    assert answer.status_code == status
    assert answer.json()["lag"] == {"view": behind}


async def test_a_broker_that_is_away_is_not_ready() -> None:
    """Whatever its client raises."""

    async def lag() -> Mapping[str, int]:
        raise OSError("nobody there")

    async with client(await filled(), lag=lag) as http:
        answer = await http.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["checks"]["kafka"] == "does not answer"


async def test_requests_are_counted_by_route_and_never_by_path() -> None:
    """Ids from outside do not become labels."""
    async with client(await filled()) as http:
        await http.get("/api/topics/T1")
        await http.get("/api/topics/nothing")
        await http.get("/wp-admin.php")
        text = (await http.get("/metrics")).text
    assert 'toptopics_http_requests_total{method="GET",route="/api/topics/{topic_id}",status="404"} 1.0' in text
    assert "wp-admin" not in text
    assert "toptopics_live_topics 2.0" in text


async def test_hostile_text_is_json_and_nothing_else() -> None:
    """Markup stays text; the dashboard shows it as text (see tests/browser)."""
    views = MemoryViews()
    await views.apply_assignments([assignment("1", "T1", text="<script>alert(1)</script> \u202eevil\u0000")])
    await views.apply_topic_events([event("born", "T1", label="<img src=x onerror=alert(1)>")])
    async with client(views) as http:
        answer = await http.get("/api/topics/T1")
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-content-type-options"] == "nosniff"
    text = answer.json()["posts"][0]["text"]
    assert text.startswith("<script>")
    assert "\u202e" not in text
    assert "\x00" not in text


async def test_the_board_follows_the_view() -> None:
    """What is applied is served within moments, without asking the store per request."""
    views = await filled()
    async with client(views) as http:
        await views.apply_assignments([assignment(f"n{i}", "T9", author=f"n{i}", hours=1) for i in range(9)])
        for _ in range(300):
            page = (await http.get("/api/topics")).json()
            if page["items"][0]["topic"]["id"] == "T9":
                break
            await asyncio.sleep(0.01)
    assert page["items"][0]["topic"]["id"] == "T9"


async def test_every_answer_has_an_example_and_every_parameter_too() -> None:
    """In the OpenAPI document, for all that answers with JSON."""
    async with client(await filled()) as http:
        document = (await http.get("/openapi.json")).json()
    operations = [(path, one) for path, methods in document["paths"].items() for one in methods.values()]
    bodies = [
        (path, content)
        for path, one in operations
        for status, answer in one["responses"].items()
        for kind, content in answer.get("content", {}).items()
        if kind == "application/json" and status in ("200", "201")
    ]
    assert [path for path, content in bodies if "example" not in content] == []
    names = [(path, name) for path, one in operations for name in one.get("parameters", [])]
    bare = [(path, name["name"]) for path, name in names if not name["schema"].get("examples")]
    assert [one for one in bare if one[1] not in ("q", "name")] == []


async def test_an_uptime_check_may_ask_with_head() -> None:
    """The same status and headers as GET."""
    async with client(await filled()) as http:
        for path in ("/", "/healthz", "/api/topics", "/nothing"):
            head, full = await http.head(path), await http.get(path)
            assert head.status_code == full.status_code, path
            assert head.headers.get("etag") == full.headers.get("etag")


async def test_the_service_tells_the_lag_of_stages_that_cannot() -> None:
    """And no old number when the broker is away."""
    answers = [{"view": 7}]

    async def lag() -> Mapping[str, int]:
        if not answers:
            raise OSError("nobody there")
        return answers.pop()

    async with client(await filled(), lag=lag) as http:
        first, second = (await http.get("/metrics")).text, (await http.get("/metrics")).text
    assert 'toptopics_lag_records{stage="view",topic="assignments"} 7.0' in first
    assert "toptopics_lag_records{" not in second


class Deaf(MemoryViews):
    """A store whose client takes the first cancellation for something else."""

    heard = False

    async def tail(self, event: str, pulse: str, wait_ms: int) -> tuple[list[ViewEvent], str | None]:
        """As usual, but for that."""
        try:
            return await super().tail(event, pulse, wait_ms)
        except asyncio.CancelledError:
            if self.heard:
                raise
            self.heard = True
            return [], None


async def test_the_service_ends_although_a_cancellation_was_swallowed() -> None:
    """It is told again."""
    views = Deaf()
    async with asyncio.timeout(10) as limit:
        async with client(views) as http:
            await http.get("/healthz")
            await asyncio.sleep(0.1)
    assert views.heard
    assert not limit.expired()
