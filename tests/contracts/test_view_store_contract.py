"""The live view's handling of posts, events and digests, tested on Redis and on the fake."""

from typing import Any

import msgspec
import pytest

from models.events import Answer, EditedDigest, EditedSection, Sentence
from models.events.wire import content_hash
from streams.redis_store.client import RedisViews
from tests.contracts.view_stores import Views, dump, opened
from tests.support.view_examples import assignment, deletion, digest, event


async def test_merged_posts_follow_before_and_after(views: Views) -> None:
    """A merge moves the present posts, and those that are assigned to the old id later."""
    await views.apply_assignments([assignment("1", "T1", author="a"), assignment("2", "T2", author="a", hours=-3)])
    await views.apply_topic_events([event("merged", "T1", other_ids=["T2"])])
    await views.apply_assignments([assignment("3", "T2", author="b", hours=-1)])
    state = await dump(views)
    assert list(state["topics"]) == ["T1"]
    assert state["topics"]["T1"]["state"]["people"].keys() == {"a", "b"}
    assert [post["id"] for post in state["topics"]["T1"]["posts"][0]] == ["1", "3", "2"]
    assert await views.resolve("T2") == "T1"
    assert await views.aliases("T1") == ["T2"]


async def test_a_digests_id_leads_to_the_live_topic_and_may_move_on(views: Views) -> None:
    """Law 3: both ids lead to the same topic everywhere. Next week's alias replaces this one."""
    await views.apply_assignments([assignment("1", "T1"), assignment("2", "T2")])
    await views.apply_topic_events([event("alias", "T1", other_ids=["D"], week="2021-W18", hours=-2)])
    assert await views.resolve("D") == "T1"
    await views.apply_topic_events([event("alias", "T2", other_ids=["D"], week="2021-W19", hours=-1)])
    assert await views.resolve("D") == "T2"
    assert await views.resolve("nothing") is None


async def test_a_deletion_takes_everything_of_a_post_out_in_either_order(views: Views, redis: str) -> None:
    """Text, counts, people, links, retweets: as if the post had never existed."""
    kept = assignment("1", "T1", author="a", text="wav2vec again", links=["https://a.example/x"])
    post = assignment("2", "T1", author="b", text="secret words", links=["https://b.example/y"])
    copy = assignment("3", "T1", author="c", text="RT @b: secret words", kind="retweet", related_id="2", support=True)
    await views.apply_assignments([kept, post, copy, deletion("2")])
    before = await dump(views)
    assert "secret" not in str(before)
    await views.apply_assignments([copy, post, kept, deletion("2")])
    assert await dump(views) == before
    async with opened("redis" if isinstance(views, RedisViews) else "memory", redis) as other:
        await other.apply_assignments([deletion("2")])
        await other.apply_assignments([copy, post])
        await other.apply_assignments([kept])
        assert await dump(other) == before


async def test_an_edition_is_shown_with_its_digest_only(views: Views) -> None:
    """Not with a corrected one, not after it was withdrawn, and not when a post that it cites was deleted."""
    published, week = digest("2021-W18"), "2021-W18"
    claim = Sentence(text="It runs.", posts=["1"])
    section = EditedSection(id="D1", sentences=[claim])
    answers = [Answer(section="D1", prompt="00", hash="00", text="secret")]
    edited = EditedDigest(
        week=week, digest=content_hash(published), model="tiny", headline=None, sections=[section], proposed=1,
        accepted=1, answers=answers,
    )  # fmt: skip
    assert await views.edition(week) is None
    await views.put_edition(week, edited)
    assert await views.edition(week) is None  # its digest is not there yet
    await views.put_digest(published, [("revision", b"1")])
    assert await views.edition(week) == msgspec.structs.replace(edited, answers=[])
    await views.put_edition(week, None)
    assert await views.edition(week) is None
    await views.put_edition(week, edited)
    await views.put_digest(digest(week, headline="corrected"), [("revision", b"2")])
    assert await views.edition(week) is None
    await views.put_digest(published, [("revision", b"3")])
    assert await views.edition(week) is not None
    await views.apply_assignments([deletion("1")])
    assert await views.edition(week) is None
    await views.put_edition(week, edited)
    assert await views.edition(week) is None


async def test_an_edit_replaces_the_version_before(views: Views) -> None:
    """The old text is removed, and the person counts once."""
    await views.apply_assignments([assignment("1", "T1", text="teh model")])
    await views.apply_assignments([assignment("2", "T1", text="the model", edit_of="1")])
    posts, total = await views.posts("T1", 10)
    assert (total, posts[0].text) == (1, "the model")


async def test_candidates_are_listed_when_the_topic_is_born(views: Views) -> None:
    """With its earlier posts."""
    await views.apply_assignments([assignment("1", "T1", candidate=True), assignment("2", "T9", candidate=True)])
    assert (await views.changes(None)).topics == {}
    await views.apply_topic_events([event("born", "T1", label="Image cropping")])
    topics = (await views.changes(None)).topics
    assert list(topics) == ["T1"]
    state = topics["T1"]
    assert state is not None
    assert state.info is not None
    assert state.info.label == "Image cropping"


async def test_the_latest_event_names_the_topic_whatever_comes_again(views: Views) -> None:
    """A repeated old event restores nothing and is on the stream once."""
    first, second = event("born", "T1", label="Old", hours=-2), event("trending", "T1", label="New", hours=-1)
    await views.apply_assignments([assignment("1", "T1")])
    await views.apply_topic_events([first, second])
    await views.apply_topic_events([first])
    state = (await views.changes(None)).topics["T1"]
    assert state is not None
    assert state.info is not None
    assert state.info.label == "New"
    events = await views.events(None, 100)
    assert [found.kind for found in events] == ["born", "trending"]
    assert [found.kind for found in await views.events(events[0].id, 100)] == ["trending"]
    assert [found.kind for found in await views.events(None, 100, before=events[1].id)] == ["born"]
    assert [found.kind for found in await views.events(None, 1)] == ["trending"]


async def test_a_topic_bears_the_name_that_a_digest_gave_it(views: Views) -> None:
    """Later events keep it. Of two digests the later one wins in any order. Keywords alone are no name."""
    words: dict[str, Any] = {"label": "speech, wav2vec", "keywords": ["speech", "wav2vec"]}
    older = event("alias", "T1", label="Old name", hours=-3, other_ids=["D1"], keywords=["speech"])
    newer = event("alias", "T1", label="Wav2vec-U", hours=-2, other_ids=["D2"], keywords=["speech"])
    await views.apply_assignments([assignment("1", "T1"), assignment("2", "T2")])
    await views.apply_topic_events([event("born", "T1", hours=-4, **words), newer, older])
    await views.apply_topic_events([event("trending", "T1", hours=-1, **words)])
    await views.apply_topic_events([event("alias", "T2", other_ids=["D3"], **words)])
    topics = (await views.changes(None)).topics
    assert [(name, state.named) for name, state in sorted(topics.items()) if state] == [("T1", "Wav2vec-U"), ("T2", "")]


async def test_a_link_that_much_of_a_topic_is_about_gives_it_a_title(views: Views) -> None:
    """Three posts and a third of all. A link of fewer posts says nothing about the topic."""
    paper, other = "https://papers.example/1", "https://papers.example/2"
    about = [assignment(f"a{i}", "T1", links=[paper] if i < 3 else None) for i in range(8)]
    rarely = [assignment(f"b{i}", "T2", links=[other] if i < 3 else None) for i in range(10)]
    await views.apply_assignments([*about, *rarely, *(assignment(f"c{i}", "T3", links=[other]) for i in range(2))])
    topics = (await views.changes(None)).topics
    titles = [(name, state.linked) for name, state in sorted(topics.items()) if state]
    assert titles == [("T1", f"Title of {paper}"), ("T2", ""), ("T3", "")]
    await views.apply_assignments([deletion("a0")])
    state = (await views.changes(None)).topics["T1"]
    assert state is not None
    assert state.linked == ""


async def test_a_later_revision_of_a_digest_wins_and_each_is_announced_once(views: Views) -> None:
    """A redelivered first revision must not replace the correction."""
    first, second = [("revision", b"1"), ("made_at", b"a")], [("revision", b"2"), ("made_at", b"b")]
    await views.put_digest(digest("2021-W18", headline="first"), first)
    await views.put_digest(digest("2021-W18", headline="second"), second)
    await views.put_digest(digest("2021-W18", headline="first"), first)
    stored = await views.digest("2021-W18")
    assert stored is not None
    assert (stored.digest.headline.text, stored.headers["revision"]) == ("second", "2")
    assert stored.digest.identities == []
    assert [found.kind for found in await views.events(None, 10)] == ["digest", "digest"]
    assert await views.weeks() == ["2021-W18"]
    assert await views.digest("2021-W01") is None


@pytest.mark.parametrize("order", ["digest first", "deletion first"])
async def test_a_deletion_reaches_digests(views: Views, order: str) -> None:
    """A quotation of a deleted post is removed from the stored digest, and so is an item that cites only that post."""
    published = digest("2021-W18", posts=["1", "2"], quotation="secret words")
    steps = [views.put_digest(published, []), views.apply_assignments([deletion("1")])]
    for step in steps if order == "digest first" else reversed(steps):
        await step
    stored = await views.digest("2021-W18")
    assert stored is not None
    assert "secret" not in str(msgspec.to_builtins(stored))
    assert [item.sentence.posts for item in stored.digest.topics[0].items] == [["2"]]


async def test_posts_are_found_by_id_in_the_topic_that_they_stand_in_now(views: Views) -> None:
    """Also after a merge; what is deleted or unknown is left out."""
    post = assignment("1", "T2", source="x", text="speech")
    await views.apply_assignments([post, assignment("at://a/b/c", "T1"), assignment("3", "T1"), deletion("3")])
    await views.apply_topic_events([event("merged", "T1", other_ids=["T2"])])
    found = await views.found(["at://a/b/c", "3", "nothing", "1"])
    assert {name: one.topic_id for name, one in found.items()} == {"1": "T1", "at://a/b/c": "T1"}
    assert found["1"].post.url == "https://x.com/ada_handle/status/1"
    assert found["at://a/b/c"].post.url == ""
    assert await views.found([]) == {}


async def test_words_find_topics(views: Views) -> None:
    """Case folded, without stop words."""
    await views.apply_assignments([assignment("1", "T1", text="The PixLoc paper is out"), assignment("2", "T2")])
    assert await views.with_word("pixloc", ["T1", "T2"]) == {"T1": 1}
    assert await views.with_word("the", ["T1", "T2"]) == {}


async def test_a_story_takes_its_posts_along(views: Views) -> None:
    """Posts that an event moves belong to its topic, whether they were there or come later; the rest stay."""
    old = [assignment(f"p{i}", "FIELD", author=f"a{i}", links=["https://a.example"]) for i in range(4)]
    await views.apply_assignments(old[:3])
    await views.apply_topic_events([event("born", "FIELD"), event("born", "STORY", moved_ids=["p0", "p1", "p3"])])
    await views.apply_topic_events([event("merged", "STORY", step="story", story_ids=["p0", "p3", "gone"], usual=0.25)])
    await views.apply_assignments(old[3:])
    changes = await views.changes(None)
    story, field = changes.topics["STORY"], changes.topics["FIELD"]
    assert story is not None
    assert field is not None
    assert (sorted(story.people), sorted(field.people)) == (["a0", "a1", "a3"], ["a2"])
    assert [(post.id, post.author_id) for post in story.story] == [("p0", "a0"), ("p3", "a3")]
    assert (story.told, story.usual, field.told) == (True, 0.25, False)
    assert story.linked == "Title of https://a.example"
    assert [post.id for post in (await views.posts("STORY", 9))[0]] == ["p3", "p1", "p0"]
    assert {name: post.topic_id for name, post in (await views.found(["p1", "p2"])).items()} == {
        "p1": "STORY",
        "p2": "FIELD",
    }
    assert [found.kind for found in await views.events(None, 9)] == ["born", "born"]
    await views.apply_assignments([deletion("p3")])
    story = (await views.changes(None)).topics["STORY"]
    assert story is not None
    assert [post.id for post in story.story] == ["p0"]


async def test_who_is_active_counts_people_of_all_topics(views: Views) -> None:
    """Each once, by their newest post; also when that is taken back, and in topics that nobody is shown."""
    await views.apply_assignments(
        [
            assignment("1", "T1", author="ada", hours=-30),
            assignment("2", "T2", author="ada", candidate=True),
            assignment("3", "T1", author="bob", hours=-3),
            assignment("4", "T3", author="eve", hours=-0.5, candidate=True),
            assignment("5", "T3", author="eve", hours=-5),
        ]
    )
    assert (await views.changes(None)).active == {"1h": 2, "6h": 3, "24h": 3, "7d": 3}
    await views.apply_assignments([deletion("2"), deletion("4")])
    assert (await views.changes(None)).active == {"1h": 0, "6h": 2, "24h": 2, "7d": 3}
