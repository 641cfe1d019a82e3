"""Alerts: each rule says what it should, once per cool-down, across restarts and failing channels."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest

from models.events import TopicEvent
from streams.delivery.alert_rules import Alert, Rules, RulesError, harmless, load_rules
from streams.delivery.alerts import Alerts
from streams.delivery.errors import DeliveryError
from streams.system.metrics import Metrics
from streams.views.memory import MemoryViews
from tests.support.view_examples import assignment, event

FILE = """
channels:
  team: env:TEAM_URL
  hook: {webhook: "http://127.0.0.1:1/", secret: env:SECRET}
rules:
  - {name: breaking, new_topic: {people: 3}, send: [team]}
  - {name: hot, rises: hot, window: 24h, send: [team, hook]}
  - {name: stories, rises: rising, send: [hook]}
  - {name: us, words: [Wav2Vec], send: [team]}
  - {name: experts, first_post_by: ["@Ada_Handle"], send: [team]}
"""


class MemoryClaims:
    """Claims that outlive the `Alerts` object, as Redis' do; time passes when told to."""

    def __init__(self) -> None:
        self.until: dict[str, int] = {}
        self.now = 0

    async def claim(self, key: str, seconds: int) -> bool:
        """See `Claims`."""
        if self.until.get(key, 0) > self.now:
            return False
        self.until[key] = self.now + seconds
        return True

    async def extend(self, key: str, seconds: int) -> None:
        """See `Claims`."""
        self.until[key] = self.now + seconds

    async def held(self, keys: Sequence[str]) -> int:
        """See `Claims`."""
        return sum(self.until.get(key, 0) > self.now for key in keys)


class Inbox:
    """Delivers into a list; channels in `broken` take nothing."""

    def __init__(self) -> None:
        self.got: list[tuple[str, Alert]] = []
        self.broken: set[str] = set()

    async def __call__(self, channel: str, alert: Alert) -> None:
        """See `Deliver`."""
        if channel in self.broken:
            raise DeliveryError("down")
        self.got.append((channel, alert))

    def rules(self) -> list[tuple[str, str]]:
        """(rule, channel) of what came."""
        return [(alert.rule, channel) for channel, alert in self.got]


def rules(tmp_path: Path, text: str = FILE) -> Rules:
    """The file, read."""
    path = tmp_path / "rules.yaml"
    path.write_text(text)
    return load_rules(path, {"TEAM_URL": "json://127.0.0.1:1/", "SECRET": "s"})


def only(rules: Rules, name: str) -> Rules:
    """One of the rules."""
    return Rules(channels=rules.channels, rules=[rule for rule in rules.rules if rule.name == name])


async def test_a_new_topic_with_enough_people_is_told_once(tmp_path: Path) -> None:
    """Not with fewer, not again after a restart, again after the cool-down."""
    views, claims, inbox = MemoryViews(), MemoryClaims(), Inbox()
    alerts = Alerts(only(rules(tmp_path), "breaking"), views, claims, inbox, Metrics())
    await views.apply_assignments([assignment("1", "T1", author="a"), assignment("2", "T1", author="b")])
    assert await alerts.check() == 0
    await views.apply_assignments([assignment("3", "T1", author="c")])
    assert await alerts.check() == 1
    restarted = Alerts(only(rules(tmp_path), "breaking"), views, claims, inbox, Metrics())
    assert await restarted.check() == 0
    claims.now += 7 * 86_400 + 1
    assert await Alerts(only(rules(tmp_path), "breaking"), views, claims, inbox, Metrics()).check() == 1
    assert [found.kind for found in await views.events(None, 10)] == ["alert"]


async def test_a_story_is_told_once_even_under_another_topic(tmp_path: Path) -> None:
    """It moves to a new topic while it grows, also across a restart; another story on that topic is told."""
    views, claims, inbox = MemoryViews(), MemoryClaims(), Inbox()
    told = only(rules(tmp_path), "stories")
    await views.apply_assignments([assignment(f"s{i}", "T1", author=f"a{i}") for i in range(4)])
    await views.apply_topic_events([story("T1", range(4))])
    assert await Alerts(told, views, claims, inbox, Metrics()).check() == 1
    await views.apply_assignments([assignment(f"s{i}", "T2", author=f"a{i}", hours=i / 10) for i in range(4, 9)])
    growing = Alerts(told, views, claims, inbox, Metrics())
    await views.apply_topic_events([story("T1", range(7), hours=1)])
    assert await growing.check() == 0
    await views.apply_topic_events([story("T1", ()), story("T2", range(2, 9), hours=1)])
    assert await growing.check() == 0
    await views.apply_assignments([assignment(f"n{i}", "T2", author=f"b{i}", hours=1) for i in range(5)])
    await views.apply_topic_events([story("T2", range(5), name="n", hours=2)])
    assert await growing.check() == 1
    assert [alert.topic_id for _, alert in inbox.got] == ["T1", "T2"]


def story(topic: str, posts: Iterable[int], *, name: str = "s", hours: float = 0) -> TopicEvent:
    """The event that tells the posts of a topic's story."""
    ids = [f"{name}{i}" for i in posts]
    return event("merged", topic, hours=hours, step="story", level="rising" if ids else "", story_ids=ids)


async def test_an_old_topic_is_not_new(tmp_path: Path) -> None:
    """Its first post is more than a day old."""
    views, inbox = MemoryViews(), Inbox()
    await views.apply_assignments([assignment("0", "T1", hours=-30)])
    await views.apply_assignments([assignment(f"{i}", "T1", author=f"a{i}") for i in range(1, 6)])
    alerts = Alerts(only(rules(tmp_path), "breaking"), views, MemoryClaims(), inbox, Metrics())
    assert await alerts.check() == 0


async def test_words_and_trend(tmp_path: Path) -> None:
    """Words of the posts count, in any case; six people about something new are hot."""
    views, inbox = MemoryViews(), Inbox()
    await views.apply_assignments(
        [assignment(f"{i}", "T1", author=f"a{i}", text="wav2vec, again", hours=-2) for i in range(6)]
        + [assignment("x", "T2", author="b", text="something else")]
    )
    await Alerts(rules(tmp_path), views, MemoryClaims(), inbox, Metrics()).check()
    assert sorted(inbox.rules()) == [
        ("breaking", "team"),
        ("hot", "hook"),
        ("hot", "team"),
        ("stories", "hook"),
        ("us", "team"),
    ]
    assert {alert.topic_id for _, alert in inbox.got} == {"T1"}


async def test_somebodys_first_post_on_a_topic(tmp_path: Path) -> None:
    """The handle decides, whatever its case; a second post or an older one is no first."""
    views, inbox, claims = MemoryViews(), Inbox(), MemoryClaims()
    alerts = Alerts(only(rules(tmp_path), "experts"), views, claims, inbox, Metrics())
    await views.apply_assignments([assignment("1", "T1", author="ada"), assignment("2", "T2", author="bob")])
    await views.apply_assignments([assignment("3", "T3", author="ada", hours=-5), assignment("4", "T3", author="ada")])
    assert await alerts.check() == 1
    assert inbox.got[0][1].topic_id == "T1"
    await views.apply_assignments([assignment("5", "T1", author="ada", hours=0.1)])
    assert await alerts.check() == 0


async def test_a_channel_that_fails_is_tried_again_and_the_other_is_not_told_twice(tmp_path: Path) -> None:
    """Each channel has a claim of its own."""
    views, inbox, claims, metrics = MemoryViews(), Inbox(), MemoryClaims(), Metrics()
    inbox.broken = {"hook"}
    alerts = Alerts(only(rules(tmp_path), "hot"), views, claims, inbox, metrics)
    await views.apply_assignments([assignment(f"{i}", "T1", author=f"a{i}") for i in range(6)])
    await alerts.check()
    inbox.broken = set()
    claims.now += 61
    await views.apply_assignments([assignment("9", "T1", author="z")])
    await alerts.check()
    assert inbox.rules() == [("hot", "team"), ("hot", "hook")]
    value = metrics.registry.get_sample_value
    assert value("toptopics_alerts_total", {"outcome": "failed"}) == 1


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("- a", "mapping"),
        ("channels: {a: env:NOT_SET}\nrules: []", "NOT_SET"),
        ("channels: {a: 'json://x'}\nrules: [{name: r, send: [b], trend_over: 1}]", "unknown channels: b"),
        ("channels: {a: 'json://x'}\nrules: [{name: r, send: [a]}]", "exactly one"),
        ("channels: {a: 'json://x'}\nrules: [{name: r, send: [a], words: [x], trend_over: 1}]", "exactly one"),
        ("channels: {a: 'json://x'}\nrules: [{name: r, send: [a], wrods: [x]}]", "wrods"),
        ("channels: {a: {}}\nrules: [{name: r, send: [a], trend_over: 1}]", "one of url and webhook"),
        ("channels: {a: {webhook: 'ftp://x'}}\nrules: [{name: r, send: [a], trend_over: 1}]", "https"),
        ("channels: {a: [}", "not YAML"),
        ("rules: []", "channels"),
    ],
)
def test_a_wrong_file_is_told_where(tmp_path: Path, text: str, reason: str) -> None:
    """Before anything is sent."""
    with pytest.raises(RulesError, match=reason):
        rules(tmp_path, text)


def test_addresses_are_secrets(tmp_path: Path) -> None:
    """They hold tokens, and must not be in a repr that a log may show."""
    assert "json://" not in repr(rules(tmp_path))


def test_a_post_cannot_address_the_whole_channel() -> None:
    """@everyone is defused; line breaks and controls are gone."""
    told = harmless("wow @everyone\n\x1b[31mred <!channel>")
    assert "@everyone" not in told
    assert "\n" not in told
    assert "\x1b" not in told
