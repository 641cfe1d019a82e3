"""The demo's posts: enough, varied, reproducible, and as irregular as a real feed."""

import itertools
import re
import unicodedata
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest

from streams.demo import DEMO_WEEKS, MALFORMED, demo_lines, demo_posts, stories, story_of
from streams.sources.files.json_lines import parse_line

Post = dict[str, Any]
DAY = timedelta(hours=24)


@pytest.fixture(scope="module")
def posts() -> list[Post]:
    return list(demo_posts())


def at(post: Post) -> datetime:
    return datetime.fromisoformat(post["created_at"])


def week_of(moment: datetime) -> str:
    year, week, _ = moment.isocalendar()
    return f"{year}-W{week:02d}"


def bare(text: str) -> str:
    """The words of a post without the parts that differ in copies: links, names, hashtags, case, punctuation, emoji."""
    text = re.sub(r"https?://\S+|[@#]\w+|&\w+;", " ", text.lower())
    return " ".join("".join(c if unicodedata.category(c)[0] in "LN" else " " for c in text).split())


def test_size_weeks_and_people(posts: list[Post]) -> None:
    """As many posts and people as the demo promises, and none outside its three weeks."""
    assert 2000 <= len(posts) <= 2400
    assert len({post["author"] for post in posts}) >= 80
    per_week = Counter(week_of(at(post)) for post in posts)
    assert tuple(sorted(per_week)) == DEMO_WEEKS
    assert min(per_week.values()) >= 500


def test_same_seed_same_bytes_other_seed_other_feed() -> None:
    """The demo is a pure function of its seed."""
    assert list(demo_lines(3)) == list(demo_lines(3))
    assert list(demo_lines(3)) != list(demo_lines(4))


def test_ids_are_unique_numeric_and_grow_with_time(posts: list[Post]) -> None:
    """Ids behave like the platform's: digits that sort by time."""
    by_time = sorted(posts, key=at)
    ids = [int(post["id"]) for post in by_time]
    assert len(set(ids)) == len(ids)
    assert all(late >> 22 >= early >> 22 for early, late in itertools.pairwise(ids))


def test_links_between_posts_point_backwards(posts: list[Post]) -> None:
    """A retweet, quote or reply names an earlier post of the demo and its author."""
    known = {post["id"]: post for post in posts}
    for post in posts:
        assert ("related_id" in post) == (post["kind"] != "original")
        if "related_id" in post:
            parent = known[post["related_id"]]
            assert at(parent) < at(post)
            assert parent["author"] == post["related_author"]
            assert parent["kind"] != "retweet"


def test_both_retweet_forms(posts: list[Post]) -> None:
    """Older retweets are cut at 140 characters, newer ones are whole and lack the space."""
    retweets = [post for post in posts if post["kind"] == "retweet"]
    assert 0.25 <= len(retweets) / len(posts) <= 0.35
    old = [post for post in retweets if re.match(r"RT @\w+: ", post["text"])]
    new = [post for post in retweets if re.match(r"RT @\w+:\S", post["text"])]
    assert len(old) + len(new) == len(retweets)
    assert len(old) > 150
    assert len(new) > 150
    assert max(at(post) for post in old) < min(at(post) for post in new)
    cut = [post for post in old if post["text"].endswith("…")]
    assert len(cut) > 30
    assert not any(post["text"].endswith("…") for post in new)


def test_nobody_retweets_the_same_post_twice(posts: list[Post]) -> None:
    """One account's retweet of a post happens once."""
    pairs = Counter((p["author"], p["related_id"]) for p in posts if p["kind"] == "retweet")
    assert max(pairs.values()) == 1


def test_late_posts_find_their_week_open(posts: list[Post]) -> None:
    """Some posts come hours late, a few later than the allowed lateness, none to a week that has closed."""
    newest = datetime.min.replace(tzinfo=UTC)
    late, very_late = 0, 0
    for post in posts:
        behind = newest - at(post)
        if behind > timedelta(hours=1):
            late += 1
        if behind > DAY:
            very_late += 1
            assert week_of(newest - DAY) == week_of(at(post))
        newest = max(newest, at(post))
    assert late >= 25
    assert 1 <= very_late <= 12


def test_lines_hold_every_post_the_duplicates_and_the_bad_ones(posts: list[Post]) -> None:
    """Parsed by the product: the bad records are refused, and only those."""
    lines = list(demo_lines())
    bad, good = [], []
    for line in lines:
        try:
            parsed = parse_line(line)
        except ValueError:
            bad.append(line)
        else:
            assert parsed is not None
            good.append(parsed.id)
    assert bad == list(MALFORMED)
    assert set(good) == {post["id"] for post in posts}
    again = [line for line, times in Counter(lines).items() if times > 1]
    assert 10 <= len(again) <= 40
    assert len(good) == len(posts) + len(again)
    positions = [lines.index(line) for line in MALFORMED]
    assert min(positions) > 0
    assert max(positions) < len(lines) - 1


def test_texts_are_as_a_platform_sends_them(posts: list[Post]) -> None:
    """HTML entities, several languages, addresses as strings and as objects with a title."""
    assert sum("&amp;" in post["text"] for post in posts) > 20
    assert not any(re.search(r"&(?!amp;|lt;|gt;)", post["text"]) for post in posts)
    assert not any("{" in post["text"] for post in posts)
    languages = Counter(post["lang"] for post in posts)
    assert {"en", "fr", "es", "de", "ja", "pt"} <= {lang for lang, count in languages.items() if count >= 5}
    urls = [url for post in posts for url in post["urls"]]
    assert sum(isinstance(url, str) for url in urls) > 100
    assert sum(isinstance(url, dict) and "title" in url and "description" in url for url in urls) > 300


def test_noise_is_as_common_as_in_reality(posts: list[Post]) -> None:
    """Nearly half of the feed belongs to no story."""
    noise = sum(story_of(post["id"]) is None for post in posts)
    assert 0.4 <= noise / len(posts) <= 0.5


def test_last_week_holds_the_reference_topics(posts: list[Post]) -> None:
    """Each story of the reference article has 10 to 40 posts by 6 or more people in the last week."""
    crowd: dict[str, list[Post]] = defaultdict(list)
    for post in posts:
        key = story_of(post["id"])
        if key and stories()[key].reference and week_of(at(post)) == DEMO_WEEKS[-1]:
            crowd[key].append(post)
    assert {stories()[key].reference for key in crowd} == {
        "AI Trends For 2021",
        "State-Of-The-Art Deep Learning Resources",
        "Atlanta Spa Shootings",
    }
    for key, group in crowd.items():
        assert 10 <= len(group) <= 40, key
        assert len({post["author"] for post in group}) >= 6, key


def test_nothing_is_said_before_it_happened(posts: list[Post]) -> None:
    """No post on a story of one week is older than its event."""
    for post in posts:
        key = story_of(post["id"])
        if key and len(stories()[key].weeks) == 1:
            assert at(post) >= stories()[key].since, key


def test_trends_rise_from_the_second_to_the_third_week(posts: list[Post]) -> None:
    """AI predictions start small, so that the digest has something rising to report."""
    weeks = Counter(week_of(at(post)) for post in posts if story_of(post["id"]) == "ai-predictions")
    assert 4 <= weeks["2021-W10"] < weeks["2021-W11"]


def test_every_story_is_told_in_many_words(posts: list[Post]) -> None:
    """At least 12 different texts for each story, and no original post repeated more often than its copies allow."""
    told: dict[str, Counter[str]] = defaultdict(Counter)
    for post in posts:
        key = story_of(post["id"])
        if key and post["kind"] != "retweet":
            told[key][bare(post["text"])] += 1
    assert set(told) == set(stories())
    for key, texts in told.items():
        assert len(texts) >= 12, key
        assert max(texts.values()) <= 5, texts.most_common(1)


def test_only_greetings_and_promotion_repeat(posts: list[Post]) -> None:
    """Even the most frequent text is rare."""
    texts = Counter(bare(post["text"]) for post in posts if post["kind"] != "retweet")
    assert max(texts.values()) <= 14


def test_engagement_is_whole_and_retweets_carry_no_likes(posts: list[Post]) -> None:
    """Counts are never negative; bigger audiences get more on average."""
    assert all(value >= 0 for post in posts for value in post["metrics"].values())
    assert not any(post["metrics"]["likes"] for post in posts if post["kind"] == "retweet")
    own = sorted((p["followers"], p["metrics"]["likes"]) for p in posts if p["kind"] == "original")
    half = len(own) // 2
    assert sum(likes for _, likes in own[half:]) > sum(likes for _, likes in own[:half])


def test_story_of_refuses_a_stranger() -> None:
    """An id that the demo never gave is an error, not noise."""
    with pytest.raises(KeyError):
        story_of("1")


def test_records_hold_what_ingest_documents(posts: list[Post]) -> None:
    """The wire form of a record is exactly the layout that `toptopics ingest` reads."""
    required = {"id", "author", "author_name", "followers", "created_at", "text", "urls", "lang", "kind"}
    for post in posts:
        assert set(post) - {"related_id", "related_author"} == required | {"mentions", "metrics"}
    assert all(orjson.loads(line)["id"] for line in demo_lines() if line not in MALFORMED)
