"""The checker finds each kind of broken promise: a good digest is spoilt in one place at a time."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from models.digest.verify import check_digest
from models.events import Digest, Link, Sentence
from tests.support.digest_weeks import HARBOUR, LANTERN, PLAIN, digest_of

POSTS = {one.id: one for one in PLAIN.posts}
replace: Callable[..., Any] = msgspec.structs.replace


def _topic(**fields: object) -> Digest:
    digest = digest_of(PLAIN, [LANTERN, HARBOUR])
    return replace(digest, topics=[replace(digest.topics[0], **fields), digest.topics[1]])  # type: ignore[no-any-return]


def _overview(text: str) -> Digest:
    digest = _topic()
    return replace(digest, overview=[_sentence(text), digest.overview[1]])  # type: ignore[no-any-return]


def _statistics(**counts: int) -> Digest:
    digest = _topic()
    return replace(digest, statistics=replace(digest.statistics, **counts))  # type: ignore[no-any-return]


def _item(**fields: object) -> Digest:
    item = digest_of(PLAIN, [LANTERN, HARBOUR]).topics[0].items[0]
    return _topic(items=[replace(item, **fields)])


def _sentence(text: str) -> Sentence:
    return Sentence(text=text, posts=[PLAIN.posts[0].id])


@pytest.mark.parametrize(
    ("spoilt", "kind"),
    [
        (_topic(summary=Sentence(text="Nobody said so.", posts=[])), "no evidence"),
        (_topic(summary=Sentence(text="A post that is gone.", posts=["404"])), "unknown post"),
        (_topic(summary=_sentence("In short: “cheap depth maps from two cameras”")), "not verbatim"),
        (_topic(summary=_sentence("Zoe Quill (@zoequill) was first.")), "unknown person"),
        (_topic(label="LanternNet Lawsuit"), "not verbatim"),
        (_topic(label=""), "not verbatim"),
        (_topic(items=[], summary=_sentence("Five people.")), "no item"),
        (_topic(post_ids=["404"]), "unknown post"),
        (_item(quotation="cheap depth maps from two cameras"), "not verbatim"),
        (_item(quotation="We tried LanternNet on our drone footage"), "not verbatim"),
        (_item(quotation="cheap depth maps", quotation_post=PLAIN.posts[5].id), "unknown post"),
        (_item(link=Link(url="https://elsewhere.example/paper")), "unknown link"),
        (_item(link=Link(url="javascript:alert(1)")), "unsafe link"),
        (_item(link=Link(url="https://elsewhere.example/paper", title="LanternNet")), "unknown link"),
        (replace(_topic(), overview=[]), "wrong number"),
        (_topic(posts=6), "wrong number"),
        (_topic(people_total=4), "wrong number"),
        (_topic(series=[1, 0, 0, 0, 0, 0, 0]), "wrong number"),
        (_topic(summary=_sentence("In the words of ada0, one of 12 people on it: nothing.")), "wrong number"),
        (replace(_topic(), headline=_sentence("Trending this week: LanternNet; Moon Cheese.")), "headline"),
        (_topic(change=_sentence("7 posts after 2 last week.")), "wrong number"),
        (_topic(previous_posts=2, change=_sentence("5 posts after 3 last week.")), "wrong number"),
        (_topic(change=_sentence("5 posts after 0 last week; new in it: Moon Cheese.")), "not verbatim"),
        (_overview("LanternNet: 4 people, 9 posts"), "wrong number"),
        (_overview("Lantern: 4 people, 5 posts"), "headline"),
        (_statistics(posts=10), "wrong number"),
        (_statistics(people=7), "wrong number"),
        (_statistics(retweets=2), "wrong number"),
        (_statistics(originals=3), "wrong number"),
        (_item(support=40), "wrong number"),
    ],
)
def test_a_spoilt_digest_is_found_out(spoilt: Digest, kind: str) -> None:
    """The problem is named by its kind, and its path leads there."""
    problems = check_digest(spoilt, POSTS)
    assert kind in {problem.kind for problem in problems}
    assert all(problem.where and problem.what for problem in problems)


def test_a_good_digest_has_no_problem_and_posts_that_vanish_are_missed() -> None:
    """A deleted post's digest is no longer carried by the posts that are left."""
    digest = digest_of(PLAIN, [LANTERN, HARBOUR])
    assert check_digest(digest, POSTS) == []
    left = {post_id: one for post_id, one in POSTS.items() if post_id != PLAIN.posts[0].id}
    assert {problem.kind for problem in check_digest(digest, left)} >= {"unknown post"}
