"""Lists of people from files, merging them, and suggesting more."""

from datetime import UTC, datetime

import pytest

from models.events import Influencer, Tweet, wire
from streams.kafka.influencers import InfluencerError, addition, found, merged
from streams.sources.people.files import handle_on, read_people
from streams.sources.people.scores import scored
from streams.sources.people.suggestions import suggest
from streams.sources.people.wanted import People

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)


def tweet(number: int, author: str, **more: object) -> Tweet:
    fields = {"id": str(number), "author_id": author, "author": author, "created_at": NOW, "text": "x", **more}
    return Tweet(**fields)  # type: ignore[arg-type]


def person(name: str, **handles: str) -> Influencer:
    return Influencer(id=name, name=name, handles=handles)


def test_a_bare_list_tells_the_platform_by_the_shape() -> None:
    """X, Bluesky, Mastodon and feeds; comments and blank lines; or the platform as given."""
    people = read_people("# mine\n@Ada\n\nada.bsky.test\ngrace@home.test\nhttps://blog.test/feed/\ndid:plc:x\n")
    assert [next(iter(p.handles.items())) for p in people] == [
        ("x", "Ada"),
        ("bluesky", "ada.bsky.test"),
        ("mastodon", "grace@home.test"),
        ("rss", "https://blog.test/feed/"),
        ("bluesky", "did:plc:x"),
    ]
    assert [p.id for p in people[:2]] == ["ada", "ada.bsky.test"]
    assert read_people("ada.test", "bluesky")[0].handles == {"bluesky": "ada.test"}


def test_addresses_of_profiles_are_handles() -> None:
    """The usual addresses; in a plain list only those that cannot be a feed."""
    assert handle_on("x", "https://x.com/ada?s=20") == handle_on("x", "https://twitter.com/ada/") == "ada"
    assert (
        handle_on("bluesky", "https://bsky.app/profile/ada.test") == handle_on("bluesky", "at://ada.test") == "ada.test"
    )
    for address in ("acct:ada@home.test", "https://home.test/users/ada", "https://elsewhere.test/@ada@home.test"):
        assert handle_on("mastodon", address) == "ada@home.test"
    assert handle_on("rss", "HTTPS://Ada.test/Feed") == "HTTPS://Ada.test/Feed"
    assert handle_on("mastodon", "https://home.test/@ada") == handle_on("mastodon", "@ada@home.test") == "ada@home.test"
    people = read_people("https://x.com/ada\nhttps://bsky.app/profile/did:plc:x\n")
    assert [person.handles for person in people] == [{"x": "ada"}, {"bluesky": "did:plc:x"}]


@pytest.mark.parametrize(
    ("platform", "handle"),
    [("x", "ada lovelace"), ("bluesky", "ada"), ("mastodon", "ada"), ("mastodon", "@home.test"), ("rss", "ada.test")],
)
def test_what_no_platform_would_find_is_refused(platform: str, handle: str) -> None:
    """A Mastodon user without a host would be followed, and every post would be a stranger's."""
    with pytest.raises(ValueError, match="is no"):
        handle_on(platform, handle)


def test_a_list_can_be_exported_and_imported() -> None:
    """The array that `influencers list --json` prints."""
    whole = Influencer(id="ada", name="Ada", handles={"x": "ada"}, weight=2.0, tags=["nlp"])
    assert read_people(f"[\n{wire.encode(whole).decode()}\n]") == [whole]
    with pytest.raises(ValueError, match="entry 1"):
        read_people('[{"id": "ada"}]')


def test_repeated_lines_are_one_and_contradicting_ones_are_told() -> None:
    """Two people with one handle cannot be separated."""
    assert len(read_people("ada\n@ada\nADA_\n")) == 2
    with pytest.raises(ValueError, match="line 3: ada stands in line 2 already"):
        read_people("name,x\nAda,ada\nBob,ada\n")


def test_a_bare_handle_takes_nothing_away() -> None:
    """A repeated import of handles keeps names and weights. An addition finds its person and keeps the weight."""
    ada = Influencer(id="ada", name="Ada Example", handles={"x": "ada"}, weight=3.0, tags=["nlp"])
    assert merged([ada], read_people("ada")) == [ada]
    bluesky = Influencer(id="ada.test", name="ada example", handles={"bluesky": "ada.test"})
    added = addition([ada], bluesky, by_name=True, weighted=False)
    assert (added.id, added.weight, added.handles) == ("ada", 3.0, {"bluesky": "ada.test"})
    assert addition([ada], bluesky, by_name=True, weighted=True).weight == 1.0
    assert addition([ada], bluesky, by_name=False, weighted=False) == bluesky
    assert addition([], bluesky, by_name=True, weighted=False) == bluesky


def test_csv_and_json_lines() -> None:
    """Columns by name; whole objects."""
    (ada,) = read_people("name, x, rss, weight, tags\nAda Example, @ada, https://a.test/f, 2.5, nlp vision\n")
    assert (ada.id, ada.name, ada.weight, ada.tags) == ("ada", "Ada Example", 2.5, ["nlp", "vision"])
    assert ada.handles == {"x": "ada", "rss": "https://a.test/f"}
    whole = Influencer(id="ada", name="Ada", handles={"x": "ada"})
    assert read_people('{"id": "ada", "name": "Ada", "handles": {"x": "ada"}}') == [whole]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("ada\nnot a handle\n", "line 2: 'not a handle' is no X handle"),
        ("name,x,weight\nAda,ada,1000\n", "line 2"),
        ('{"id": "ada"}', "line 1"),
    ],
)
def test_a_wrong_line_is_named(text: str, message: str) -> None:
    """A file with a wrong line adds nobody."""
    with pytest.raises(ValueError, match=message):
        read_people(text)


def test_merging_keeps_other_handles_and_refuses_stolen_ones() -> None:
    """A further handle for a person; another person's handle is an error that names the owner."""
    listed = [Influencer(id="ada", name="Ada", handles={"x": "ada"}, tags=["nlp"])]
    (ada,) = merged(listed, [Influencer(id="ada", name="Ada E.", handles={"rss": "https://a.test"}, tags=["ml"])])
    assert (ada.name, ada.handles, ada.tags) == ("Ada E.", {"x": "ada", "rss": "https://a.test"}, ["ml", "nlp"])
    with pytest.raises(InfluencerError, match="ADA on x already belongs to ada"):
        merged(listed, [person("grace", x="ADA")])
    assert found(listed, "@ADA") == listed[0]
    assert found(listed, "grace") is None


def test_suggestions_count_people_not_posts() -> None:
    """Five retweets by one person are one vote; unlisted people have none; listed people are not suggested."""
    people = People([person("ada", x="ada"), person("grace", x="grace")])
    posts = [
        *(tweet(n, "ada", kind="retweet", related_author="Loud", mentions=["loud"]) for n in range(5)),
        tweet(10, "ada", kind="quote", related_author="wise"),
        tweet(11, "grace", mentions=["wise", "ada"]),
        *(tweet(20 + n, f"stranger{n}", mentions=["spam"]) for n in range(9)),
    ]
    best = suggest(posts, people, 10)
    assert [(one.handle, one.score) for one in best] == [("wise", 1.5), ("loud", 1.0)]
    assert best[0].voters == {"mention": ["grace"], "quote": ["ada"]}
    assert best[0].evidence == ["10", "11"]
    assert len(best[1].evidence) == 5


def test_scores_have_parts_and_silent_people_have_none() -> None:
    """Influence as the digest computes it, for listed people, best first."""
    posts = [
        tweet(1, "ada"),
        tweet(2, "grace", kind="retweet", related_author="ada", related_id="1"),
        tweet(3, "bob", kind="retweet", related_author="ada", related_id="1"),
    ]
    rows = scored([person("alan", x="alan"), person("grace", x="grace"), person("ada", x="ada")], posts)
    assert [row["id"] for row in rows] == ["ada", "grace", "alan"]
    assert rows[0]["posts"] == 1
    assert isinstance(rows[0]["parts"], dict)
    assert {"graph", "reach", "curated"} <= set(rows[0]["parts"])
    assert rows[2]["influence"] is None
    assert scored([person("alan")], [])[0]["influence"] is None
