"""What changed between two digests."""

from msgspec.structs import replace

from models.digest.between_weeks import between
from models.events import Brief, Digest, DigestTopic, Faded, Item, Link, Sentence
from tests.support.view_examples import digest

BASE = digest("2021-W18").topics[0]


def story(name: str, people: int, posts: int | None = None, **fields: object) -> DigestTopic:
    """A section of a digest."""
    return replace(BASE, id=name, label=f"Story {name}", people_total=people, posts=posts or people, **fields)


def brief(name: str, people: int) -> Brief:
    """A line in brief."""
    said = Sentence(text=f"{name} is said.", posts=["1"])
    return Brief(people=[], action="wrote", sentence=said, id=name, label=name, people_total=people, posts=people)


def week(name: str, topics: list[DigestTopic], briefs: list[Brief], **fields: object) -> Digest:
    """A digest."""
    return replace(digest(name), topics=topics, briefs=briefs, **fields)


BEFORE = week("2021-W17", [story("a", 9), story("b", 4), story("m", 5), story("x", 12)], [brief("c", 3), brief("y", 2)])


def test_each_story_is_told_once() -> None:
    """Also when it moved from a section to the briefs, or goes on under another id."""
    after = week(
        "2021-W18",
        [story("n", 7), story("b", 9), story("k", 4, previous_id="m")],
        [brief("a", 2), brief("c", 3)],
        faded=[Faded(id="x", label="Story x", posts=3, previous_posts=12)],
    )
    found = between(BEFORE, after)
    assert [(one.id, one.people, one.people_before) for one in found.new] == [("n", 7, None)]
    assert [(one.id, one.people_before, one.people) for one in found.grown] == [("b", 4, 9)]
    assert [(one.id, one.people_before, one.people) for one in found.shrunk] == [("a", 9, 2), ("k", 5, 4)]
    assert [one.id for one in found.steady] == ["c"]
    assert [(one.id, one.label, one.posts, one.posts_before) for one in found.gone] == [
        ("x", "Story x", 3, 12),
        ("y", "y", None, 2),
    ]


def test_a_story_that_the_earlier_digest_did_not_show_is_compared_by_posts() -> None:
    """The later digest knows how many it had."""
    found = between(BEFORE, week("2021-W18", [story("q", 6, 8, previous_id="q", previous_posts=3)], []))
    assert [(one.id, one.people_before, one.posts_before, one.posts) for one in found.grown] == [("q", None, 3, 8)]
    assert found.new == []


def test_the_entries_of_a_list_are_stories_and_the_list_is_none() -> None:
    """They are named by their link."""
    item = Item(
        people=BASE.people * 2, action="shared", sentence=Sentence(text="Shared.", posts=["1", "2"]), support=1, id="p",
        link=Link(url="https://papers.example/p", title="The paper"),
    )  # fmt: skip
    found = between(BEFORE, week("2021-W18", [replace(BASE, id="papers", kind="papers", items=[item])], []))
    assert [(one.id, one.label, one.people, one.posts) for one in found.new] == [("p", "The paper", 2, 3)]
