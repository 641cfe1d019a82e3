"""Posts by their id, the posts behind a section of a digest, and the addresses that digests and mails carry."""

import pytest

from streams.delivery.feeds import Place, atom
from streams.kafka.digests import PublishedDigest
from tests.support.live_api import client, filled
from tests.support.view_examples import assignment, deletion, digest


async def test_a_post_is_found_by_its_id_with_the_topic_that_it_stands_in_now() -> None:
    """After a merge it is the topic that took the other one in; a deleted post is not shown."""
    views = await filled()
    address = "at://did:plc:ada/app.bsky.feed.post/3k"
    await views.apply_assignments([assignment(address, "T3", text="speech, again", source="bluesky")])
    async with client(views) as http:
        found = (await http.get("/api/posts/at%3A%2F%2Fdid%3Aplc%3Aada%2Fapp.bsky.feed.post%2F3k")).json()
        assert (found["post"]["id"], found["topic_id"], found["label"]) == (address, "T1", "Speech without labels")
        assert found["post"]["url"] == "https://bsky.app/profile/did:plc:ada/post/3k"
        await views.apply_assignments([deletion(address)])
        gone = await http.get("/api/posts/at%3A%2F%2Fdid%3Aplc%3Aada%2Fapp.bsky.feed.post%2F3k")
    assert (gone.status_code, gone.headers["content-type"]) == (404, "application/problem+json")


async def test_the_posts_behind_a_section_are_those_that_are_kept() -> None:
    """All ids, and the posts that are still there, in the same order."""
    views = await filled()
    await views.put_digest(digest("2021-W18", posts=["s3", "long-gone", "s1"]), [])
    async with client(views) as http:
        cited = (await http.get("/api/digests/2021-W18/posts/D1")).json()
        assert (await http.get("/api/digests/2021-W18/posts/D9")).status_code == 404
        assert (await http.get("/api/digests/2021-W19/posts/D1")).status_code == 404
    assert cited["ids"] == ["s3", "long-gone", "s1"]
    assert [post["id"] for post in cited["items"]] == ["s3", "s1"]


@pytest.mark.parametrize(
    ("address", "view"),
    [
        ("/posts/s1", "/#/posts/s1"),
        ("/posts/s1?week=2021-W17", "/#/posts/s1?week=2021-W17"),
        ("/posts/at%3A%2F%2Fa%2F%22%3E%3Cb", "/#/posts/at%3A%2F%2Fa%2F%22%3E%3Cb"),
        ("/topics/d-1", "/#/topics/d-1"),
        ("/digests/2021-W17/posts/d-1?of=3", "/#/digests/2021-W17/posts/d-1?of=3"),
    ],
)
async def test_lasting_addresses_lead_to_the_dashboard(address: str, view: str) -> None:
    """By a redirect on the same host; what a mail says keeps working."""
    async with client(await filled()) as http:
        answer = await http.get(address)
    assert (answer.status_code, answer.headers["location"]) == (303, view)


async def test_a_reader_who_has_to_log_in_gets_what_the_link_was_for() -> None:
    """Only pages of this service: a link cannot lead out of it."""
    async with client(await filled(), token="geheim") as http:
        refused = await http.get("/posts/s1?week=2021-W17")
        assert refused.headers["location"] == "/login?next=%2Fposts%2Fs1%3Fweek%3D2021-W17"
        wrong = await http.post(refused.headers["location"], data={"token": "nein"})
        assert wrong.headers["location"] == "/login?wrong&next=%2Fposts%2Fs1%3Fweek%3D2021-W17"
        right = await http.post(refused.headers["location"], data={"token": "geheim"})
        assert right.headers["location"] == "/posts/s1?week=2021-W17"
        for evil in ("//evil.example/posts/", "https://evil.example", "/login", "/posts/\r\nSet-Cookie: a=b"):
            answer = await http.post("/login", params={"next": evil}, data={"token": "geheim"})
            assert answer.headers["location"].startswith(("/posts/", "/"))
            assert "evil" not in answer.headers["location"]
            assert "\r" not in answer.headers["location"]


async def test_a_digests_page_leads_to_its_neighbours_and_forms() -> None:
    """The week before, the week after, Markdown with whole addresses, and the posts on this host."""
    views = await filled()
    for week in ("2021-W16", "2021-W18"):
        await views.put_digest(digest(week), [])
    async with client(views) as http:
        page = (await http.get("/digests/2021-W17")).text
        first = (await http.get("/digests/2021-W16")).text
        markdown = await http.get("/digests/2021-W17.md")
    assert 'href="/digests/2021-W16"' in page
    assert 'href="/digests/2021-W18"' in page
    assert 'href="/digests/2021-W15"' not in first
    assert 'href="/posts/1?week=2021-W17"' in page
    assert markdown.headers["content-type"] == "text/markdown; charset=utf-8"
    assert "(http://127.0.0.1/posts/1?week=2021-W17)" in markdown.text


def test_a_feed_leads_to_posts_by_whole_addresses() -> None:
    """A feed reader knows no host of ours."""
    entry = PublishedDigest(digest=digest("2021-W17"), revision=1, slice_start=0, slice_end=9)
    place = Place(address="https://topics.example")
    assert b"https://topics.example/posts/1?week=2021-W17" in atom([entry], place)
    assert b"href=&quot;/" not in atom([entry], place)
