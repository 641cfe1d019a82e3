"""Registry of the live sources: their names, and how each one is built. All other parts read this table.

A source's classes are imported when it is built. Secrets and addresses come from environment variables only;
`streams.sources.variables` lists them.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from streams.clock import Clock
from streams.sources.people.wanted import People
from streams.sources.port import RefusedError, Source
from streams.sources.sent_posts import SentPosts
from streams.sources.variables import VARIABLES

if TYPE_CHECKING:
    import httpx


@dataclass(frozen=True)
class SourceContext:
    """Dependencies of a source."""

    people: People
    environment: Mapping[str, str]  # variables of `streams.sources.variables`
    client: "httpx.AsyncClient"
    clock: Clock
    every: float | None = None  # seconds between two polls; None: the default of the source
    lookback_days: float = 1.0  # how far back the first start reads
    memory: SentPosts = field(default_factory=SentPosts)

    def variable(self, name: str, default: str = "") -> str:
        """Return a variable's value, or the default if it is unset or empty."""
        return self.environment.get(name) or default

    def positive_integer(self, name: str, default: int) -> int:
        """Return a variable as a positive number.

        Raises:
            RefusedError: The value is not a positive number; the message names the variable.
        """
        given = self.variable(name, str(default))
        if not given.isdecimal() or not int(given):
            raise RefusedError(f"{name} is {given!r}, not a positive number")
        return int(given)

    def required(self, name: str) -> str:
        """Return a variable's value.

        Raises:
            RefusedError: The variable is unset; the message names it.
        """
        if not self.environment.get(name):
            of, _colon, what = VARIABLES[name].partition(": ")
            raise RefusedError(f"set {name} ({of}): {what}")
        return self.environment[name]

    def poll_interval(self, default: float) -> float:
        """Return the seconds between two polls."""
        return self.every if self.every is not None else default


def _x_stream(context: SourceContext) -> Source:
    from streams.sources.x.api import XApi
    from streams.sources.x.stream import Plan, XStream

    token, url = context.required("X_BEARER_TOKEN"), context.variable("TOPTOPICS_X_URL", "https://api.x.com")
    plan = Plan(
        context.positive_integer("TOPTOPICS_X_RULES", 1_000), context.positive_integer("TOPTOPICS_X_RULE_LENGTH", 512)
    )
    api = XApi(token, base_url=url, clock=context.clock)
    return XStream(
        context.people, api, bearer_token=token, base_url=url, clock=context.clock, plan=plan,
        lookback_days=context.lookback_days, memory=context.memory,
    )  # fmt: skip


def _x_timelines(context: SourceContext) -> Source:
    from streams.sources.x.api import XApi
    from streams.sources.x.timelines import XTimelines

    url = context.variable("TOPTOPICS_X_URL", "https://api.x.com")
    api = XApi(context.required("X_BEARER_TOKEN"), base_url=url, clock=context.clock)
    return XTimelines(
        context.people, api, clock=context.clock, every=context.poll_interval(900.0),
        lookback_days=context.lookback_days, memory=context.memory,
    )  # fmt: skip


def _x_deletions(context: SourceContext) -> Source:
    from streams.sources.x.api import XApi
    from streams.sources.x.deletions import XDeletions

    url = context.variable("TOPTOPICS_X_URL", "https://api.x.com")
    api = XApi(context.required("X_BEARER_TOKEN"), base_url=url, clock=context.clock)
    return XDeletions(context.memory, api, clock=context.clock, every=context.poll_interval(86_400.0))


def _bluesky(context: SourceContext) -> Source:
    from streams.sources.bluesky.appview import AppView
    from streams.sources.bluesky.jetstream import Bluesky

    appview = AppView(
        context.variable("TOPTOPICS_BLUESKY_APPVIEW", "https://public.api.bsky.app"), context.client, context.clock
    )
    url = context.variable("TOPTOPICS_BLUESKY_URL", "wss://jetstream2.us-east.bsky.network/subscribe")
    return Bluesky(
        context.people, url=url, appview=appview, clock=context.clock, memory=context.memory,
        lookback_days=context.lookback_days,
    )  # fmt: skip


def _mastodon(context: SourceContext) -> Source:
    from streams.sources.mastodon.stream import MastodonInstance

    token = context.variable("MASTODON_ACCESS_TOKEN") or None
    url = context.required("MASTODON_URL")
    return MastodonInstance(
        context.people, url=url, token=token, clock=context.clock, memory=context.memory,
        every=context.poll_interval(120.0), lookback_days=context.lookback_days,
    )  # fmt: skip


def _rss(context: SourceContext) -> Source:
    from streams.sources.feeds.poll import Feeds

    return Feeds(
        context.people, context.client, clock=context.clock, every=context.poll_interval(900.0),
        lookback_days=context.lookback_days, memory=context.memory,
    )  # fmt: skip


SOURCES: dict[str, Callable[[SourceContext], Source]] = {
    "x-stream": _x_stream,
    "x-timelines": _x_timelines,
    "x-deletions": _x_deletions,
    "bluesky": _bluesky,
    "mastodon": _mastodon,
    "rss": _rss,
}


def environment() -> Mapping[str, str]:
    """Return the registered variables that are set."""
    return {name: os.environ[name] for name in VARIABLES if name in os.environ}
