"""The live sources for tests, each beside a server that misbehaves as scripted."""

from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass

import httpx

from streams.clock import system_clock
from streams.sources.bluesky.appview import AppView as AppViewClient
from streams.sources.bluesky.jetstream import Bluesky
from streams.sources.feeds.poll import Feeds
from streams.sources.mastodon.stream import MastodonInstance
from streams.sources.people.wanted import People
from streams.sources.port import Source
from streams.sources.sent_posts import SentPosts
from streams.sources.x.api import XApi
from streams.sources.x.stream import Plan, XStream
from streams.sources.x.timelines import XTimelines
from tests.support.feed_reader import ReaderHere
from tests.support.source_servers.blog import Blog
from tests.support.source_servers.bluesky_network import AppView, Jetstream
from tests.support.source_servers.collecting import people
from tests.support.source_servers.hosting import Faults, hosted
from tests.support.source_servers.mastodon_server import TOKEN, MastodonServer
from tests.support.source_servers.x_platform import XPlatform

X_PEOPLE = people(x="ada grace")
MASTODON_PEOPLE = people(mastodon="ada@home.test grace@elsewhere.test")
PLAN = Plan(rules=2, rule_length=20)
LOOKBACK = 0.001  # days: a minute and a half


def x_stream(port: int, lookback: float = 0.0) -> XStream:
    """The X source of Ada and Grace, with a small plan."""
    url = f"http://127.0.0.1:{port}"
    api = XApi("token", base_url=url, clock=system_clock)
    return XStream(
        X_PEOPLE, api, bearer_token="token", base_url=url, clock=system_clock, plan=PLAN, lookback_days=lookback
    )


def bluesky(
    port: int, appview: int, client: httpx.AsyncClient, lookback: float = 0.0, memory: SentPosts | None = None
) -> Bluesky:
    """The Bluesky source of Ada by her handle and Grace by her DID."""
    return Bluesky(
        people(bluesky="ada.test did:plc:grace"),
        url=f"ws://127.0.0.1:{port}/subscribe",
        appview=AppViewClient(f"http://127.0.0.1:{appview}", client, system_clock),
        clock=system_clock,
        memory=memory,
        lookback_days=lookback,
    )


def mastodon(
    port: int, token: str | None, handles: str = "ada grace@elsewhere.test", memory: SentPosts | None = None
) -> MastodonInstance:
    """The Mastodon source with a short poll interval."""
    return MastodonInstance(
        people(mastodon=handles),
        url=f"http://127.0.0.1:{port}",
        token=token,
        clock=system_clock,
        memory=memory,
        every=0.2,
    )


@dataclass(frozen=True)
class Case:
    """A source, the people it follows, and a function with which Ada writes on its platform."""

    source: Source
    listed: People
    write: Callable[[str], object]


@asynccontextmanager
async def case(name: str, *faults: str) -> AsyncIterator[Case]:
    """A source of CASES beside a server whose connections fail as scripted."""
    with ExitStack() as stack:
        async with httpx.AsyncClient() as client:
            yield CASES[name](stack, client, faults)


def _x_stream(stack: ExitStack, _client: httpx.AsyncClient, faults: tuple[str, ...]) -> Case:
    platform = XPlatform(*faults)
    port = stack.enter_context(hosted(platform))
    return Case(x_stream(port, LOOKBACK), X_PEOPLE, lambda text: platform.write("ada", text))


def _x_timelines(stack: ExitStack, _client: httpx.AsyncClient, faults: tuple[str, ...]) -> Case:
    platform = XPlatform(*faults)
    api = XApi("token", base_url=f"http://127.0.0.1:{stack.enter_context(hosted(platform))}", clock=system_clock)
    source = XTimelines(X_PEOPLE, api, clock=system_clock, every=0.1, lookback_days=LOOKBACK)
    return Case(source, X_PEOPLE, lambda text: platform.write("ada", text))


def _bluesky(stack: ExitStack, client: httpx.AsyncClient, faults: tuple[str, ...]) -> Case:
    network = Jetstream(*faults)
    ports = stack.enter_context(hosted(network)), stack.enter_context(hosted(AppView(network)))
    return Case(
        bluesky(*ports, client, LOOKBACK), people(bluesky="ada.test"), lambda text: network.write("did:plc:ada", text)
    )


def _mastodon(stack: ExitStack, _client: httpx.AsyncClient, faults: tuple[str, ...]) -> Case:
    server = MastodonServer(*faults)
    port = stack.enter_context(hosted(server))
    return Case(mastodon(port, TOKEN), MASTODON_PEOPLE, lambda text: server.write("ada", f"<p>{text}</p>"))


def _mastodon_polled(stack: ExitStack, _client: httpx.AsyncClient, faults: tuple[str, ...]) -> Case:
    server = MastodonServer(rest_faults=Faults(*faults))
    port = stack.enter_context(hosted(server))
    return Case(mastodon(port, None), MASTODON_PEOPLE, lambda text: server.write("ada", f"<p>{text}</p>"))


def _rss(stack: ExitStack, client: httpx.AsyncClient, faults: tuple[str, ...]) -> Case:
    blog = Blog(*faults)
    listed = people(rss=f"http://127.0.0.1:{stack.enter_context(hosted(blog))}/feed.xml")
    source = Feeds(listed, client, clock=system_clock, every=0.1, reader=ReaderHere())
    source.least_pause = 0.1
    return Case(source, listed, lambda text: blog.write(text, ""))


CASES: dict[str, Callable[[ExitStack, httpx.AsyncClient, tuple[str, ...]], Case]] = {
    "x-stream": _x_stream,
    "x-timelines": _x_timelines,
    "bluesky": _bluesky,
    "mastodon": _mastodon,
    "mastodon, polled": _mastodon_polled,
    "rss": _rss,
}
