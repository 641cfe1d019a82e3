"""All live sources on a real broker, killed repeatedly: every post, edit and deletion is once on `tweets`."""

import random
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from streams.local.kafka_broker import KafkaBroker
from streams.settings import Settings
from tests.integration.source_world import BEARER, World, read, running_world, settings_for, start
from tests.support.source_servers.blog import Blog
from tests.support.source_servers.bluesky_network import Jetstream
from tests.support.source_servers.hosting import Faults
from tests.support.source_servers.mastodon_server import TOKEN, MastodonServer
from tests.support.source_servers.x_platform import XPlatform

STREAMED = ("x-stream", "bluesky", "mastodon", "rss")
POLLED = ("x-timelines", "mastodon")
KILLS = 5
ROUNDS = 70
PAUSE = 0.4  # seconds between rounds
UNREAD = 12  # rounds that may be written while no source progresses: a gap must fit into Mastodon's newest page
LATER = 5  # rounds until a post is edited or deleted


def a_world(names: tuple[str, ...]) -> World:
    """Platforms that refuse and drop connections, in addition to the kills."""
    platforms = ("x", "bluesky", "mastodon", "rss") if names == STREAMED else ("x", "mastodon")
    script = ("drop", "", "503") if names == STREAMED else ("", "503", "429", "", "cut")
    rest = Faults("", "", "503", "", "429") if names == POLLED else Faults()
    mastodon = MastodonServer(*script, rest_faults=rest)
    return World(XPlatform(*script), Jetstream("drop", "", "503"), mastodon, Blog("", "503"), platforms)


def keep_writing(world: World, folder: Path, names: tuple[str, ...]) -> None:
    """Write round by round. Wait for a process that is killed repeatedly before it reads anything."""
    read_to, unread = cursors_of(folder, names), 0
    for number in range(ROUNDS):
        deadline = time.monotonic() + 120
        while unread >= UNREAD and time.monotonic() < deadline:
            time.sleep(0.1)
            unread = unread if any(read_to[name] == now for name, now in cursors_of(folder, names).items()) else 0
        if unread == 0:
            read_to = cursors_of(folder, names)
        unread += 1
        world.write(str(number))
        if number >= LATER and number % 3 == 0:
            world.edit(str(number - LATER))
        if number >= LATER and number % 3 == 1:
            world.delete(str(number - LATER))
        time.sleep(PAUSE)


def cursors_of(folder: Path, names: tuple[str, ...]) -> dict[str, bytes]:
    """The cursor of each source."""
    return {name: (folder / "sources" / f"{name}.cursor.json").read_bytes() for name in names}


def wait_until_complete(world: World, settings: Settings, seconds: float) -> list[str]:
    """Wait for an audit without faults. Returns the remaining faults when the time is over."""
    deadline = time.monotonic() + seconds
    while (wrong := world.faults(read(settings)[0])) and time.monotonic() < deadline:
        time.sleep(1)
    return wrong


@pytest.mark.timeout(900)
@pytest.mark.parametrize("names", [STREAMED, POLLED], ids=["streamed", "polled"])
def test_every_post_is_on_the_log_once(
    names: tuple[str, ...], kafka_bootstrap: str, fresh_names: str, tmp_path: Path
) -> None:
    """SIGKILL at random moments from the first second on, with refused and dropped connections: nothing is lost or sent
    twice, edits and deletions included, and no secret is logged or stored.
    """
    world = a_world(names)
    settings = settings_for(kafka_bootstrap, fresh_names, tmp_path)
    token = {} if names == STREAMED else {"MASTODON_ACCESS_TOKEN": ""}
    with running_world(world, settings, **token) as environment:
        process = start(environment, *names)
        cursors = {f"{name}.cursor.json" for name in names}
        wait_for(
            lambda: cursors <= {path.name for path in (tmp_path / "sources").glob("*.cursor.json")}, process, tmp_path
        )
        writer = threading.Thread(target=keep_writing, args=(world, tmp_path, names))
        writer.start()
        chance = random.Random(11)
        for _kill in range(KILLS):
            time.sleep(chance.uniform(1.5, 6.0))
            process.kill()
            process.wait()
            process = start(environment, *names)
        writer.join()
        try:
            assert wait_until_complete(world, settings, 180) == []
        finally:
            process.kill()
            process.wait()
    # a dropped connection may cut a line, which becomes a dead letter; its post is sent again
    assert [letter for letter in read(settings)[1] if not letter.reason.startswith("not JSON")] == []
    assert len(world.edited) > 10
    assert len(world.deleted) > 10
    kept = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert kept
    assert not [path for path in kept if {BEARER, TOKEN} & set(_words(path.read_bytes()))]


def _words(data: bytes) -> Iterator[str]:
    text = data.decode("utf-8", "replace")
    yield from (secret for secret in (BEARER, TOKEN) if secret in text)


@contextmanager
def paused(broker: KafkaBroker) -> Iterator[None]:
    """The broker accepts bytes and answers nothing."""
    record = broker.running()
    assert record is not None
    process = psutil.Process(record.server.pid)
    process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        process.send_signal(signal.SIGCONT)


def wait_for(reached: Callable[[], bool], process: subprocess.Popen[bytes], folder: Path) -> None:
    """Wait for a condition. Fails with the sources' last log lines."""
    deadline = time.monotonic() + 180
    while not reached():
        running = process.poll() is None and time.monotonic() < deadline
        assert running, f"exit code {process.poll()}; the log ends:\n" + (folder / "source.log").read_text()[-3000:]
        time.sleep(0.1)


@pytest.mark.timeout(900)
@pytest.mark.parametrize("names", [STREAMED, POLLED], ids=["streamed", "polled"])
def test_posts_that_the_broker_never_confirmed_come_again(
    names: tuple[str, ...], fresh_names: str, tmp_path: Path
) -> None:
    """The broker stops answering, then SIGKILL: a cursor stored before the confirmation would lose the posts."""
    platforms = a_world(names).platforms
    world = World(XPlatform(), Jetstream(), MastodonServer(), Blog(), platforms)
    broker = KafkaBroker(tmp_path / "broker")
    broker.start()
    try:
        settings = settings_for(broker.address, fresh_names, tmp_path)
        token = {} if names == STREAMED else {"MASTODON_ACCESS_TOKEN": ""}
        with running_world(world, settings, **token) as environment:
            process = start(environment, *names)
            cursors = {f"{name}.cursor.json" for name in names}
            wait_for(
                lambda: cursors <= {path.name for path in (tmp_path / "sources").glob("*.cursor.json")},
                process,
                tmp_path,
            )
            world.write("before")
            wait_for(lambda: not world.faults(read(settings)[0]), process, tmp_path)
            with paused(broker):
                for number in range(12):
                    world.write(f"unconfirmed {number}")
                    time.sleep(PAUSE)
                process.kill()
                process.wait()
            process = start(environment, *names)
            try:
                assert wait_until_complete(world, settings, 180) == []
            finally:
                process.kill()
                process.wait()
    finally:
        broker.stop()
