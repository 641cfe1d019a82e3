"""What matters, and what is chosen: scores are explained, capped, diverse, and never padded."""

from dataclasses import replace

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.events import Tweet
from models.ranking.influence import influence
from models.ranking.known_names import known_names
from models.ranking.news import news
from models.ranking.ranking import WEIGHTS, capped_sum, rank, select
from models.ranking.story_facts import facts, week_words
from models.refit.story import Story
from models.week.config import DigestConfig
from models.week.posts import WeekPosts
from tests.models.ranking.test_continuity import digest
from tests.support.made_weeks import direction, embedded, post, story, week_of

CONFIG = DigestConfig()


def two_topics(authors: list[str], others: list[str], text: str = "PixLoc finds the camera, part") -> WeekPosts:
    """Posts 0… about wasps by `authors`, then posts about ferries by `others`."""
    first = [embedded(post(i, f"{text} {i}", author=a), direction("wasps")) for i, a in enumerate(authors)]
    second = [
        embedded(post(100 + i, f"GPT-Neo speaks in tongues {i}", author=a), direction("ferry"))
        for i, a in enumerate(others)
    ]
    return week_of(first + second)


def scored(week: WeekPosts, stories: list[Story]) -> dict[int, Story]:
    """Ranked, by first member."""
    return {int(s.members[0]): s for s in rank(stories, week, influence(week, []), None, CONFIG)}


def both(week: WeekPosts, count: int) -> list[Story]:
    """The two topics of `two_topics`."""
    return [
        story(range(count), direction("wasps"), ["pixloc"]),
        story(range(count, len(week)), direction("ferry"), ["gpt-neo"]),
    ]


def test_five_people_beat_one_voice() -> None:
    """Six posts each: of six people, or nearly all of one."""
    week = two_topics(["a", "b", "c", "d", "e", "f"], ["g", "g", "g", "g", "h", "i"])
    found = scored(week, both(week, 6))
    assert found[0].score > found[6].score
    assert found[6].score_parts["one author"] < 0


def test_one_post_is_never_too_much_of_one_author() -> None:
    """Of two texts each author has half, and of four by three people one has two: no dominance. Three of five are."""
    assert (
        "one author" not in scored(even := two_topics(["a", "b"], ["e", "e", "f", "g"]), both(even, 2))[2].score_parts
    )
    week = two_topics(["a", "b"], ["e", "e", "e", "f", "g"])
    found = scored(week, both(week, 2))
    assert "one author" not in found[0].score_parts
    assert found[2].score_parts["one author"] < 0


def test_the_parts_explain_the_score() -> None:
    """score = weighted parts, less the penalties: what the event shows is what was computed."""
    week = two_topics(["a", "b", "c", "d"], ["e", "e", "e", "f", "g"])
    for entry in rank(both(week, 4), week, influence(week, []), None, CONFIG):
        expected = sum(WEIGHTS[name] * entry.score_parts[name] for name in WEIGHTS)
        for name, value in entry.score_parts.items():
            expected *= 1 if name in WEIGHTS else 1 + value
        assert entry.score == pytest.approx(expected, abs=1e-4)
        assert 0 <= entry.score <= 1
        assert all(0 <= entry.score_parts[name] <= 1 for name in WEIGHTS)


def test_likes_of_a_star_are_not_news() -> None:
    """A star's usual 1,000 likes count for nothing; somebody's tenfold does."""
    star = [embedded(post(i, f"PixLoc for all {i}", author="star", likes=1000), direction("wasps")) for i in range(4)]
    usual = [embedded(post(50 + i, f"day {i}", author="small", likes=2), direction("kites")) for i in range(5)]
    above = [
        embedded(post(90 + i, f"GPT-Neo is here {i}", author="small", likes=60), direction("ferry")) for i in range(4)
    ]
    week = week_of(star + usual + above)
    found = scored(week, [story(range(4), direction("wasps")), story(range(9, 13), direction("ferry"))])
    assert found[9].score_parts["engagement"] > found[0].score_parts["engagement"] == 0


@given(st.lists(st.floats(0.001, 100), min_size=1, max_size=12), st.sampled_from([0.2, 0.34, 0.5, 1.0]))
def test_nobody_brings_more_than_the_cap(values: list[float], share: float) -> None:
    """The capped sum is what water-filling gives: the largest are cut to the share of the result."""
    total = capped_sum(values, share)
    assert total <= sum(values) * (1 + 1e-9)
    if len(values) * share >= 1:
        assert sum(min(value, share * total) for value in values) == pytest.approx(total, rel=1e-6)


def test_a_field_is_no_story() -> None:
    """Six people each, one name each: those tell the same, these six things that only the name joins."""
    one = [
        embedded(post(i, f"PixLoc finds the camera, part {i}", author=f"a{i}"), direction("wasps")) for i in range(6)
    ]
    names = ["ferry", "violin", "cheese", "kites", "mosaic", "barley"]
    many = [embedded(post(50 + i, f"GPT-Neo and {n}", author=f"b{i}"), direction(n)) for i, n in enumerate(names)]
    week = week_of(one + many)
    found = scored(week, [story(range(6), direction("wasps")), story(range(6, 12), direction("ferry"))])
    assert found[0].excluded is None
    assert "field" not in found[0].score_parts
    assert found[6].excluded is not None
    assert found[6].score_parts["field"] < 0
    event = scored(
        week, [story(range(6), direction("wasps")), replace(story(range(6, 12), direction("ferry")), event=True)]
    )
    assert event[6].excluded is None
    assert event[6].score_parts["story"] > found[6].score_parts["story"]


def test_one_link_is_one_voice() -> None:
    """Five who pass on an article count less than five who say it themselves."""
    own = [embedded(post(i, f"PixLoc finds cameras {i}", author=f"a{i}"), direction("wasps")) for i in range(5)]
    link = ["https://example.org/ten-things"]
    passed = [
        embedded(post(50 + i, f"GPT-Neo in ten things {i}", author=f"b{i}", links=link), direction("ferry"))
        for i in range(5)
    ]
    sources = [
        direction("wasps") * 0.8 + direction(name) * 0.6 for name in ("kites", "violin", "cheese", "mosaic", "barley")
    ]
    own = [embedded(unit.tweet, vector / np.linalg.norm(vector)) for unit, vector in zip(own, sources, strict=True)]
    week = week_of(own + passed)
    found = scored(week, [story(range(5), direction("wasps")), story(range(5, 10), direction("ferry"))])
    assert found[0].score_parts["people"] > found[5].score_parts["people"]
    assert found[0].score_parts["story"] > found[5].score_parts["story"]


def test_a_strong_week_leaves_its_tail_out() -> None:
    """What would do in a poor week does not beside a story of twice its score."""
    strong, fair, weak = (
        replace(story([i], direction(name)), score=score, id=name)
        for i, (name, score) in enumerate((("wasps", 0.9), ("ferry", 0.6), ("kites", 0.45)))
    )
    assert [s.id for s in select([strong, fair, weak], CONFIG)] == ["wasps", "ferry"]
    assert [s.id for s in select([fair, weak], CONFIG)] == ["ferry", "kites"]


def test_selection_is_bounded_diverse_and_unpadded() -> None:
    """At most max_topics, nothing excluded, nothing weak, no subject twice."""
    week = two_topics(["a"] * 4, ["b"] * 4)
    names = ["wasps", "ferry", "violin", "cheese", "kites", "mosaic", "one", "two", "three", "four"]
    pool = [replace(story([i % 8], direction(name)), score=0.9 - i / 100, id=name) for i, name in enumerate(names)]
    assert [s.id for s in select(pool, CONFIG)] == names[:8]
    twin = replace(pool[1], centroid=direction("wasps"), id="twin")
    assert [s.id for s in select([pool[0], twin, pool[2]], CONFIG)] == ["wasps", "violin"]
    out = replace(pool[0], excluded="greeting")
    assert select([out], CONFIG) == []
    assert [s.id for s in select(pool, DigestConfig(min_score=0.885))] == ["wasps", "ferry"]
    assert select([], CONFIG) == []
    assert len(week) == 8


def section(name: str, place: int, people: int, score: float, links: float = 0.5) -> Story:
    """A ranked topic of `people` posts from `place` on."""
    found = story(range(place, place + people), direction(name))
    return replace(found, id=name, score=score, people=people, score_parts={"links": links})


def test_sections_stand_in_the_order_of_their_prominence() -> None:
    """Twelve people before three whose story is a little better; talk that gives nothing to read comes last."""
    few, many, talk = (
        section("wasps", 0, 3, 0.60),
        section("ferry", 3, 12, 0.56),
        section("kites", 15, 7, 0.76, links=0.0),
    )
    assert [s.id for s in select([talk, few, many], CONFIG)] == ["ferry", "wasps", "kites"]


@pytest.mark.parametrize("noise", [-0.004, 0.0, 0.004])
def test_a_hair_does_not_change_the_headline(noise: float) -> None:
    """Scores that differ by what rounding does to them: people decide, then posts, then the first post."""
    sections = [section("wasps", 0, 21, 0.723 + noise), section("ferry", 30, 24, 0.726 - noise)]
    sections.append(section("kites", 60, 21, 0.721))
    assert [s.id for s in select(sections, CONFIG)] == ["ferry", "wasps", "kites"]


def test_a_subject_that_was_there_before_needs_something_new() -> None:
    """Verbs of news are in every week of a field; a new name is not."""
    week = two_topics(["a", "b", "c", "d"], [], text="this field released and announced more, part")
    found = story(range(4), direction("wasps"))
    both_ways = [replace(found, previous_id=before) for before in (None, "t-1")]
    new, back = (rank([one], week, influence(week, []), None, CONFIG)[0] for one in both_ways)
    assert "uneventful" not in new.score_parts
    assert back.score_parts["uneventful"] < 0


def test_what_happened_goes_before_what_is_taught() -> None:
    """The same people, as many posts, the same new name: once it is out, once it is explained.

    That four people tell it alike on one day counts by half."""
    week = two_topics(["a", "b", "c", "d"], [], text="PixLoc is out now, its code was released")
    lesson = two_topics(["a", "b", "c", "d"], [], text="PixLoc as a cook would put it, in plain words")
    told, taught = (scored(one, [story(range(4), direction("wasps"), ["pixloc"])])[0] for one in (week, lesson))
    assert (told.score_parts["news"], taught.score_parts["news"]) == (1.0, 0.5)
    assert told.score > taught.score


def test_a_topic_in_another_language_is_not_held_to_english_verbs() -> None:
    """There is no list of its verbs."""
    posts = [replace_lang(post(i, f"Orlop ist jetzt offen, Teil {i}"), "de") for i in range(4)]
    assert news(posts) == 0.5
    assert news([replace_lang(one, "en") for one in posts]) == 0.0


def test_a_name_that_the_stream_knows_is_nothing_new() -> None:
    """Three people spoke of PixLoc last week, in no topic that was found: the digest remembers the name."""
    week = two_topics(["a", "b", "c", "d"], [])
    stories = [story(range(4), direction("wasps"), ["pixloc"])]
    names = known_names(week, week_words(week, stories), None)
    assert names == {"pixloc": 0}
    scores = influence(week, [])
    first = rank(stories, week, scores, digest([]), CONFIG)[0].score_parts["novelty"]
    known = msgspec.structs.replace(digest([]), known_names=names)
    assert rank(stories, week, scores, known, CONFIG)[0].score_parts["novelty"] < first


def test_a_name_is_forgotten_when_nobody_says_it() -> None:
    """It ages a week with every digest, and is heard anew."""
    quiet = two_topics(["a"], [], text="Soup for everybody, part")
    stories = [story(range(1), direction("wasps"))]
    last = msgspec.structs.replace(digest([]), known_names={"pixloc": 3, "orlop": 8})
    assert known_names(quiet, week_words(quiet, stories), last) == {"pixloc": 4}
    loud = two_topics(["a", "b", "c"], [])
    assert known_names(loud, week_words(loud, [story(range(3), direction("wasps"))]), last) == {"pixloc": 0}


def test_all_spellings_of_a_name_are_one() -> None:
    """ "PixLoc2021" and "PixLoc" are in half of the posts each."""
    texts = ["PixLoc2021 finds a camera", "The PixLoc is here", "More on PixLoc2021 now", "Our PixLoc at work"]
    week = week_of(embedded(post(i, text, author=f"p{i}"), direction("wasps")) for i, text in enumerate(texts))
    found = facts(story(range(4), direction("wasps")), week, week_words(week, [story(range(4), direction("wasps"))]))
    assert found.focus == 1.0


def test_two_sections_in_the_same_words_are_one_subject() -> None:
    """Not near enough to be one by their centroids alone."""
    near = np.array([0.6, 0.8] + [0.0] * 14, dtype=np.float32)
    base = np.array([1.0] + [0.0] * 15, dtype=np.float32)
    one = replace(story(range(4), base, ["vaccine", "trial"]), id="t-1", score=0.9)
    other = replace(story(range(4, 8), near, ["vaccine", "trial"]), id="t-2", score=0.8)
    stranger = replace(other, words=[("ferry", 1.0)], id="t-3")
    assert [s.id for s in select([one, other], CONFIG)] == ["t-1"]
    assert [s.id for s in select([one, stranger], CONFIG)] == ["t-1", "t-3"]


def test_two_sections_on_one_link_are_one_subject() -> None:
    """Two languages have neither words nor nearness in common; a link that a few pass on is no subject."""
    pause, other = "https://paper.example/vaccine-pause", "https://paper.example/other"
    texts = {"wasps": "The wasp vaccine pauses", "ferry": "Wespen-Impfung gestoppt"}

    def published(shared: int) -> list[int]:
        links = [[pause] if i < shared else [f"{other}{i}"] for i in range(4)]
        week = week_of(
            embedded(post(4 * side + i, f"{texts[name]} {i}", author=f"p{i}", links=links[i]), direction(name))
            for side, name in enumerate(texts)
            for i in range(4)
        )
        stories = [story(range(4), direction("wasps"), ["wasp"]), story(range(4, 8), direction("ferry"), ["wespen"])]
        ranked = rank(stories, week, influence(week, []), None, CONFIG)
        return [len(s.distinct) for s in select([replace(s, score=0.8, excluded=None) for s in ranked], CONFIG)]

    assert published(3) == [4]
    assert published(2) == [4, 4]


def replace_lang(tweet: Tweet, lang: str) -> Tweet:
    """The post in another language."""
    return msgspec.structs.replace(tweet, lang=lang)


def test_ranking_nothing() -> None:
    """An empty week."""
    assert rank([], week_of([]), {}, None, CONFIG) == []


def test_excluded_come_last_and_the_order_is_total() -> None:
    """Equal scores are ordered by id: no matter in which order the stories came."""
    week = two_topics(["a", "b", "c", "d"], ["e", "e", "e", "e"])
    stories = [replace(s, id=f"t-{i}") for i, s in enumerate(both(week, 4))]
    forward = rank(stories, week, influence(week, []), None, CONFIG)
    backward = rank(stories[::-1], week, influence(week, []), None, CONFIG)
    assert [s.id for s in forward] == [s.id for s in backward] == ["t-0", "t-1"]
    assert forward[-1].excluded == "few people"
    assert np.isfinite([s.score for s in forward]).all()
