"""What readers still see of a deleted post before a correction, and in digests that are no longer corrected."""

import msgspec
import pytest

from models.digest.cited import cited_posts
from models.digest.redaction import REMOVED, redact
from models.events import Digest
from models.text.plain import plain
from tests.support.digest_weeks import HARBOUR, LANTERN, PLAIN, digest_of

DIGEST = digest_of(PLAIN, [LANTERN, HARBOUR])
DIGEST = msgspec.structs.replace(DIGEST, identities=[])


def _everything(digest: Digest) -> str:
    return msgspec.json.encode(digest).decode()


def _passages(text: str) -> set[str]:
    """Every four words in a row."""
    words = plain(text).split()
    return {" ".join(words[start : start + 4]) for start in range(len(words) - 3)}


@pytest.mark.parametrize("index", range(len(PLAIN.posts)))
def test_no_words_no_id_and_no_address_of_a_deleted_post_are_left(index: int) -> None:
    """Each post in turn, with its repetitions."""
    post = PLAIN.posts[index]
    gone = {post.id, *(one.id for one in PLAIN.posts if one.related_id == post.id)}
    left = redact(DIGEST, gone)
    shown = _everything(left)
    others = {passage for one in PLAIN.posts if one.id not in gone for passage in _passages(one.text)}
    assert not [passage for passage in _passages(post.text) - others if passage in shown]
    assert not [post_id for post_id in gone if post_id in shown]
    assert cited_posts(left) == cited_posts(DIGEST) - gone


def test_a_topic_whose_posts_are_all_gone_is_gone_with_its_name() -> None:
    """Also from overview, headline and count; other topics lose nothing."""
    left = redact(DIGEST, {PLAIN.posts[index].id for index in HARBOUR.members})
    assert "Harbour" not in _everything(left)
    assert [topic.label for topic in left.topics] == ["LanternNet: depth from one camera"]
    assert left.headline.text == "Trending this week: LanternNet: depth from one camera."
    assert len(left.overview) == left.statistics.topics_published == 1
    assert left.topics[0] == DIGEST.topics[0]


def test_when_all_is_gone_nothing_is_said() -> None:
    """Not even that the week was quiet, which would be wrong."""
    left = redact(DIGEST, {post.id for post in PLAIN.posts})
    assert (left.topics, left.overview, left.headline.text) == ([], [], REMOVED)


def test_without_deletions_nothing_changes() -> None:
    """The same object."""
    assert redact(DIGEST, set()) is DIGEST
    assert redact(DIGEST, {"404"}) == DIGEST
