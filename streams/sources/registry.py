"""The table of live sources: the name of each, and how it is made. Every other part reads this table.

The classes of a source are imported when it is made. Secrets and addresses come from the environment only;
`streams.sources.variables` lists them.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from streams.clock import Clock
from streams.sources.people.wanted import People
from streams.sources.port import RefusedError, Source
from streams.sources.sent_posts import Memory
from streams.sources.variables import VARIABLES

if TYPE_CHECKING:
    import httpx


@dataclass(frozen=True)
class Making:
    """What a source is made of."""

    people: People
    environment: Mapping[str, str]
    client: "httpx.AsyncClient"
    clock: Clock
    every: float | None = None
    lookback_days: float = 1.0
    memory: Memory = field(default_factory=Memory)

    def given(self, name: str, default: str = "") -> str:
        """A variable's value, or the default when unset or empty."""
        return self.environment.get(name) or default

    def number(self, name: str, default: int) -> int:
        """A variable as a positive number; raises RefusedError naming it."""
        given = self.given(name, str(default))
        if not given.isdecimal() or not int(given):
            raise RefusedError(f"{name} is {given!r}, not a positive number")
        return int(given)

    def needed(self, name: str) -> str:
        """A variable's value; raises RefusedError naming it."""
        if not self.environment.get(name):
            of, _colon, what = VARIABLES[name].partition(": ")
            raise RefusedError(f"set {name} ({of}): {what}")
        return self.environment[name]

    def waiting(self, default: float) -> float:
        """Seconds between two rounds."""
        return self.every if self.every is not None else default


def _x_stream(making: Making) -> Source:
    from streams.sources.x.api import XApi
    from streams.sources.x.stream import Plan, XStream

    token, url = making.needed("X_BEARER_TOKEN"), making.given("TOPTOPICS_X_URL", "https://api.x.com")
    plan = Plan(making.number("TOPTOPICS_X_RULES", 1_000), making.number("TOPTOPICS_X_RULE_LENGTH", 512))
    api = XApi(token, base_url=url, clock=making.clock)
    return XStream(
        making.people, api, bearer_token=token, base_url=url, clock=making.clock, plan=plan,
        lookback_days=making.lookback_days, memory=making.memory,
    )  # fmt: skip


def _x_timelines(making: Making) -> Source:
    from streams.sources.x.api import XApi
    from streams.sources.x.timelines import XTimelines

    url = making.given("TOPTOPICS_X_URL", "https://api.x.com")
    api = XApi(making.needed("X_BEARER_TOKEN"), base_url=url, clock=making.clock)
    return XTimelines(
        making.people, api, clock=making.clock, every=making.waiting(900.0), lookback_days=making.lookback_days,
        memory=making.memory,
    )  # fmt: skip


def _x_deletions(making: Making) -> Source:
    from streams.sources.x.api import XApi
    from streams.sources.x.deletions import XDeletions

    url = making.given("TOPTOPICS_X_URL", "https://api.x.com")
    api = XApi(making.needed("X_BEARER_TOKEN"), base_url=url, clock=making.clock)
    return XDeletions(making.memory, api, clock=making.clock, every=making.waiting(86_400.0))


def _bluesky(making: Making) -> Source:
    from streams.sources.bluesky.appview import AppView
    from streams.sources.bluesky.jetstream import Bluesky

    appview = AppView(
        making.given("TOPTOPICS_BLUESKY_APPVIEW", "https://public.api.bsky.app"), making.client, making.clock
    )
    url = making.given("TOPTOPICS_BLUESKY_URL", "wss://jetstream2.us-east.bsky.network/subscribe")
    return Bluesky(
        making.people, url=url, appview=appview, clock=making.clock, memory=making.memory,
        lookback_days=making.lookback_days,
    )  # fmt: skip


def _mastodon(making: Making) -> Source:
    from streams.sources.mastodon.stream import MastodonInstance

    token = making.given("MASTODON_ACCESS_TOKEN") or None
    url = making.needed("MASTODON_URL")
    return MastodonInstance(
        making.people, url=url, token=token, clock=making.clock, memory=making.memory, every=making.waiting(120.0),
        lookback_days=making.lookback_days,
    )  # fmt: skip


def _rss(making: Making) -> Source:
    from streams.sources.feeds.poll import Feeds

    return Feeds(
        making.people, making.client, clock=making.clock, every=making.waiting(900.0),
        lookback_days=making.lookback_days, memory=making.memory,
    )  # fmt: skip


SOURCES: dict[str, Callable[[Making], Source]] = {
    "x-stream": _x_stream,
    "x-timelines": _x_timelines,
    "x-deletions": _x_deletions,
    "bluesky": _bluesky,
    "mastodon": _mastodon,
    "rss": _rss,
}


def environment() -> Mapping[str, str]:
    """The variables of the table that are set."""
    return {name: os.environ[name] for name in VARIABLES if name in os.environ}
