"""What is unusual about the words of a week."""

import msgspec

from models.events import Link, Tweet
from models.ranking.publishers import publishers
from models.ranking.vocabulary import NO_PAST, Past, Vocabulary, past_of, vocabulary, with_week
from tests.models.ranking.test_continuity import digest
from tests.support.made_weeks import direction, embedded, post, week_of

BARLEY = [
    "We moved to Barley 4.2 today and Barley 4.2 is fast",
    "Is Barley 4.2 safe for the harvest queue?",
    "Notes on Barley 4.2 from our team",
]


def spoken_of(posts: list[Tweet], past: Past = NO_PAST) -> Vocabulary:
    """The vocabulary of a week of these posts."""
    return vocabulary(week_of(embedded(one, direction("wasps")) for one in posts), publishers(posts), past)


def test_a_name_and_its_version_are_one_term() -> None:
    """The version makes it another thing than last week's."""
    words = spoken_of([post(n, text, author=f"a{n}") for n, text in enumerate(BARLEY)])
    assert all("barley 4.2" in terms for terms in words.terms)
    assert words.users["barley 4.2"] == 3


def test_a_hyphen_before_a_number_is_a_space() -> None:
    """People write both."""
    words = spoken_of([post(1, "We try the ESP-4.2 now", author="a"), post(2, "So the ESP 4.2 is out", author="b")])
    assert words.users["esp 4.2"] == 2


def test_a_word_of_every_week_surprises_less_than_a_new_one() -> None:
    """Three people as every week are nothing; three people for the first time are."""
    posts = [post(n, text, author=f"a{n}") for n, text in enumerate(BARLEY)]
    known = Past({"barley": 3.0, "barley 4.2": 0.0}, 3.0)
    words = spoken_of(posts, known)
    assert words.surprise["barley"] == 0
    assert words.surprise["barley 4.2"] > 3


def test_an_account_is_no_news_in_its_own_posts() -> None:
    """A feed that signs its posts says nothing about itself; others who speak of it do."""
    own = msgspec.structs.replace(post(1, "The GrainDesk morning brief", author="graindesk"), author_name="GrainDesk")
    other = post(2, "Our interview with GrainDesk about prices", author="a2")
    words = spoken_of([own, other])
    assert [("graindesk" in terms) for terms in words.terms] == [False, True]


def test_quoted_words_and_titles_are_said_by_who_passes_them_on() -> None:
    """ "Wow" says nothing; what it quotes does."""
    quote = msgspec.structs.replace(post(1, "wow", kind="quote"), quoted_text="Meet OrlopDB, a database for barges")
    link = msgspec.structs.replace(
        post(2, "this", author="a2"), links=[Link(url="https://example.org/a", title="OrlopDB is out")]
    )
    words = spoken_of([quote, link])
    assert words.users["orlopdb"] == 2


def test_the_accounts_of_one_publisher_are_one_user() -> None:
    """Three channels of a desk are one voice."""
    desk = [
        msgspec.structs.replace(post(n, f"NWZ reports on OrlopDB {n}", author=handle), author_name=name)
        for n, (handle, name) in enumerate([("nwz", "NWZ"), ("nwzsport", "NWZ Sport"), ("nwzlive", "NWZ Live")])
    ]
    words = spoken_of([*desk, post(9, "A look at OrlopDB", author="a9")])
    assert words.users["orlopdb"] == 2


def test_the_past_fades_and_is_bounded() -> None:
    """A word that nobody says any more is forgotten; the digest hands on what the next week needs."""
    words = spoken_of([post(n, text, author=f"a{n}") for n, text in enumerate(BARLEY)])
    first = with_week(NO_PAST, words)
    assert first.words["barley"] == 3
    assert first.people == 3
    handed_on = msgspec.structs.replace(digest([]), past_words=dict(first.words), past_people=first.people)
    assert past_of(handed_on) == first
    silent = spoken_of([post(50, "soup for everybody again today", author="a1")])
    later = first
    for _ in range(12):
        later = with_week(later, silent)
    assert "barley" not in later.words


def test_digests_of_before_hand_on_their_known_names() -> None:
    """Old digests have no counts: a known name had three people."""
    old = msgspec.structs.replace(digest([]), known_names={"barley": 1})
    people = old.statistics.people
    assert past_of(old).words["barley"] > 2
    assert past_of(old).people == people
