"""Attribution of quotations: only people who said exactly that are named, by the digest and by its checker."""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import pytest

from models.digest.verify import check_digest
from models.events import Digest, Item, Tweet
from models.render import Form, render
from tests.support.digest_weeks import digest_of, linked, post, story_of, week_of

replace: Callable[..., Any] = msgspec.structs.replace
OPENING = "Who would have asked for that, and who would have read it to the end?"
KAFKA = "Kafka 5 share groups are queues at last, so one topic serves many readers at once."
OTHER = "Kafka 5 share groups are the queues that we asked for, one topic serves many readers."
PAGE = "https://kafka.example/2024/share-groups"
TITLE = "Share groups explained"
OWN = "in their own words"


def _digest(posts: Sequence[Tweet]) -> Digest:
    week = week_of(posts)
    return digest_of(week, [story_of(week, range(len(posts)), ["kafka", "share", "queues", "groups"])])


def _item(posts: Sequence[Tweet]) -> Item:
    """The only item of a digest of one topic, whose summary quotes another sentence. The checker accepts the rest."""
    digest = _digest(posts)
    assert check_digest(digest, {one.id: one for one in posts}) == []
    (item,) = digest.topics[0].items
    return item


def _post(number: int, text: str, **fields: Any) -> Tweet:
    return post(number, f"{OPENING} {text}", author=number, **fields)


def _page(number: int, text: str) -> Tweet:
    return _post(number, f"{text} {PAGE}", links=linked(PAGE, TITLE))


def _retweet(number: int, of: Tweet, text: str | None = None, author: int | None = None) -> Tweet:
    return post(
        number, f"RT @{of.author}: {text or of.text}", author=number if author is None else author, kind="retweet",
        related_id=of.id, related_author=of.author,
    )  # fmt: skip


def _with_text(digest: Digest, text: str) -> Digest:
    topic = digest.topics[0]
    item = replace(topic.items[0], sentence=replace(topic.items[0].sentence, text=text))
    return replace(digest, topics=[replace(topic, items=[item])])  # type: ignore[no-any-return]


def test_other_words_for_the_same_page_are_not_put_into_each_others_mouths() -> None:
    """Both are named as sharing it; the quotation is the first one's, and the page's title belongs to both."""
    posts = [_page(0, KAFKA), _page(1, OTHER)]
    item = _item(posts)
    speaker, other = ("Ada Birch (@ada0)", "Bo Castell (@bo1)")
    if item.quotation_post == posts[1].id:
        speaker, other = other, speaker
    assert item.quotation is not None
    assert item.sentence.text == f"{speaker} – and, {OWN}, {other} – shared a page titled “{TITLE}”"
    assert {person.handle for person in item.people} == {"ada0", "bo1"}


def test_the_same_words_are_quoted_from_all_who_wrote_them() -> None:
    """Two used the same words. A third used others and is counted but not quoted."""
    text = _item([_post(0, KAFKA), _post(1, KAFKA), _post(2, OTHER)]).sentence.text
    ada, bo, cy = "Ada Birch (@ada0)", "Bo Castell (@bo1)", "Cy Dunmore (@cy2)"
    assert text in {
        f"{ada} and {bo} – and, {OWN}, {cy} – wrote",
        f"{bo} and {ada} – and, {OWN}, {cy} – wrote",
        f"{cy} – and, {OWN}, {ada} and {bo} – wrote",
    }


def test_who_did_something_else_is_not_told_to_have_done_it() -> None:
    """The same words without the page: one repetition, and no second sharer."""
    item = _item([_page(0, KAFKA), _page(1, KAFKA), _post(2, KAFKA)])
    first, second = "Ada Birch (@ada0)", "Bo Castell (@bo1)"
    assert item.sentence.text in {
        f"{one} and {other} shared a page titled “{TITLE}”" for one, other in ((first, second), (second, first))
    }
    assert {person.handle for person in item.people} == {"ada0", "bo1", "cy2"}
    assert item.support == 1


def test_retweets_stand_behind_what_they_repeat_cut_off_or_not_and_their_author_does_not_retweet_themself() -> None:
    """Both retweeters of one post; the author's own retweet is a repetition."""
    said = replace(_post(0, KAFKA), id="99")
    posts = [_retweet(1, said), _retweet(2, said, f"{OPENING} Kafka 5 share gr…"), _retweet(3, said, author=0)]
    item = _item(posts)
    assert item.sentence.text == "Bo Castell (@bo1) and Cy Dunmore (@cy2) retweeted @ada0"
    assert item.support == 1
    alone = _item([_retweet(3, said, author=0)])
    assert alone.sentence.text == "Ada Birch (@ada0) shared again"


@pytest.mark.parametrize("form", ["markdown", "text", "html", "atom"])
def test_every_form_tells_it_alike(form: Form) -> None:
    """All forms use one sentence."""
    shown = " ".join(render(_digest([_page(0, KAFKA), _page(1, OTHER)]), form).split())
    assert f"– and, {OWN}, " in shown


def test_the_checker_finds_words_put_into_a_mouth() -> None:
    """The old form, a crowd that does not exist, a page that a person did not share, a summary's wrong speaker."""
    posts = [_post(0, KAFKA), _post(1, OTHER), _post(2, "Something of the same name. " + KAFKA)]
    digest, by_id = _digest(posts), {one.id: one for one in posts}
    topic = digest.topics[0]
    quoting = replace(topic.items[0], quotation=KAFKA, quotation_post=posts[0].id)
    digest = replace(digest, topics=[replace(topic, items=[quoting])])
    good = f"Ada Birch (@ada0) and Cy Dunmore (@cy2) – and, {OWN}, Bo Castell (@bo1) – wrote"
    assert check_digest(_with_text(digest, good), by_id) == []
    for text in (
        "Ada Birch (@ada0) and Bo Castell (@bo1) wrote",
        f"Ada Birch (@ada0) and Bo Castell (@bo1) – and, {OWN}, Cy Dunmore (@cy2) – wrote",
        "Ada Birch (@ada0) and 7 others wrote",
    ):
        assert "wrong person" in {problem.kind for problem in check_digest(_with_text(digest, text), by_id)}
    for text in (f"“{KAFKA}” – Bo Castell (@bo1)", f"Bo Castell (@bo1): “{KAFKA}” Also on it: Ada Birch (@ada0)"):
        spoilt = replace(digest, topics=[replace(topic, summary=replace(topic.summary, text=text))])
        assert "wrong person" in {problem.kind for problem in check_digest(spoilt, by_id)}


def test_the_checker_finds_who_did_not_share_the_page() -> None:
    """The title is attributed to people whose post has the link."""
    posts = [_page(0, KAFKA), _page(1, KAFKA), _post(2, KAFKA)]
    digest, by_id = _digest(posts), {one.id: one for one in posts}
    text = digest.topics[0].items[0].sentence.text
    assert "titled" in text
    assert check_digest(digest, by_id) == []
    spoilt = _with_text(digest, text.replace("Bo Castell (@bo1)", "Cy Dunmore (@cy2)"))
    assert [problem.kind for problem in check_digest(spoilt, by_id)] == ["wrong person"]
