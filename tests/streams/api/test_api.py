"""The answers of the HTTP service."""

import asyncio

from jsonschema import Draft202012Validator
from msgspec import structs

from tests.support.live_api import client, filled
from tests.support.view_examples import assignment, digest, event

PATHS = [
    "/api/topics",
    "/api/topics/T1",
    "/api/topics/T1/posts",
    "/api/series",
    "/api/digests",
    "/api/digests/2021-W17",
    "/api/events",
]


async def test_topics_are_ranked_with_people_first() -> None:
    """A topic with five people and six posts is ranked above one with three people; a merged topic's post counts."""
    async with client(await filled()) as http:
        page = (await http.get("/api/topics")).json()
    assert [(one["rank"], one["topic"]["id"]) for one in page["items"]] == [(1, "T1"), (2, "T2")]
    assert page["items"][0]["topic"]["windows"]["24h"]["people"] == 6
    assert page["total"] == 2
    assert (page["posts"], page["people"], page["since"]) == (9, 9, "2021-05-07T08:00:00Z")


async def test_search_finds_words_of_posts_and_beginnings_of_labels() -> None:
    """All words must occur; case does not matter."""
    cases = {"cropping": "T2", "WAV2VEC": "T1", "spee": "T1", "recognition": "T1", "speech bias": "", "💥": ""}
    async with client(await filled()) as http:
        for query, found in cases.items():
            page = (await http.get("/api/topics", params={"q": query})).json()
            assert [one["topic"]["id"] for one in page["items"]] == found.split(), query


async def test_one_topic_with_all_that_belongs_to_it_under_each_of_its_ids() -> None:
    """People, links, hours, lineage; the merged id gives the same topic."""
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


async def test_a_topic_says_what_the_newest_digest_tells_of_it() -> None:
    """Once an alias event has given it the id of a section; of an older digest where the newest one tells nothing."""
    views = await filled()
    async with client(views) as http:
        assert (await http.get("/api/topics/T1")).json()["digest"] is None
        await views.apply_topic_events([event("alias", "T1", other_ids=["D1"], week="2021-W17")])
        await views.put_digest(structs.replace(digest("2021-W18"), topics=[]), [("revision", b"1")])
        told = (await http.get("/api/topics/T1")).json()["digest"]
    assert (told["week"], told["section"], told["text"]) == ("2021-W17", "D1", "People talked about speech.")
    assert told["posts"] == ["1", "2"]


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
    """Each once, with the ids of the page before. Both directions at once are refused."""
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
    """Every body and every example is valid by its schema."""
    async with client(await filled()) as http:
        document = (await http.get("/openapi.json")).json()
        for path in PATHS:
            body = (await http.get(path)).json()
            template = path.replace("T1", "{topic_id}").replace("2021-W17", "{week}")
            content = document["paths"][template]["get"]["responses"]["200"]["content"]["application/json"]
            for value in [body, *([content["example"]] if "example" in content else [])]:
                Draft202012Validator({**content["schema"], "components": document["components"]}).validate(value)


async def test_a_week_is_compared_with_the_digest_before_it() -> None:
    """As its schema says; the first digest has none before it."""
    views = await filled()
    await views.put_digest(structs.replace(digest("2021-W19"), topics=[]), [("revision", b"1")])
    async with client(views) as http:
        found = (await http.get("/api/digests/2021-W19/changes")).json()
        document = (await http.get("/openapi.json")).json()
        assert (await http.get("/api/digests/2021-W17/changes")).status_code == 404
    schema = document["paths"]["/api/digests/{week}/changes"]["get"]["responses"]["200"]["content"]["application/json"]
    Draft202012Validator({**schema["schema"], "components": document["components"]}).validate(found)
    assert (found["week"], found["before"]) == ("2021-W19", "2021-W17")
    assert [(one["id"], one["people_before"]) for one in found["changes"]["gone"]] == [("D1", 1)]
    assert found["changes"]["new"] == []


async def test_the_board_follows_the_view() -> None:
    """Applied events are served within moments, without a request to the store for each answer."""
    views = await filled()
    async with client(views) as http:
        await views.apply_assignments([assignment(f"n{i}", "T9", author=f"n{i}", hours=1) for i in range(9)])
        for _ in range(12_000):
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
