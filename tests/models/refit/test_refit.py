"""The refit of record: law 2, small topics, small weeks, outliers, mixtures."""

from collections import Counter

import numpy as np
import pytest
from scipy.sparse import random as random_sparse

from models.refit.bertopic_refit import refit
from models.refit.light_bertopic import bertopic_class
from models.refit.story import Refit
from models.refit.topic_shapes import centroids
from models.week.config import DigestConfig
from models.week.posts import WeekPosts
from tests.support.made_weeks import SUBJECTS, direction, embedded, post, records, week_of

CONFIG = DigestConfig()


def fingerprint(found: Refit) -> list[object]:
    """Everything in a refit, as values that compare bit for bit."""
    stories = [
        (s.members.tolist(), s.distinct.tolist(), s.words, s.centroid.tobytes(), s.centroid.dtype) for s in found.themes
    ]
    return [stories, found.topic_of.tolist(), found.duplicate_of.tolist(), found.rescued, found.rescued_similarity]


def subjects_of(found: Refit, week: WeekPosts) -> list[Counter[str]]:
    """For each story, how many of its distinct posts each made subject has."""
    return [
        Counter(week.posts[i].links[0].url.split("/")[3] for i in story.distinct if week.posts[i].links)
        for story in found.themes
    ]


def test_centroids_are_the_sums_row_by_row() -> None:
    """Bit for bit, whatever is outside a topic."""
    random = np.random.default_rng(5)
    matrix = random.normal(size=(300, 8)).astype(np.float32)
    labels = random.integers(-1, 6, size=300)
    sums = np.zeros((6, 8))
    np.add.at(sums, labels[labels >= 0], matrix[labels >= 0])
    expected = (sums / np.linalg.norm(sums, axis=1, keepdims=True)).astype(np.float32)
    assert centroids(labels, matrix).tobytes() == expected.tobytes()


def test_words_read_by_row_are_those_read_by_cell() -> None:
    """Also where a topic has fewer words than are asked for."""
    light = bertopic_class()
    usual = light.__base__
    matrix = random_sparse(9, 60, density=0.2, format="csr", random_state=np.random.default_rng(5))
    columns = usual._top_n_idx_sparse(matrix, 15)
    assert None in columns[:, -1]
    expected = usual._top_n_values_sparse(matrix, columns)
    assert np.array_equal(light._top_n_values_sparse(matrix, columns), expected)


@pytest.fixture(scope="module")
def mixed() -> WeekPosts:
    """120 posts: four large subjects and two small ones."""
    sizes = {"wasps": 40, "ferry": 30, "violin": 20, "cheese": 18, "kites": 7, "mosaic": 5}
    return week_of(records(sizes))


def test_finds_the_subjects_small_ones_too(mixed: WeekPosts) -> None:
    """Each subject is the majority of exactly its own topics, and 5 posts of 120 are a topic."""
    counts = subjects_of(refit(mixed, CONFIG), mixed)
    assert {counter.most_common(1)[0][0] for counter in counts} == set(SUBJECTS)
    assert sum(counter.most_common(1)[0][1] for counter in counts) >= 0.95 * sum(map(Counter.total, counts))


@pytest.mark.parametrize("sizes", [{"wasps": 30, "ferry": 25, "violin": 9, "kites": 5}, {"wasps": 8, "cheese": 6}])
def test_same_posts_same_topics_bit_for_bit(sizes: dict[str, int]) -> None:
    """Law 2: whatever order the records came in. BERTopic alone fails this with a seed, too."""
    made = records(sizes)
    first = fingerprint(refit(week_of(made), CONFIG))
    for seed in (1, 2):
        shuffled = [made[i] for i in np.random.default_rng(seed).permutation(len(made))]
        assert fingerprint(refit(week_of(shuffled), CONFIG)) == first


@pytest.mark.parametrize("count", [0, 1, 2, 3, 5, 15, 16, 50, 59, 60, 61])
def test_small_weeks(count: int) -> None:
    """No crash and, as warnings are errors here, no warning at any size around the limits."""
    week = week_of(records({"wasps": count - count // 3, "ferry": count // 3}))
    found = refit(week, CONFIG)
    assert found.topic_of.shape == found.duplicate_of.shape == (count,)
    assert all(len(story.distinct) >= CONFIG.min_topic_posts for story in found.themes)


def test_a_week_of_nothing_but_one_text() -> None:
    """Five hundred copies are one piece of evidence and no topic."""
    copies = [embedded(post(i, "same words all over", author=f"a{i}"), direction("wasps")) for i in range(500)]
    found = refit(week_of(copies), CONFIG)
    assert found.themes == []
    assert set(found.duplicate_of.tolist()) == {0}


def test_posts_without_words_are_in_no_topic() -> None:
    """Their vectors say nothing, however alike they are."""
    made = records({"wasps": 12, "ferry": 12})
    empty = [embedded(post(900 + i, "🎉" * (i + 1)), direction("wasps")) for i in range(8)]
    week = week_of(made + empty)
    found = refit(week, CONFIG)
    assert all(found.topic_of[i] == -1 for i, tweet in enumerate(week.posts) if "🎉" in tweet.text)


def test_support_follows_its_original_and_is_no_evidence() -> None:
    """A retweet is a member of its original's topic, not one of its distinct posts."""
    made = records({"wasps": 10, "ferry": 10})
    original = made[0].tweet
    repeat = post(900, f"RT @{original.author}: {original.text}", author="fan", kind="retweet", related=original.id)
    week = week_of([*made, embedded(repeat, direction("ferry"))])
    found = refit(week, CONFIG)
    ids = [tweet.id for tweet in week.posts]
    retweet, source = ids.index("000900"), ids.index(original.id)
    assert found.duplicate_of[retweet] == source
    topic = found.themes[found.topic_of[source]]
    assert retweet in topic.members
    assert retweet not in topic.distinct


def test_strangers_are_not_stuffed_into_topics() -> None:
    """Posts far from every centroid stay outliers: rescue is for those that belong."""
    made = records({"wasps": 25, "ferry": 25, "violin": 25})
    random = np.random.default_rng(5)
    strangers = []
    for i in range(6):
        vector = random.normal(size=32).astype(np.float32)
        strangers.append(embedded(post(900 + i, f"lonely{i} remark{i}"), vector / np.linalg.norm(vector)))
    week = week_of(made + strangers)
    found = refit(week, CONFIG)
    for story in found.themes:
        closeness = week.vectors[story.distinct] @ story.centroid
        assert closeness.min() >= 0.3
    assert sum(int(found.topic_of[i] == -1) for i, t in enumerate(week.posts) if t.text.startswith("lonely")) >= 4


def test_topics_partition_the_posts(mixed: WeekPosts) -> None:
    """topic_of, members and distinct agree, the largest topic comes first, centroids have unit length."""
    found = refit(mixed, CONFIG)
    for index, story in enumerate(found.themes):
        assert story.members.tolist() == np.flatnonzero(found.topic_of == index).tolist()
        assert set(story.distinct) == {i for i in story.members if found.duplicate_of[i] == i}
        assert np.linalg.norm(story.centroid) == pytest.approx(1, abs=1e-5)
        assert story.words == sorted(story.words, key=lambda pair: -pair[1])
    sizes = [len(story.distinct) for story in found.themes]
    assert sizes == sorted(sizes, reverse=True)


def test_words_tell_the_subject_and_names_stay_whole(mixed: WeekPosts) -> None:
    """c-TF-IDF over our own words: BERTopic's default would strip "Brightwater-2" to letters."""
    found = refit(mixed, CONFIG)
    for story, counter in zip(found.themes, subjects_of(found, mixed), strict=True):
        vocabulary = set(SUBJECTS[counter.most_common(1)[0][0]].casefold().split())
        assert story.words[0][0].split()[0] in vocabulary
    assert any("brightwater-2" in dict(story.words) for story in found.themes)


def test_progress_is_reported_in_order(mixed: WeekPosts) -> None:
    """For the process that shows it: shares rise from 0 to 1."""
    seen: list[tuple[str, float]] = []
    refit(mixed, CONFIG, progress=lambda step, share: seen.append((step, share)))
    shares = [share for _, share in seen]
    assert shares == sorted(shares)
    assert (shares[0], shares[-1]) == (0.0, 1.0)
