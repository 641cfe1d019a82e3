"""From units to stories: what people choose to pass on is told, junk and walls are not, and a quiet week has little."""

from collections.abc import Callable

import msgspec
import numpy as np

from models.events import EmbeddedTweet, Link, Tweet
from models.ranking.influence import influence
from models.ranking.publishers import publishers
from models.ranking.selection import Ranked, ranked
from models.ranking.vocabulary import NO_PAST, Past, vocabulary
from models.refit.near_duplicates import fold
from models.refit.units import find_units
from models.text import spoken_words
from models.week.config import DigestConfig
from models.week.posts import WeekPosts
from tests.support.made_weeks import direction, embedded, post, week_of

SUBJECTS = [f"subject{'x' * n}" for n in range(60)]


def _words(text: str) -> list[str]:
    return text.split()


def chatter(count: int) -> list[EmbeddedTweet]:
    """Posts of one person each on subjects of their own."""
    words = _words("barge mast keel winch rope sail deck hull tiller anchor buoy locker lantern pump oar cleat")
    return [
        embedded(
            post(
                500 + n,
                " ".join([f"n{n}q", *(words[(step * n + step) % 16] for step in (1, 3, 5, 7, 9)), "painted", "green"]),
                author=f"c{n % 15}",
                hours=2.0 * n,
                likes=n % 3,
            ),
            direction(SUBJECTS[n % 60]),
        )
        for n in range(count)
    ]


def story(first: int, people: int, text: str, name: str) -> list[EmbeddedTweet]:
    """Some people on one thing, in words of their own and on one day."""
    own = _words("harvest railway chimney orchard pigeon saddle velvet copper thunder meadow")
    return [
        embedded(
            post(
                first + n,
                f"{text}, {own[n]} {own[(n + 3) % 10]} {own[(n + 7) % 10]}",
                author=f"s{first}{n}",
                hours=50 + n,
                likes=30,
            ),
            direction(name),
        )
        for n in range(people)
    ]


def stories_of(
    posts: list[EmbeddedTweet],
    past: Past = NO_PAST,
    clear: Callable[[Tweet], float] = lambda post: 1.0,
    **settings: int,
) -> tuple[WeekPosts, Ranked]:
    """The week and what is ranked in it."""
    week = week_of(posts)
    units = find_units(week, fold(week, [spoken_words(one.text) for one in week.posts], 0.92))
    words = vocabulary(week, publishers(week.posts), past)
    return week, ranked(week, units, words, influence(week, []), DigestConfig(**settings), clear)


def texts(week: WeekPosts, found: Ranked) -> list[str]:
    """The first post of each story that is told."""
    return [week.posts[int(one.distinct[0])].text for one in found.stories[: found.told]]


def test_what_several_people_tell_comes_first() -> None:
    """Five people announce a bridge among fifty who speak of their boats."""
    week, found = stories_of(
        [*chatter(50), *story(0, 5, "The Brightwater-2 bridge is announced and opens today", "ferry")]
    )
    assert "Brightwater-2" in texts(week, found)[0]
    assert found.stories[0].people == 5
    assert found.told <= len(week) // 8


def test_a_post_that_people_pass_on_is_a_story() -> None:
    """One post, three who pass it on and nobody who says a word of their own."""
    text = "We release the chart of the whole Brightwater-2 harbour"
    original = embedded(post(1, text, author="o", likes=5), direction("ferry"))
    passed = [
        embedded(post(n, f"RT @o: {text}", author=f"r{n}", kind="retweet", related="000001"), direction("ferry"))
        for n in (2, 3, 4)
    ]
    week, found = stories_of([*chatter(50), original, *passed])
    best = next(one for one in found.stories[: found.told] if "Brightwater-2" in week.posts[int(one.distinct[0])].text)
    assert (len(best.distinct), best.people) == (1, 4)


def test_what_no_stranger_understands_is_no_entry() -> None:
    """Unless three people speak of it."""
    posts = [
        *chatter(50),
        *story(0, 2, "The Brightwater-2 bridge is announced and opens today", "ferry"),
        *story(20, 3, "The Stonefield-7 bridge is announced and opens today", "violin"),
    ]
    week, found = stories_of(posts)
    assert [name for name in ("Brightwater-2", "Stonefield-7") if name in " ".join(texts(week, found))] == [
        "Brightwater-2",
        "Stonefield-7",
    ]
    week, found = stories_of(posts, clear=lambda post: 0.0)
    assert "Stonefield-7" in " ".join(texts(week, found))
    assert "Brightwater-2" not in " ".join(texts(week, found))


def test_walls_giveaways_and_wordless_posts_are_no_stories() -> None:
    """However many people post them."""
    junk = [
        *story(0, 6, "Giveaway: retweet and win a boat of your choice today", "ferry"),
        *story(20, 6, "#boats #sails #harbour #sea #ships #wind #water #sun ship", "violin"),
        *story(40, 6, "so", "cheese"),
    ]
    week, found = stories_of([*chatter(50), *junk])
    told = texts(week, found)
    assert not any("Giveaway" in text or "#boats" in text for text in told)


def test_the_settings_bound_the_entries() -> None:
    """At most so many, and never more than an eighth of the distinct posts."""
    posts = [one for n in range(12) for one in story(100 * n, 4, f"The news of quay{n}X are announced", SUBJECTS[n])]
    _, found = stories_of([*posts, *chatter(60)], max_entries=3)
    assert found.told == 3
    assert len(found.stories) > 3


def test_every_story_has_its_posts_once() -> None:
    """No post is in two stories; the parts explain the score; the words are of its posts."""
    week, found = stories_of(
        [*chatter(50), *story(0, 5, "The Brightwater-2 bridge is announced", "ferry")], Past({}, 5.0)
    )
    seen = [int(index) for one in found.stories for index in one.members]
    assert len(seen) == len(set(seen))
    best = found.stories[0]
    assert np.isclose(sum(best.score_parts.values()), best.score, atol=1e-4)
    assert "brightwater-2" in [word for word, _ in best.words]
    assert sorted(best.members.tolist()) == best.members.tolist()
    assert stories_of([])[1] == Ranked([], 0, 0)
    assert len(week) == 55


def test_a_mixture_is_no_section() -> None:
    """Three people whose posts are near each other and have no word in common are not told as one story."""
    texts = ("Dunmore college hires a cook", "A prize for painters is given", "Who mends roofs in autumn")
    mixed = [embedded(post(n, text, author=f"m{n}", likes=90), direction("ferry")) for n, text in enumerate(texts)]
    _, found = stories_of([*chatter(50), *mixed, *story(20, 3, "Brightwater-2 bridge is announced", "violin")])
    assert [one.people for one in found.stories[: found.told] if any(index < 3 for index in one.distinct.tolist())] in (
        [],
        [1],
    )


def talk(number: int) -> list[EmbeddedTweet]:
    """Two people on one talk of a conference that everybody there names."""
    own = ("harvest of eels", "copper for pumps", "orchards at sea", "thunder in fog", "velvet sails", "pigeon post")
    subject = own[number % len(own)]
    texts = (
        f"Paper{number}X on {subject} is presented at #QuayConf31",
        f"Go and see Paper{number}X, {subject}, #QuayConf31",
    )
    return [
        embedded(
            post(600 + 2 * number + half, text, author=f"t{number}{half}", hours=20 + number, likes=40),
            direction(SUBJECTS[number]),
        )
        for half, text in enumerate(texts)
    ]


def test_talks_of_one_conference_stay_stories_of_their_own() -> None:
    """Their common hashtag bursts, and each talk is about something else."""
    talks = [one for number in range(6) for one in talk(number)]
    _, found = stories_of([*chatter(50), *talks], Past({"harbour": 4.0}, 12.0))
    told = [one for one in found.stories[: found.told] if one.people > 1]
    assert len(told) >= 4
    assert all(one.people == 2 for one in told)


def test_desks_that_repeat_a_headline_are_one_entry() -> None:
    """Five desks write of one flood in nearly the same words; two of them go on about it in words of their own."""
    flood = story(0, 5, "The river Veering floods the town of Dunmore, thousands leave", "ferry")
    after = [
        embedded(
            post(90 + n, f"Dunmore after the Veering flood: {text}", author=f"s0{n}", hours=60, likes=20),
            0.8 * direction("ferry") + 0.6 * direction("violin"),
        )
        for n, text in enumerate(("schools are shut", "the bridge is gone"))
    ]
    week, found = stories_of([*chatter(50), *flood, *after], Past({"harbour": 4.0}, 12.0))
    about = [text for text in texts(week, found) if "Dunmore" in text]
    assert len(about) == 1


BRIDGE = "The Brightwater-2 bridge opens today after ten years"


def test_a_week_in_which_nobody_shares_anything_tells_hardly_a_thing() -> None:
    """No story of several people, and no more than one line in sixteen posts."""
    for count in (9, 20, 50):
        _, found = stories_of(chatter(count))
        assert found.told <= max(1, count // 16)
        assert all(one.people == 1 for one in found.stories[: found.told])


def test_a_week_of_bare_links_tells_the_page_that_people_share() -> None:
    """Its title tells what it is; links without a title tell nothing."""

    def link(number: int, url: str, author: str, title: str | None) -> EmbeddedTweet:
        bare = post(number, "https://t.co/x", author=author, hours=20 + number / 10)
        bare = msgspec.structs.replace(bare, links=[Link(url=url, title=title)])
        return embedded(bare, direction(SUBJECTS[number % 60]))

    others = [link(n, f"https://example.org/{n}", f"p{n % 10}", None) for n in range(30)]
    same = [link(100 + n, "https://example.org/one", f"p{n}", BRIDGE) for n in range(4)]
    _, found = stories_of([*others, *same])
    assert [one.people for one in found.stories[: found.told]] == [4]
    assert stories_of(others)[1].told == 0


def test_a_week_of_quotes_tells_the_post_that_people_quote() -> None:
    """Their own words say nothing: what they quote is the story."""

    def quote(number: int, author: str, related: str, quoted: str) -> EmbeddedTweet:
        made = post(number, "So true", author=author, hours=20 + number / 10, kind="quote", related=related)
        return embedded(msgspec.structs.replace(made, quoted_text=quoted), direction(SUBJECTS[number % 60]))

    others = [quote(n, f"p{n % 10}", f"x{n}", f"Some {SUBJECTS[n]} is for sale at my place") for n in range(30)]
    same = [quote(100 + n, f"p{n}", "y", BRIDGE) for n in range(4)]
    week, found = stories_of([*others, *same])
    assert found.stories[0].people == 4
    assert found.told >= 1
    assert week.posts[int(found.stories[0].distinct[0])].related_id == "y"


def test_an_advertisement_that_accounts_repeat_stays_behind_a_story() -> None:
    """Four accounts post one text three times each; as many people speak of a bridge in words of their own."""
    text = "Learn boats in ten days with our wonderful course for everybody, enrol at https://example.org/c"
    for tags in ("", " #boats #sails #sea", " #boats #sails #sea #ships #wind #water #sun #rope #keel #oar"):
        posts = [
            embedded(
                post(700 + n, text + tags, author=f"ad{n % 4}", hours=10 * n, links=["https://example.org/c"], likes=2),
                direction("cheese"),
            )
            for n in range(12)
        ]
        week, found = stories_of([*chatter(50), *posts, *story(0, 4, "The Brightwater-2 bridge opens today", "ferry")])
        told = texts(week, found)
        assert "Brightwater-2" in told[0]
        assert not any("Learn boats" in one for one in told)


def test_three_of_a_small_circle_are_a_story() -> None:
    """What is enough scales with how many post."""
    _, found = stories_of([*chatter(20), *story(0, 3, f"{BRIDGE}, they say", "ferry")])
    assert found.stories[0].people == 3
    assert found.told >= 1
