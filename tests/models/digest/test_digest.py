"""The digest as a whole: shape, determinism, abstaining, change, bounds."""

import os
import random
import subprocess
import sys
from collections.abc import Sequence
from datetime import timedelta

import msgspec
import pytest

from models.digest.compose import build_week, write_digest
from models.digest.section import WORDS_PER_MINUTE, words_in
from models.digest.verify import check_digest
from models.encoding.hash_encoder import HashEncoder
from models.events import Digest, EmbeddedTweet, Link
from models.events.wire import decode, encode, pack_vector
from models.ranking.forms import Forms
from models.render import Form, render
from models.text.links import canonical_url
from models.week.config import DigestConfig
from models.week.posts import week_posts
from models.wording.summary import headline, nothing
from tests.support import view_examples
from tests.support.digest_weeks import (
    HARBOUR,
    LANTERN,
    PLAIN,
    WEEK,
    digest_of,
    inputs_of,
    linked,
    post,
    refit_of,
    story_of,
    week_of,
)  # fmt: skip


def test_a_digest_names_its_topics_and_keeps_its_promises() -> None:
    """Headline, overview and sections say the same three things, and the checker finds nothing."""
    digest = digest_of(PLAIN, [LANTERN, HARBOUR])
    left = "Harbour Robotics lets forty people go, the whole gripper team among them"
    assert [topic.label for topic in digest.topics] == ["LanternNet: depth from one camera", left]
    assert digest.headline.text == f"Trending this week: LanternNet: depth from one camera; and {left}."
    assert len(digest.overview) == 2
    assert check_digest(digest, {one.id: one for one in PLAIN.posts}) == []


def test_two_entries_never_have_one_title() -> None:
    """The second of two stories with one headline is called by another of its sentences."""
    ban = "The port of Kelp bans the LanternNet camera from its harbour"
    texts = (
        ban,
        "Crews say that the ban of the camera came overnight",
        ban,
        "The makers of the camera sue the port",
    )
    week = week_of([post(40 + n, text, author=n) for n, text in enumerate(texts)])
    digest = digest_of(week, [story_of(week, [0, 1], ["camera"], 0), story_of(week, [2, 3], ["camera"], 1)])
    labels = [topic.label for topic in digest.topics]
    assert ban in labels
    assert len(set(labels)) == 2
    assert check_digest(digest, {one.id: one for one in week.posts}) == []


def test_several_people_on_one_link_are_one_item_and_retweets_fold_into_it() -> None:
    """The PDF with a tracker and the abstract are the same paper; the retweet adds a person and support."""
    item = digest_of(PLAIN, [LANTERN]).topics[0].items[0]
    assert item.link is not None
    assert canonical_url(item.link.url) == "https://arxiv.org/abs/2405.01234"
    assert item.link.kind == "paper"
    assert {person.handle for person in item.people} == {"ada0", "bo1", "cy2"}
    assert item.support == 1
    assert "shared a paper titled “LanternNet: depth from one camera”" in item.sentence.text


@pytest.mark.parametrize("form", ["markdown", "text", "html"])
def test_a_quotation_inside_a_quotation_has_single_marks(form: Form) -> None:
    """The event keeps the words as they are; no form shows two opening marks in a row."""
    said = "“It floats!” – the crew on its barge"
    digest = view_examples.digest("2021-W18", quotation=said)
    assert digest.topics[0].items[0].quotation == said
    shown = render(digest, form)
    assert "““" not in shown
    assert "“‘It floats!’ – the crew on its barge”" in shown


def test_equal_inputs_give_equal_bytes_whatever_the_hash_seed() -> None:
    """Law 2: the written digest does not depend on the order of sets."""
    code = (
        "from tests.support.digest_weeks import *\nfrom models.events.wire import content_hash\n"
        "print(content_hash(digest_of(PLAIN, [LANTERN, HARBOUR])))"
    )
    found = {
        subprocess.run(
            [sys.executable, "-c", code],
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
            text=True,
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(found) == 1


def _records() -> list[EmbeddedTweet]:
    encoder = HashEncoder(64)
    subjects = (
        "LanternNet depth camera paper", "Harbour Robotics gripper layoffs", "quantum annealing tax office pilot",
    )  # fmt: skip
    words = "today weights results drone benchmark Tuesday numbers teacher office garden harbour lesson"
    extras = words.split()
    posts = [
        post(number, f"{subjects[number % 3]} {extras[number % 12]} {extras[(number * 5 + 3) % 12]}", author=number % 6)
        for number in range(36)
    ]
    vectors = encoder.encode([one.text for one in posts])
    return [
        EmbeddedTweet(tweet=one, text=one.text, vector=pack_vector(v), dimensions=64, encoder="hash", origin=f"0:{n}")
        for n, (one, v) in enumerate(zip(posts, vectors, strict=True))
    ]


def _built(records: Sequence[EmbeddedTweet]) -> Digest:
    return build_week(week_posts(records, WEEK), previous=None, influencers=[], config=DigestConfig(), versions={})[0]


def test_shuffled_records_give_the_same_bytes() -> None:
    """Law 2 through the whole of `build_week`: refit, units, rank, match, write."""
    records = _records()
    first = encode(_built(records))
    random.Random(5).shuffle(records)
    assert encode(_built(records)) == first
    assert decode(first, Digest).statistics.posts == 36


@pytest.mark.parametrize("count", [0, 1, 2])
def test_a_week_with_nothing_to_report_says_so(count: int) -> None:
    """Abstaining: no padding, an honest headline, and every form renders."""
    records = _records()[:count]
    digest = _built(records)
    assert digest.topics == []
    assert digest.headline.text == nothing(count)
    assert check_digest(digest, {record.tweet.id: record.tweet for record in records}) == []
    for form in ("markdown", "html", "text", "json", "atom"):
        assert render(digest, form)


def test_a_topic_that_continues_says_what_is_new_and_one_that_left_is_listed() -> None:
    """Change against last week: moved by how much, and a phrase that was not there before."""
    previous = digest_of(PLAIN, [LANTERN, HARBOUR])
    texts = ("LanternNet wins the Orrery Prize", "Orrery Prize for LanternNet, well deserved", "LanternNet at the gala")
    week = week_of([post(20 + n, text, author=n, day=3) for n, text in enumerate(texts)])
    story = story_of(
        week, [0, 1, 2], ["lanternnet", "orrery"], previous_id=LANTERN.id, status="continuing", previous_posts=5
    )
    digest = digest_of(week, [story], previous)
    change = digest.topics[0].change
    assert change is not None
    assert change.text == "3 posts after 5 last week; new in it: Orrery Prize."
    assert [(faded.label, faded.posts) for faded in digest.faded] == [(previous.topics[1].label, 0)]
    carried = {identity.id: identity.quiet_weeks for identity in digest.identities}
    assert carried == {LANTERN.id: 0, HARBOUR.id: 1}


def test_a_topic_is_forgotten_after_some_quiet_weeks() -> None:
    """Law 4: identities do not pile up."""
    digest = digest_of(PLAIN, [HARBOUR])
    empty = week_of([])
    for _ in range(5):
        assert [identity.id for identity in digest.identities] == [HARBOUR.id]
        digest = digest_of(empty, [], digest)
    assert digest.identities == []


def test_a_sensitive_topic_does_not_trend() -> None:
    """Plain words: no trend in the headline, no status, no picture, no exclamation quoted when there is another."""
    texts = (
        "Devastated by the flood in Marlow Valley!", "The flood in Marlow Valley took eleven lives.",
        "Marlow Valley flood: the school is open for those who lost their homes",
    )  # fmt: skip
    week = week_of([post(n, text, author=n) for n, text in enumerate(texts)])
    digest = digest_of(week, [story_of(week, [0, 1, 2], ["flood", "marlow", "valley"], sensitive=True)])
    assert digest.headline.text.startswith("Also spoken about: ")
    assert "!" not in digest.topics[0].summary.text
    shown = render(digest, "markdown")
    assert "▁" not in shown
    assert "New" not in shown


def test_a_large_week_stays_within_one_record_and_three_minutes() -> None:
    """400 topics with long ids: the value is below Kafka's megabyte, the text below three minutes."""
    posts = [
        post(n, f"Subject{n % 400} number{n} is discussed by many people in this office.", author=n % 6,
             id=f"at://did:plc:abcdefghijklmnopqrstuvwx/app.bsky.feed.post/3k{n:011d}")
        for n in range(4000)
    ]  # fmt: skip
    week = week_of(posts, dimensions=384)
    subject = {index: int(one.text.split()[0].removeprefix("Subject")) for index, one in enumerate(week.posts)}
    stories = [
        story_of(week, [i for i, number in subject.items() if number == s], [f"subject{s}"], s) for s in range(400)
    ]
    inputs = inputs_of(week)
    digest = write_digest(inputs, refit_of(week, stories), Forms(stories[:8], [], []), stories[8:], found=400)
    assert len(encode(digest)) < 900_000
    assert len(digest.identities) == 250
    assert sum(map(words_in, digest.topics)) <= inputs.config.max_words
    assert len(render(digest, "text").split()) < 3.7 * WORDS_PER_MINUTE


def test_titles_given_from_outside_are_an_input_that_the_manifest_names() -> None:
    """A fetched title changes the bytes, so it may not come in silently."""
    resources = {"https://t.co/AbCdEfGhIj": Link(url="https://harbour.example/data?utm_id=1", title="Gripper data set")}
    plain = digest_of(PLAIN, [HARBOUR])
    richer = digest_of(PLAIN, [HARBOUR], resources=resources)
    assert plain.manifest.resources_hash is None
    assert richer.manifest.resources_hash is not None
    assert (
        digest_of(PLAIN, [HARBOUR], resources=resources | {"https://other.example/": Link(url="https://o.example")})
        == richer
    )
    assert any("titled “Gripper data set”" in item.sentence.text for item in richer.topics[0].items)


def test_the_days_are_those_of_the_digests_time_zone() -> None:
    """A post late on Monday in UTC is Tuesday's in Tokyo: the series says so."""
    late = WEEK.start + timedelta(hours=20)
    week = week_of([post(n, "Kelp cables carry more than copper", author=n, created_at=late) for n in range(3)])
    assert digest_of(week, [story_of(week, [0, 1, 2], ["kelp"])]).topics[0].series == [3, 0, 0, 0, 0, 0, 0]
    moved = type(week)(type(WEEK)(2024, 20, "Asia/Tokyo"), week.posts, week.texts, week.vectors, "test", "f" * 64, 0)
    assert digest_of(moved, [story_of(moved, [0, 1, 2], ["kelp"])]).topics[0].series == [0, 3, 0, 0, 0, 0, 0]


def test_linked_media_is_no_resource() -> None:
    """A picture on the platform's own host makes no item a share."""
    week = week_of(
        [
            post(
                n,
                f"Look at the fern robot number {n} walking",
                author=n,
                links=linked("https://pbs.twimg.com/media/x.jpg"),
            )
            for n in range(3)
        ]
    )
    items = digest_of(week, [story_of(week, [0, 1, 2], ["fern", "robot"])]).topics[0].items
    assert items
    assert all(item.link is None and item.action == "wrote" for item in items)


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["Kelp"], "Trending this week: Kelp."),
        (["Kelp", "Moss", "Fern"], "Trending this week: Kelp, Moss and Fern."),
        (["Kelp and Moss", "Fern", "Rust"], "Trending this week: Kelp and Moss; Fern; and Rust."),
    ],
)
def test_the_headline_reads_like_a_sentence(names: list[str], expected: str) -> None:
    """Labels with a conjunction of their own are kept apart."""
    topic = digest_of(PLAIN, [LANTERN]).topics[0]
    topics = [msgspec.structs.replace(topic, label=name) for name in names]
    assert headline(topics, [], []).text == expected
