"""Requests that the HTTP service refuses."""

import pytest

from streams.api.app import UnsafeBindingError, create_api
from streams.api.limits import ApiLimits
from streams.api.security import WrongTokens, host_name, is_loopback
from streams.settings import load_settings
from streams.views.memory import MemoryViews
from tests.support.live_api import client, filled
from tests.support.view_examples import assignment, event


async def test_a_digest_is_a_page_in_which_no_script_runs() -> None:
    """The page has its own sandbox policy and is shown only in our frame."""
    async with client(await filled()) as http:
        answer = await http.get("/digests/2021-W17")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    policy = answer.headers["content-security-policy"]
    assert "sandbox" in policy
    assert "default-src 'none'" in policy
    assert "script" not in policy  # neither a source for scripts nor allow-scripts
    assert "frame-ancestors 'self'" in policy
    assert "Speech without labels" in answer.text


async def test_every_answer_carries_the_strict_policy() -> None:
    """Errors too. The page allows no inline script or style."""
    async with client(await filled()) as http:
        for path in ("/", "/api/topics", "/nothing", "/static/app.js"):
            policy = (await http.get(path)).headers["content-security-policy"]
            assert "default-src 'none'" in policy
            assert "unsafe" not in policy


async def test_an_address_for_others_needs_a_token() -> None:
    """The service refuses to start."""
    with pytest.raises(UnsafeBindingError, match="TOPTOPICS_API_TOKEN"):
        create_api(load_settings(host="0.0.0.0"), MemoryViews())


async def test_the_token_opens_and_nothing_else_does() -> None:
    """Header or cookie. Only the supervisors' checks and the login are open."""
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
    """A page that rebinds its own name to 127.0.0.1 is refused."""
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
    """In the forms of a Host header."""
    assert is_loopback(host_name(host)) is own


async def test_too_many_requests_are_told_to_wait() -> None:
    """Per client address. A supervisor's liveness check is still answered."""
    async with client(await filled(), limits=ApiLimits(requests_per_minute=210)) as http:
        answers = [await http.get("/api/topics") for _ in range(230)]
        alive = await http.get("/healthz")
    assert answers[0].status_code == 200
    assert answers[-1].status_code == 429
    assert answers[-1].headers["retry-after"]
    assert alive.status_code == 200


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


async def test_guesses_at_the_login_are_limited_by_themselves() -> None:
    """Ten a minute, whatever else is allowed; right tokens are not counted, and the header still opens."""
    async with client(await filled(), token="right") as http:
        for _ in range(3):
            assert (await http.post("/login", data={"token": "right"})).headers["location"] == "/"
        answers = [await http.post("/login", data={"token": f"guess {number}"}) for number in range(12)]
        assert [answer.status_code for answer in answers] == [303] * 10 + [429] * 2
        assert answers[-1].headers["retry-after"]
        late = await http.post("/login", data={"token": "right"})
        assert late.status_code == 429, "else a guesser would know when a guess was right"
        assert (await http.get("/api/topics", headers={"Authorization": "Bearer right"})).status_code == 200


async def test_guesses_are_limited_in_total() -> None:
    """A guesser has many addresses."""
    wrong = WrongTokens(per_client=10, in_total=5)
    for number in range(5):
        assert await wrong.are_allowed(f"10.0.0.{number}")
        await wrong.count(f"10.0.0.{number}")
    assert not await wrong.are_allowed("10.0.0.9")


@pytest.mark.parametrize(
    "host",
    ["[::1].evil", "[::1].evil:8", "[::1]evil", "[::1]:80.x", "[::1", "::1]", "[[::1]]", "a@[::1]", "[::1]/", "", ":8"],
)  # fmt: skip
async def test_a_host_that_only_begins_like_this_machine_is_refused(host: str) -> None:
    """A browser that is led to such a name sends it."""
    assert not is_loopback(host_name(host))
    async with client(await filled()) as http:
        assert (await http.get("/api/topics", headers={"Host": host})).status_code in {400, 421}
