"""Times of posts: weekly and daily rhythm, decay of a story, delay of arrival, and post ids."""

import random
from datetime import UTC, datetime, timedelta

from streams.demo.catalogue import DEMO_WEEKS

# activity by local hour and by weekday, relative to the busiest
_HOURS = (4, 2, 1, 1, 1, 3, 12, 30, 62, 84, 92, 90, 76, 82, 94, 100, 96, 86, 70, 58, 52, 46, 30, 13)
_WEEKDAYS = (0.92, 1.0, 1.0, 0.97, 0.88, 0.46, 0.42)
_WEEKDAY_NAMES = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

# ids in the platform's form: milliseconds since this instant, then 22 low bits
_ID_EPOCH = datetime(2010, 11, 4, 1, 42, 54, 657000, tzinfo=UTC)
DEMO_END = datetime(2021, 3, 22, tzinfo=UTC)


def week_start(week: str) -> datetime:
    """Monday 00:00 UTC of an ISO week such as ``2021-W11``."""
    return datetime.strptime(week + "-1", "%G-W%V-%u").replace(tzinfo=UTC)


def post_time(
    rng: random.Random,
    week: str,
    utc_offset: int,
    since: datetime | None = None,
    half_life_days: float | None = None,
    text: str = "",
) -> datetime:
    """Draw a time of a post.

    Args:
        rng: The generator.
        week: The ISO week.
        utc_offset: The author's time zone, in hours.
        since: The post is later, unless this is after the week.
        half_life_days: Prefers times soon after `since`.
        text: A text with ``Happy Friday`` is posted on a Friday.
    """
    start = week_start(week)
    end = start + timedelta(days=7)
    first = max(start, since) if since and since < end else start
    seconds = (end - first).total_seconds()
    while True:
        decay = 0.693 / (half_life_days * 86400) if half_life_days else None
        offset = rng.expovariate(decay) if decay else rng.random() * seconds
        if offset >= seconds:
            continue
        at = first + timedelta(milliseconds=int(offset * 1000))
        local = at + timedelta(hours=utc_offset)
        wanted = [day for day, name in enumerate(_WEEKDAY_NAMES) if f"happy {name}" in text.lower()]
        if wanted and local.weekday() not in wanted:
            continue
        if rng.random() < _HOURS[local.hour] / 100 * _WEEKDAYS[local.weekday()]:
            return at


def reaction_time(rng: random.Random, parent: datetime) -> datetime | None:
    """The time of a retweet or reply, mostly within hours. None after the demo's end."""
    at = parent + timedelta(seconds=40 + int(rng.lognormvariate(8.6, 1.5)), milliseconds=rng.randrange(1000))
    return at if at < DEMO_END else None


def arrival_delay(rng: random.Random, at: datetime) -> timedelta:
    """Delay between a post's creation and its arrival.

    Mostly seconds. One post in forty arrives within the day that a week stays open. A few arrive later, but only early
    in a week, so that the post's own week is still open.
    """
    draw = rng.random()
    if draw < 0.025:
        return timedelta(hours=rng.uniform(1, 23))
    if draw > 0.995 and at.weekday() < 3 and at > week_start(DEMO_WEEKS[0]) + timedelta(hours=6):
        return timedelta(hours=rng.uniform(26, 40))
    return timedelta(seconds=rng.uniform(0.2, 20))


def snowflake(rng: random.Random, at: datetime) -> int:
    """A numeric post id that grows with its time."""
    milliseconds = (at - _ID_EPOCH) // timedelta(milliseconds=1)
    return milliseconds << 22 | rng.getrandbits(22)
