"""Titles of the board's rows: names as people write them, one title a row, and a quotation beneath."""

from datetime import UTC, datetime, timedelta

from models.live.state import ShownPost
from models.live.story_text import story_texts

NOW = datetime(2031, 5, 7, 12, tzinfo=UTC)


def post(number: int, author: str, text: str, url: str = "") -> ShownPost:
    """A post as readers get it."""
    return ShownPost(
        id=f"{author}{number}",
        author_id=author,
        author=f"{author}_handle",
        author_name=author.title(),
        created_at=NOW + timedelta(minutes=number),
        text=text,
        kind="original",
        links=[{"url": url, "title": "", "site": None}] if url else [],
    )


STORY = [
    post(1, "ada", "Kestrel 4.2 is out, and the planner is twice as fast as before.", "https://kestrel.example/4.2"),
    post(2, "bob", "Upgraded our warehouse to Kestrel 4.2 this morning, no query broke."),
    post(3, "eve", "The release notes of Kestrel 4.2 hide the best part: spilling to disk."),
]
DAY = [post(k, f"x{k}", f"Something else entirely about gardens and weather, number {k}") for k in range(10)]


def test_a_row_is_called_by_what_happened_with_the_name_that_its_people_use() -> None:
    """In its longest form, as they write it, with a quotation of one of its posts."""
    text = story_texts({"T1": STORY}, DAY)["T1"]
    assert "Kestrel 4.2" in text.title
    assert text.line is not None
    assert text.line.post_id in {one.id for one in STORY}
    assert any(text.line.text in one.text for one in STORY)


def test_no_two_rows_have_one_title_and_order_does_not_matter() -> None:
    """The smaller of two stories about one name is told by a sentence."""
    other = [
        post(6, "kim", "Kestrel 4.2 dropped the old catalogue, and our migration of 300 tables fails on Kestrel 4.2."),
        post(7, "lee", "Who else lost the old catalogue with Kestrel 4.2? The migration stops at the first view."),
    ]
    texts = story_texts({"T1": STORY, "T2": other}, DAY)
    assert texts["T1"].title != texts["T2"].title
    assert texts == story_texts({"T2": other[::-1], "T1": STORY[::-1]}, DAY[::-1])


def test_a_story_without_posts_has_no_text() -> None:
    """Its posts were deleted between two looks."""
    assert story_texts({"T1": []}, DAY) == {}


def test_a_common_word_is_no_title() -> None:
    """Three people say "Oh" with a capital inside their sentences; the title tells what happened instead."""
    texts = (
        "It was: Oh no, the bridge closes again until autumn",
        "I said Oh when I read that the council closes the bridge",
        "They told me, Oh well, the bridge needs repairs",
    )
    posts = [post(k, name, text) for k, (name, text) in enumerate(zip(("ada", "bob", "eve"), texts, strict=True))]
    assert "bridge" in story_texts({"T1": posts}, DAY)["T1"].title
