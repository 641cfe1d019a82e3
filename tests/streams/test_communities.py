"""A community's settings: names of its own for everything, and the way back to what all of them share."""

from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from models.events import Community
from streams.kafka.communities import settings_of
from streams.kafka.log import group_name, topic_name
from streams.kafka.topics import COMMUNITIES, TOPICS
from streams.settings import Settings, load_settings, of_community, of_installation


@pytest.fixture
def installation(tmp_path: Path) -> Settings:
    return load_settings(
        prefix="t-", data_dir=tmp_path, metrics_port=9100, public_url="https://x.example", api_token=SecretStr("s")
    )


def test_a_community_has_names_of_its_own(installation: Settings) -> None:
    """Only the list of communities, and the embed stage that serves all of them, are shared."""
    own = of_community(installation, "ml")
    theirs = {topic_name(own, topic) for topic in TOPICS} & {topic_name(installation, topic) for topic in TOPICS}
    assert theirs == {topic_name(installation, COMMUNITIES)}
    assert topic_name(own, TOPICS[0]) == "t-ml.tweets"
    assert group_name(own, "embed") == group_name(installation, "embed")
    assert group_name(own, "assign") == "t-ml.toptopics-assign"
    assert own.data_dir == installation.data_dir / "communities" / "ml"
    assert own.public_url == "https://x.example/c/ml"
    assert own.api_token is None, "the installation's token opens no community"


def test_the_way_back(installation: Settings) -> None:
    """What is shared is found from a community's settings, and other settings are left alone."""
    shared = of_installation(of_community(installation, "ml"))
    assert shared == installation.model_copy(update={"api_token": None})
    assert of_installation(installation) == installation


def test_the_list_says_more(installation: Settings) -> None:
    """No two communities have the same ports."""
    one, two = (
        settings_of(installation, Community(name=name, number=number, timezone=zone, lateness_hours=12.0))
        for name, number, zone in (("ml", 1, "Asia/Tokyo"), ("bio", 2, "UTC"))
    )
    assert (one.timezone, one.lateness_hours, one.metrics_port) == ("Asia/Tokyo", 12.0, 9120)
    assert two.metrics_port == 9140
    assert (
        settings_of(installation.model_copy(update={"metrics_port": 0}), Community(name="ml", number=1)).metrics_port
        == 0
    )


@pytest.mark.parametrize("name", ["ML", "a.b", "-a", "a" * 21, "a/b", "ml\n"])
def test_what_is_no_name(name: str) -> None:
    """It becomes a part of topics, keys, folders and paths."""
    with pytest.raises(ValidationError):
        load_settings(community=name)
