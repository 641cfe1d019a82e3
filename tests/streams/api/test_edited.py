"""What a language model wrote about a digest, over HTTP."""

from models.events import EditedDigest, EditedSection, Sentence
from models.events.wire import content_hash
from tests.support.live_api import client, filled
from tests.support.view_examples import digest

WEEK = "2021-W17"
CLAIM = Sentence(text="Ada writes that speech needs no labels.", posts=["1"])
EDITED = EditedDigest(
    week=WEEK,
    digest=content_hash(digest(WEEK)),
    model="a <model>",
    headline=Sentence(text="Speech needs no labels", posts=["1"]),
    sections=[EditedSection(id="D1", sentences=[CLAIM])],
    proposed=3,
    accepted=2,
    answers=[],
)


async def test_an_edited_digest_is_an_answer_and_a_page_of_its_own() -> None:
    """Both say whose words these are and how many stand; the digest's own answer stays as it is."""
    views = await filled()
    await views.put_edition(WEEK, EDITED)
    async with client(views) as http:
        answer = (await http.get(f"/api/digests/{WEEK}/edited")).json()
        page = (await http.get(f"/digests/{WEEK}?edited=true")).text
        own = (await http.get(f"/api/digests/{WEEK}")).json()["digest"]
        own_page = (await http.get(f"/digests/{WEEK}")).text
    assert answer["digest"]["headline"]["text"] == "Speech needs no labels"
    assert answer["digest"]["topics"][0]["summary"] == {"text": CLAIM.text, "posts": ["1"]}
    assert (answer["model"], answer["proposed"], answer["accepted"]) == ("a <model>", 3, 2)
    assert "Edited by a &lt;model&gt; and held to the posts: 2 of 3 claims stand" in page
    assert CLAIM.text in page
    assert own["headline"]["text"] == "A quiet week"
    assert CLAIM.text not in own_page


async def test_feeds_and_the_archive_know_of_it() -> None:
    """A feed has the model's words for who asks for them; the archive names the model."""
    views = await filled()
    async with client(views) as http:
        assert (await http.get("/api/digests")).json()["items"][0]["edited"] == ""
        await views.put_edition(WEEK, EDITED)
        assert (await http.get("/api/digests")).json()["items"][0]["edited"] == "a <model>"
        for name in ("feed.atom", "feed.json"):
            own, edited = [(await http.get(f"/{name}{query}")).text for query in ("", "?edited=true")]
            assert CLAIM.text in edited
            assert CLAIM.text not in own
            assert f"{name}?edited=true" in edited


async def test_without_a_model_there_is_none() -> None:
    """404, also for one that was made from another digest of the week."""
    views = await filled()
    async with client(views) as http:
        assert (await http.get(f"/api/digests/{WEEK}/edited")).status_code == 404
        await views.put_digest(digest(WEEK, headline="Corrected"), [("revision", b"3")])
        await views.put_edition(WEEK, EDITED)
        assert (await http.get(f"/api/digests/{WEEK}/edited")).status_code == 404
        assert (await http.get(f"/digests/{WEEK}?edited=true")).status_code == 404
