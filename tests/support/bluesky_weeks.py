"""Ten weeks of Bluesky with everything that happens there, and what the live source makes of them."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx

from streams.clock import system_clock
from streams.sources.bluesky.appview import AppView as AppViewClient
from streams.sources.bluesky.jetstream import Bluesky
from streams.sources.sent_posts import SentPosts
from tests.support.simulated_month import STORY, TITLE
from tests.support.source_servers.bluesky_network import STRANGER, AppView, Jetstream
from tests.support.source_servers.collecting import MemoryLog, people, run_until, runner_of
from tests.support.source_servers.hosting import hosted

START = datetime(2025, 9, 8, tzinfo=UTC)  # a Monday
WEEKS = 10
LISTED = "ada.test did:plc:grace did:plc:alan did:plc:joan did:plc:mary"
DIDS = ("did:plc:ada", "did:plc:grace", "did:plc:alan", "did:plc:joan", "did:plc:mary")
POSTS = 527  # posts, edits and tombstones of these people: what a source sends of them
NAMES = ("Kestrel", "Marlin", "Osprey", "Basalt", "Juniper", "Cobalt", "Heron", "Tamarisk", "Lynx", "Quartz")


class Past(Jetstream):
    """Its events happen 89 minutes apart, from `START` on."""

    def _now(self) -> int:
        return int((START + timedelta(minutes=89 * len(self.events))).timestamp() * 1e6)


def ten_weeks(network: Jetstream) -> None:
    """Posts, edits, deletions, reposts and quotes of two people among a stranger's, an import, and a rename; each week
    five people write about one release."""
    for number in range(530):
        if number % 53 == 30:
            for who, words in zip(DIDS, (TITLE, *STORY), strict=True):
                network.write(who, words.format(NAMES[number // 53], "twice"))
        who = ("did:plc:ada", "did:plc:grace", STRANGER)[number % 3]
        uri = network.write(who, f"note {number} on evaluation")
        if number % 10 == 0:
            network.change(uri, f"note {number} on evaluations")
        elif number % 11 == 0:
            network.delete(uri)
        elif number % 13 == 0:
            network.repost("did:plc:ada", uri)
        elif number % 17 == 0:
            embed = {"$type": "app.bsky.embed.record", "record": {"uri": uri, "cid": "bafy"}}
            network.write("did:plc:grace", f"on {number}", embed=embed)
        else:
            network.tell(who, "account", {"active": True})
    network.write("did:plc:ada", "my notes of long ago", createdAt="2012-05-01T09:00:00Z")
    network.tell("did:plc:grace", "identity", {"handle": "grace.example", "seq": 1, "time": "2026-11-01T00:00:00Z"})


async def live(network: Jetstream, folder: Path, posts: int) -> MemoryLog:
    """The same events through the live source, as if it had listened all the time."""
    log, memory, listed = MemoryLog(), SentPosts(), people(bluesky=LISTED)
    with hosted(network) as port, hosted(AppView(network)) as view:
        async with httpx.AsyncClient() as client:
            appview = AppViewClient(f"http://127.0.0.1:{view}", client, system_clock)
            url = f"ws://127.0.0.1:{port}/subscribe"
            source = Bluesky(listed, url=url, appview=appview, clock=lambda: START, memory=memory)
            await run_until(runner_of(source, log, folder, listed, memory), lambda: len(log.posts) >= posts)
    return log
