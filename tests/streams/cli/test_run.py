"""Which sources `toptopics run` starts."""

import pytest

from models.events import Influencer
from streams.cli.run_all import NEEDED, sources_for
from streams.sources.registry import SOURCES
from streams.sources.variables import VARIABLES


@pytest.mark.parametrize(
    ("platforms", "variables", "able", "missing"),
    [
        ([], [], [], []),
        (["bluesky", "rss"], [], ["bluesky", "rss"], []),
        (["rss", "x"], [], ["rss"], ["1 of 2 people are on x: set X_BEARER_TOKEN"]),
        (["x"], ["X_BEARER_TOKEN"], ["x-timelines"], []),
        (["mastodon", "mastodon"], ["MASTODON_URL"], ["mastodon"], []),
        (["mastodon", "mastodon"], [], [], ["2 of 2 people are on mastodon: set MASTODON_URL"]),
        ([], ["X_BEARER_TOKEN", "MASTODON_URL"], [], []),
    ],
)
def test_sources_that_have_people_and_access_run(
    platforms: list[str], variables: list[str], able: list[str], missing: list[str]
) -> None:
    """The others are named with what they lack."""
    people = [Influencer(id=f"p{n}", name="P", handles={name: f"h{n}"}) for n, name in enumerate(platforms)]
    assert sources_for(people, variables) == (able, missing)


def test_the_names_are_those_of_the_registry() -> None:
    """Sources and their variables."""
    assert NEEDED.keys() <= SOURCES.keys()
    assert {name for name in NEEDED.values() if name} <= VARIABLES.keys()
