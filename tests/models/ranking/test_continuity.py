"""Matching with last week: optimal, one to one, ids that live on."""

import itertools
from dataclasses import replace

import msgspec
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.events import Digest, TopicIdentity
from models.events.wire import pack_vector
from models.ranking.continuity import confidences, digest_topic_id, match, pair
from models.ranking.identities import identities
from models.refit.story import Story
from models.week.config import DigestConfig
from models.week.posts import WeekPosts
from models.week.week import Week
from tests.support.made_digest import empty_digest
from tests.support.made_weeks import direction, embedded, post, story, week_of

CONFIG = DigestConfig()


def digest(identities: list[TopicIdentity]) -> Digest:
    """Last week's digest, as far as the matching looks at it."""
    return msgspec.structs.replace(empty_digest(Week.parse("2021-W17"), "made"), identities=identities)


def identity(
    name: str, centroid: npt.NDArray[np.float32], *, posts: int = 10, words: list[str] | None = None, quiet: int = 0
) -> TopicIdentity:
    """A topic of last week."""
    return TopicIdentity(
        id=name,
        label=name,
        words=words or [],
        centroid=pack_vector(centroid),
        posts=posts,
        people=3,
        post_ids=[],
        quiet_weeks=quiet,
    )


@pytest.fixture
def week() -> WeekPosts:
    """Twenty posts to make topics of."""
    return week_of([embedded(post(i, f"text{i}", hours=20 - i), direction("wasps")) for i in range(20)])


def towards(one: str, other: str, share: float) -> npt.NDArray[np.float32]:
    """A unit vector between two subjects."""
    vector = share * direction(one) + (1 - share) * direction(other)
    return np.asarray(vector / np.linalg.norm(vector), dtype=np.float32)


def test_greedy_would_lose_a_topic() -> None:
    """The first row's best column is the second row's only one: greedy leaves the second without its id."""
    confidence = np.array([[0.80, 0.95], [0.00, 0.90]])
    assert {row: column for row, (column, _) in pair(confidence, [5, 5], 0.5).items()} == {0: 0, 1: 1}


def test_greedy_by_global_maximum_would_lose_a_topic() -> None:
    """Taking the largest entry first (0.95) leaves row 1 with nothing above the threshold."""
    confidence = np.array([[0.95, 0.90], [0.92, 0.10]])
    assert {row: column for row, (column, _) in pair(confidence, [5, 5], 0.5).items()} == {0: 1, 1: 0}


@given(
    st.integers(1, 4).flatmap(
        lambda rows: st.integers(1, 4).flatmap(
            lambda columns: st.lists(
                st.lists(st.integers(0, 100), min_size=columns, max_size=columns), min_size=rows, max_size=rows
            )
        )
    )
)
def test_pairs_as_well_as_every_permutation(table: list[list[int]]) -> None:
    """With equal sizes the total confidence is the best that any one-to-one pairing has."""
    confidence = np.array(table, dtype=np.float64) / 100
    allowed = np.where(confidence >= 0.5, confidence, 0)
    rows, columns = allowed.shape
    padded = np.zeros((max(rows, columns), max(rows, columns)))
    padded[:rows, :columns] = allowed
    best = max(
        sum(padded[row, column] for row, column in enumerate(order))
        for order in itertools.permutations(range(len(padded)))
    )
    found = pair(confidence, [0] * columns, 0.5)
    assert len({column for column, _ in found.values()}) == len(found)
    assert all(score >= 0.5 for _, score in found.values())
    first_round = sum(score for _, score in found.values())
    assert first_round >= best - len(found)  # a merge may trade confidence for size, never the pairing itself
    if columns <= rows:
        assert first_round == pytest.approx(best)


def test_a_merge_keeps_the_larger_id(week: WeekPosts) -> None:
    """One topic continues two of last week's: it has the id of the larger, though the smaller is nearer."""
    both = towards("wasps", "wasps", 1.0)
    known = [identity("t-small", both, posts=4), identity("t-large", towards("wasps", "ferry", 0.8), posts=40)]
    (found,) = match([story(range(20), both)], week, digest(known), CONFIG, "story")
    assert (found.id, found.previous_id, found.previous_posts) == ("t-large", "t-large", 40)


def test_a_large_topic_nearby_is_no_merge(week: WeekPosts) -> None:
    """A topic that is certainly last week's keeps its id though a larger, vaguely like one has gone."""
    known = [
        identity("t-same", direction("wasps"), posts=4),
        identity("t-vague", towards("wasps", "ferry", 0.52), posts=99),
    ]
    table = confidences([story(range(5), direction("wasps"))], week, known)
    assert 0.3 < table[0, 1] < 0.7
    assert pair(table, [4, 99], 0.3)[0][0] == 0


def test_a_small_topic_has_not_taken_over_a_large_one() -> None:
    """Four posts about one story in a field do not carry on the field's two hundred."""
    table = np.array([[0.6, 0.58]])
    assert pair(table, [5, 209], 0.5, [4])[0][0] == 0
    assert pair(table, [5, 209], 0.5, [60])[0][0] == 1


def test_a_split_gives_the_id_to_one_part(week: WeekPosts) -> None:
    """The nearer part goes on under the id, the other is new: two topics never share one."""
    near, far = story(range(10), direction("ferry")), story(range(10, 20), towards("ferry", "cheese", 0.8))
    found = match([far, near], week, digest([identity("t-old", direction("ferry"))]), CONFIG, "story")
    assert [entry.id == "t-old" for entry in found] == [False, True]
    assert found[0].previous_id is None
    assert len({entry.id for entry in found}) == 2


def test_strangers_are_new(week: WeekPosts) -> None:
    """Below the confidence nothing is continued; the id comes from the earliest post, by its own time."""
    (found,) = match(
        [story([3, 7, 19], direction("ferry"))], week, digest([identity("t-x", direction("kites"))]), CONFIG, "story"
    )
    assert (found.status, found.previous_id, found.confidence, found.previous_posts) == ("new", None, 0.0, 0)
    assert found.id == digest_topic_id(week.posts[19].id)
    assert found.id.startswith("d-")
    assert len(found.id) == 14


def test_a_taken_id_is_not_given_twice(week: WeekPosts) -> None:
    """The earliest post started a topic that lives on elsewhere: the next post names the new one."""
    taken = identity(digest_topic_id(week.posts[19].id), direction("kites"))
    (found,) = match([story([3, 7, 19], direction("ferry"))], week, digest([taken]), CONFIG, "story")
    assert found.id == digest_topic_id(week.posts[7].id)


def test_without_last_week_all_are_new_and_distinct(week: WeekPosts) -> None:
    """The first digest ever."""
    stories = [story(range(5), direction("wasps")), story(range(5, 12), direction("ferry"))]
    found = match(stories, week, None, CONFIG, "story")
    assert [entry.status for entry in found] == ["new", "new"]
    assert len({entry.id for entry in found}) == 2
    assert match([], week, None, CONFIG, "story") == []


def test_words_settle_what_vectors_leave_open(week: WeekPosts) -> None:
    """Two topics between two old ones: the one with the name in common continues it."""
    middle = towards("wasps", "ferry", 0.5)
    known = [
        identity("t-gpt", middle, words=["gpt-neo", "eleuther"]),
        identity("t-clip", middle, words=["clip", "dall-e"]),
    ]
    stories = [story(range(10), middle, ["dall-e", "clip"]), story(range(10, 20), middle, ["gpt-neo", "eleuther"])]
    assert [entry.id for entry in match(stories, week, digest(known), CONFIG, "story")] == ["t-clip", "t-gpt"]


def test_a_retweet_of_last_weeks_post_counts_as_shared() -> None:
    """The posts of last week are gone, but what is retweeted, quoted or answered this week ties the topics."""
    week = week_of(
        [
            embedded(post(i, f"t{i}", kind="quote", related=f"old{i}", author=f"a{i}"), direction("wasps"))
            for i in range(4)
        ]
    )
    known = replace_ids(identity("t-old", direction("kites")), [f"old{i}" for i in range(4)])
    assert confidences([story(range(4), direction("wasps"))], week, [known])[0, 0] >= 0.9


def replace_ids(known: TopicIdentity, post_ids: list[str]) -> TopicIdentity:
    """`known` with these posts."""
    return TopicIdentity(
        id=known.id,
        label=known.label,
        words=known.words,
        centroid=known.centroid,
        posts=known.posts,
        people=known.people,
        post_ids=post_ids,
    )


def test_another_encoders_centroids_are_no_evidence(week: WeekPosts) -> None:
    """After a change of the encoder words and posts still match; the old vectors are not compared."""
    old = identity("t-old", np.ones(8, dtype=np.float32), words=["hives"])
    table = confidences([story(range(5), direction("wasps"), ["hives"])], week, [old])
    assert table[0, 0] == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("posts", "previous", "quiet", "status"),
    [
        (15, 10, 0, "rising"),
        (10, 10, 0, "continuing"),
        (6, 10, 0, "continuing"),
        (5, 10, 0, "fading"),
        (5, 10, 2, "rising"),
    ],
)
def test_status_compares_the_posts(week: WeekPosts, posts: int, previous: int, quiet: int, status: str) -> None:
    """Half as many again is rising, half is fading, and what comes back after silence rises."""
    known = identity("t-old", direction("ferry"), posts=previous, quiet=quiet)
    (found,) = match([story(range(posts), direction("ferry"))], week, digest([known]), CONFIG, "story")
    assert (found.id, found.status) == ("t-old", status)


def test_the_same_week_again_keeps_every_id(week: WeekPosts) -> None:
    """A refit of the week that the identities are from: 100 %, in any order of the topics."""
    stories: list[Story] = [
        story(range(k, k + 3), direction(name), [name]) for k, name in enumerate(["wasps", "ferry", "violin", "kites"])
    ]
    first = match(stories, week, None, CONFIG, "story")
    known = [
        replace_ids(
            identity(entry.id, found.centroid, words=[w for w, _ in found.words]),
            [week.posts[i].id for i in found.members],
        )
        for entry, found in zip(first, stories, strict=True)
    ]
    again = match(list(reversed(stories)), week, digest(known), CONFIG, "story")
    assert [entry.id for entry in reversed(again)] == [entry.id for entry in first]
    assert all(entry.confidence == pytest.approx(1, abs=1e-3) for entry in again)


def test_another_encoder_of_the_same_width_is_another_space() -> None:
    """Its vectors point elsewhere: neither the matching nor the digest after it takes them for this week's."""
    week = replace(week_of([embedded(post(1, "wasps"), direction("wasps"))]), encoder="x@2/fp32")
    last = digest([identity("t-old", direction("wasps"))])
    same = msgspec.structs.replace(last, manifest=msgspec.structs.replace(last.manifest, encoder="x@2/bf16"))
    other = msgspec.structs.replace(last, manifest=msgspec.structs.replace(last.manifest, encoder="y@1/fp32"))
    stories = [story([0], direction("wasps"))]
    assert match(stories, week, same, CONFIG, "story")[0].id == "t-old"
    assert match(stories, week, other, CONFIG, "story")[0].status == "new"
    assert [known.centroid for known in identities(week, [], set(), other)] == [""]
