"""The queues of the endpoints, subscriptions, and the times of attempts."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.delivery.pusher import DELAYS, next_attempt
from streams.delivery.queue import DeliveryQueue
from streams.delivery.subscription import Subscription, SubscriptionError, checked, from_file
from streams.system.files import LockedError, locked

HOOK = checked(Subscription(name="team", url="https://example.org/secret/path", since="2021-W18"))


@pytest.fixture
def queue(tmp_path: Path) -> DeliveryQueue:
    made = DeliveryQueue(tmp_path / "push.sqlite3")
    made.put_subscription(HOOK)
    return made


def test_a_digest_is_queued_once_and_survives_a_restart(queue: DeliveryQueue, tmp_path: Path) -> None:
    """Reading the log again, or a restart, repeats nothing."""
    assert queue.add("team", "2021-W18", "aa", 1)
    assert not queue.add("team", "2021-W18", "aa", 1)
    again = DeliveryQueue(tmp_path / "push.sqlite3")
    delivery = again.next_of("team")
    assert delivery is not None
    again.delivered(delivery, 1.0)
    assert not DeliveryQueue(tmp_path / "push.sqlite3").add("team", "2021-W18", "aa", 1)
    assert queue.next_of("team") is None


def test_a_correction_takes_the_place_of_what_still_waits(queue: DeliveryQueue) -> None:
    """Nobody needs the wrong one first. A return to the first bytes is a correction too."""
    queue.add("team", "2021-W18", "aa", 1)
    queue.add("team", "2021-W18", "bb", 2)
    delivery = queue.next_of("team")
    assert delivery is not None
    assert delivery.hash == "bb"
    queue.delivered(delivery, 1.0)
    assert queue.next_of("team") is None
    assert queue.add("team", "2021-W18", "aa", 3)


def test_weeks_go_out_in_order(queue: DeliveryQueue) -> None:
    """Whatever the order of arrival."""
    for week in ("2021-W20", "2021-W18", "2021-W19"):
        queue.add("team", week, "aa", 1)
    delivery = queue.next_of("team")
    assert delivery is not None
    assert delivery.week == "2021-W18"


def test_a_new_subscriber_gets_what_it_asked_for(queue: DeliveryQueue) -> None:
    """From its week on, or only new digests; only its first check decides."""
    there = [("2021-W17", "aa", 1), ("2021-W18", "bb", 1)]
    later = checked(Subscription(name="later", url="https://example.org/"))
    queue.put_subscription(later)
    for subscription in (HOOK, later):
        queue.catch_up(subscription, there)
        for entry in there:
            queue.add(subscription.name, *entry)
    first = queue.next_of("team")
    assert first is not None
    assert first.week == "2021-W18"
    assert queue.next_of("later") is None
    queue.catch_up(later, [*there, ("2021-W19", "cc", 1)])
    assert queue.add("later", "2021-W19", "cc", 1)


def test_a_replacement_with_an_earlier_week_gets_what_was_skipped(queue: DeliveryQueue) -> None:
    """`subscriptions add NAME --from` for an existing name: neither delivered nor corrected digests are sent."""
    there = [(f"2021-W{week}", "aa", 1) for week in (15, 16, 17, 18)]
    queue.catch_up(HOOK, there)
    queue.add("team", "2021-W18", "aa", 1)
    delivery = queue.next_of("team")
    assert delivery is not None
    queue.delivered(delivery, 1.0)
    earlier = checked(Subscription(name="team", url=HOOK.url, since="2021-W16"))
    corrected = [*there[:2], ("2021-W17", "bb", 2), there[3]]
    queue.put_subscription(earlier)
    queue.catch_up(earlier, corrected)
    for entry in corrected:
        queue.add("team", *entry)
    waiting = []
    while (delivery := queue.next_of("team")) is not None:
        waiting.append((delivery.week, delivery.hash))
        queue.delivered(delivery, 2.0)
    assert waiting == [("2021-W16", "aa"), ("2021-W17", "bb")]


def test_the_state_shows_failing_and_dead_and_no_secret(queue: DeliveryQueue) -> None:
    """The fields that `toptopics subscriptions list` shows."""
    queue.add("team", "2021-W18", "aa", 1)
    delivery = queue.next_of("team")
    assert delivery is not None
    queue.failed(delivery, "answered 500", 100.0, 1.0)
    (state,) = queue.states()
    assert (state.state, state.attempts, state.error) == ("failing", 1, "answered 500")
    delivery = queue.next_of("team")
    assert delivery is not None
    queue.failed(delivery, "answered 500", None, 2.0)
    (state,) = queue.states()
    assert (state.state, state.dead) == ("dead", 1)
    assert "path" not in state.subscription.shown_url
    assert queue.revive("team") == 1
    assert queue.next_of("team") is not None


def test_secrets_are_nobody_elses(queue: DeliveryQueue, tmp_path: Path) -> None:
    """Only the user can read the file."""
    assert (tmp_path / "push.sqlite3").stat().st_mode & 0o077 == 0


def test_removing_forgets_the_queue(queue: DeliveryQueue) -> None:
    """Nothing can be added afterwards."""
    queue.add("team", "2021-W18", "aa", 1)
    assert queue.remove_subscription("team")
    assert not queue.remove_subscription("team")
    assert queue.next_of("team") is None
    assert not queue.add("team", "2021-W19", "aa", 1)


@given(st.integers(0, len(DELAYS) - 1), st.floats(0, 1e9), st.floats(-0.1, 0.1), st.none() | st.floats(0, 1e6))
def test_attempts_grow_rarer_for_a_day(attempts: int, now: float, jitter: float, asked: float | None) -> None:
    """Always in the future, never later than the longest wait, and as late as the receiver asks within that."""
    due = next_attempt(attempts, now, retry_after=asked, jitter=jitter)
    assert due is not None
    assert now < due <= now + DELAYS[-1] * 1.1 + 1
    if asked is not None and asked <= DELAYS[-1]:
        assert due >= now + asked - 1
    assert next_attempt(len(DELAYS), now) is None
    assert sum(DELAYS) == 24 * 3600


def test_a_file_of_subscriptions(tmp_path: Path) -> None:
    """TOML; names are unique; a secret is made once and kept."""
    path = tmp_path / "subscriptions.toml"
    path.write_text(
        '[[subscription]]\nname = "team"\nurl = "https://example.org/h"\nsince = "2021-W18"\n'
        '[[subscription]]\nname = "me"\nurl = "mailto://u:p@example.org"\n'
    )
    team, me = (checked(found) for found in from_file(path))
    assert (team.kind, me.kind) == ("webhook", "apprise")
    assert checked(from_file(path)[0], team).secret == team.secret
    assert me.shown_url == "mailto://…"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[[subscription]]\nname = "a"\nurl = "https://x"\n' * 2, "twice"),
        ("[[subscription]\n", "subscriptions.toml"),
        ('[[subscription]]\nname = "a"\n', "url"),
        ('[[subscription]]\nname = "../a"\nurl = "https://x"\n', "name"),
        ('[[subscription]]\nname = "a"\nurl = "nonsense"\n', "address"),
        ('[[subscription]]\nname = "a"\nurl = "https://x"\nsince = "last week"\n', "ISO week"),
        ('[[subscription]]\nname = "a"\nurl = "https://x"\nsecret = "whsec_AAAA"\n', "24 to 64"),
        ('[[subscription]]\nname = "a"\nurl = "https://x"\nsecret = "whsec_ä"\n', "base64"),
    ],
)
def test_a_wrong_subscription_is_told(tmp_path: Path, text: str, said: str) -> None:
    """The error names the mistake."""
    path = tmp_path / "subscriptions.toml"
    path.write_text(text)
    with pytest.raises(SubscriptionError, match=said):
        [checked(found) for found in from_file(path)]


def test_only_one_process_delivers(tmp_path: Path) -> None:
    """Two would send everything twice."""
    with locked(tmp_path / "lock"), pytest.raises(LockedError), locked(tmp_path / "lock"):
        pass
    with locked(tmp_path / "lock"):
        pass
