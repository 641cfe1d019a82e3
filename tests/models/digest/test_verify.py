"""The checker finds each kind of broken promise: a good digest is spoilt in one place at a time."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.digest.verify import check_digest
from models.digest.verify_quotation import is_whole
from models.events import Brief, Digest, Faded, Link, Sentence
from models.wording.quotations import post_passages
from tests.support.digest_weeks import HARBOUR, LANTERN, PLAIN, digest_of, post

POSTS = {one.id: one for one in PLAIN.posts}
PIECES = (
    "The kelp cable is laid.", "It carries light", "not", "for", "(", ")", "[of course]", "@bo1", "#kelp",
    "#AI #ML #IoT",
    "https://t.co/aaaaaaaaaa", "Paper:", "via", "|", "-", "The Harbour Post", "…", "“", "”", '"', "\n", "1/2", "RT @x:",
    "NEW:",
    "Oct.", "5", "!", "?", ":", "\U0001f33f",
)  # fmt: skip
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


def _brief(**fields: object) -> Digest:
    post = PLAIN.posts[3]
    values: dict[str, object] = {
        "people": [one for one in _topic().topics[0].people if one.author_id == post.author_id],
        "action": "wrote", "id": "d-1", "label": "LanternNet", "people_total": 1,
        "label_posts": [post.id],
        "sentence": Sentence(
            text="“We tried LanternNet on our drone footage and the horizon came out bent.” – Di Esker (@di3)",
            posts=[post.id],
        ),
    }  # fmt: skip
    digest = _statistics(topics_published=3)
    return replace(digest, briefs=[Brief(**(values | fields))])  # type: ignore[no-any-return, arg-type]


def _list(**fields: object) -> Digest:
    digest = _topic()
    story = digest.topics[0]
    item = replace(
        story.items[0], id="d-1", quotation=None, quotation_post=None, link=None,
        sentence=Sentence(text="“The LanternNet paper shows cheap depth maps from one camera.” – Ada Birch (@ada0)",
                          posts=[PLAIN.posts[0].id]),
    )  # fmt: skip
    values: dict[str, object] = {
        "id": "papers", "kind": "papers", "label": "Papers", "items": [item],
        "summary": Sentence(text="5 people shared 1 paper.", posts=[PLAIN.posts[0].id]),
    }  # fmt: skip
    listed = replace(story, **(values | fields))
    line = Sentence(text="Papers: 5 people, 5 posts", posts=[PLAIN.posts[0].id])
    return replace(  # type: ignore[no-any-return]
        digest, topics=[listed], overview=[line], headline=_sentence("In brief this week: Papers."),
                   statistics=replace(digest.statistics, topics_published=1),
    )  # fmt: skip


def _faded(**fields: object) -> Digest:
    values: dict[str, object] = {"id": "d-9", "label": "Grippers", "posts": 3, "previous_posts": 9, "name": "gripper"}
    return replace(_topic(), faded=[Faded(**(values | fields))])  # type: ignore[no-any-return, arg-type]


def test_briefs_lists_and_what_faded_are_good_as_they_are_made_here() -> None:
    """What is spoilt below is one thing at a time."""
    for digest in (_brief(), _list(), _faded()):
        assert check_digest(digest, POSTS) == []


@pytest.mark.parametrize(
    ("spoilt", "kind"),
    [
        (_brief(sentence=Sentence(text="“We tried LanternNet” – Di Esker (@di3)", posts=[PLAIN.posts[3].id])), "cut"),
        (_brief(sentence=Sentence(text="“We tried LanternNet …” – Bo Castell (@bo1)", posts=[PLAIN.posts[3].id])),
         "wrong person"),
        (_brief(sentence=Sentence(text="“We tried LanternNet …” – Di Esker (@di3); 4 people on it",
                                  posts=[PLAIN.posts[3].id])), "wrong number"),
        (_brief(label="LanternNet Lawsuit"), "not verbatim"),
        (_brief(sentence=Sentence(text="It is bent.", posts=[])), "no evidence"),
        (_list(summary=_sentence("5 people shared 3 papers.")), "wrong number"),
        (_list(summary=_sentence("7 people shared 1 paper.")), "wrong number"),
        (_faded(posts=4), "wrong number"),
        (_faded(previous_posts=3), "wrong frame"),
        (_topic(status="rising"), "wrong frame"),
        (_topic(status="rising", previous_id="d-0", previous_posts=8), "wrong frame"),
        (_topic(status="fading", previous_id="d-0", previous_posts=2), "wrong frame"),
        (_topic(status="new", previous_id="d-0"), "wrong frame"),
        (_item(quotation="The LanternNet paper shows cheap", quotation_post=PLAIN.posts[0].id), "cut"),
        (_topic(summary=Sentence(
            text="“The LanternNet paper shows cheap depth maps from one camera.” – Ada Birch (@ada0). Also on it: "
                 "Bo Castell (@bo1) and 7 others.",
            posts=[PLAIN.posts[0].id, PLAIN.posts[1].id])), "wrong number"),
    ],
)  # fmt: skip
def test_a_wrong_count_a_wrong_frame_and_a_hidden_cut_are_found_out(spoilt: Digest, kind: str) -> None:
    """Every number, "rising", "gone quiet" and quotation is held against the posts."""
    assert kind in {problem.kind for problem in check_digest(spoilt, POSTS)}


@pytest.mark.parametrize(
    ("quotation", "text", "whole"),
    [
        ("Ships may pass", "Ships may pass", True),
        ("Ships may pass", "Ships may pass unless it storms", False),
        ("Ships may pass …", "Ships may pass unless it storms", True),
        ("may pass", "Ships may pass", False),
        ("Ships may pass", "It is not true that Ships may pass", False),
        ("Ships may pass", "He denies: Ships may pass", True),
        ("Ships may pass", "The claim that is still told by everybody: Ships may pass", False),
        ("Ships may pass", "BREAKING: Ships may pass https://t.co/a #ships #news", True),
        ("Ships may pass", "Ships may pass-free zone", False),
        ("Ships may pass", "Ships may pass via @bo1", True),
        ("Ships may pass", "Ships may pass @bo1 says nobody", False),
        ("Ships may pass", "RT @ada0: Ships may pass", True),
        ("Ships may pass", "1/3 Ships may pass", True),
        ("Ships may pass", "Ships may pass | The Harbour Post", True),
        ("Ships may pass", "Storms are over.\nShips may pass\nHarbours open", True),
        ("Ships may pass", "Ships may pass [ not yet", False),
        ("Ships may pass", 'Come to my talk "Ships may pass" on the quay', True),
    ],
)
def test_a_whole_sentence_is_told_from_a_fragment(quotation: str, text: str, whole: bool) -> None:
    """By what stands around it in the post."""
    assert is_whole(quotation, post(1, text)) is whole


@given(st.text(max_size=300) | st.lists(st.sampled_from(PIECES), max_size=16).map(" ".join), st.booleans())
def test_what_may_be_quoted_is_whole_or_shows_its_cut(text: str, answer: bool) -> None:
    """The rules that choose passages and those that judge quotations are written apart, and agree."""
    one = post(1, text, kind="reply" if answer else "original")
    assert all(is_whole(passage.text, one) for passage in post_passages(one))
