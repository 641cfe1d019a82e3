"""`toptopics serve`, `watch`, `topics` and `alerts`: the live view for people, programs and chats."""

import asyncio
import errno
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from models.text.terminal import json_text, on_one_line
from streams.cli.common import echo_or_end, fail, run, services, settings_or_exit
from streams.cli.metrics import served
from streams.clock import system_clock

if TYPE_CHECKING:
    from fastapi import FastAPI

    from models.events import Community
    from streams.api.hub import StageCheck
    from streams.kafka.lag import StageState
    from streams.settings import Settings
    from streams.views.topic_table import Form

STAGE_SECONDS: Final = 10.0  # minimum time between two requests for the lag


class Window(StrEnum):
    """The windows of the ranking: a span of time that ends with the newest post."""

    HOUR = "1h"
    SIX_HOURS = "6h"
    DAY = "24h"
    WEEK = "7d"


class Order(StrEnum):
    """The orders of the ranking."""

    TREND = "trend"
    PEOPLE = "people"
    POSTS = "posts"
    LATEST = "latest"


WindowOption = Annotated[Window, typer.Option(help="Span of time, ending with the newest post.")]
SortOption = Annotated[Order, typer.Option(help="Order of the ranking.")]


def serve(
    host: Annotated[
        str | None, typer.Option(help="Address to bind to; an address other than loopback needs a token.")
    ] = None,
    port: Annotated[int | None, typer.Option(help="Port; 0: a free port.")] = None,
) -> None:
    """Serve the dashboard, the API and the event stream until Ctrl-C.

    Any number of copies can run. Access from other machines needs TOPTOPICS_API_TOKEN.

    Examples:

    * `toptopics serve`, then open http://127.0.0.1:8765
    * `TOPTOPICS_API_TOKEN=… toptopics serve --host 0.0.0.0`
    """
    from streams.api.app import check_binding, create_api
    from streams.api.communities import Communities
    from streams.api.server import create_server
    from streams.kafka.communities import read_communities, settings_of
    from streams.redis_store.client import create_views, open_views
    from streams.sources.people.desk import desk_on
    from streams.system.logs import set_up_logging

    settings = settings_or_exit(host=host, port=port)
    if settings.community:
        fail("the service of the installation has all communities under /c/NAME/: start it without a community", 2)
    try:
        check_binding(settings)
    except ValueError as error:  # an unsafe address, or a damaged file of tokens
        fail(str(error), 2)
    set_up_logging(settings, stage="serve")
    with services(settings, topics=False) as connected:
        views = create_views(str(connected.redis_url), connected.prefix)
        app = create_api(connected, views, stages=_stage_check(connected), desk=desk_on(connected, system_clock))

        @asynccontextmanager
        async def opened(community: "Community") -> "AsyncIterator[FastAPI]":
            own = settings_of(connected, community)
            guarded = app.state.services.tokens is not None
            async with open_views(str(own.redis_url), own.prefix) as its_views:
                desk = desk_on(own, system_clock)
                yield create_api(own, its_views, stages=_stage_check(own), desk=desk, token_needed=guarded)

        async def serve_until_stopped() -> str | None:
            served_all = Communities(app, lambda: read_communities(connected), opened)
            server = create_server(
                served_all,
                connected.host,
                connected.port,
                lambda address: typer.echo(f"Top Topics: {address}", err=True),
            )
            try:
                await server.serve()
            except OSError as error:
                return _not_listening(error, connected)
            finally:
                await views.aclose()
            return None if server.started else "the server did not start; see the log above"

        trouble = run(serve_until_stopped())
    if trouble is not None:
        fail(trouble)


def _not_listening(error: OSError, settings: "Settings") -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {settings.port} of {settings.host} is in use: choose another port with --port or TOPTOPICS_PORT"
    return f"cannot listen on port {settings.port} of {settings.host}: {error.strerror or error}"


def _stage_check(settings: "Settings") -> "StageCheck":
    """A function that returns the state of each stage. It asks the broker at most every ten seconds.

    A stage counts as running when it ran at one of the last two looks: a restart takes its group's members away for a
    moment.
    """
    from streams.kafka.lag import stage_states
    from streams.stages.table import STAGE_INPUTS

    known: Mapping[str, StageState] = {}
    ran: set[str] = set()
    asked = -STAGE_SECONDS

    async def look() -> "Mapping[str, StageState]":
        nonlocal asked, known, ran
        if time.monotonic() - asked >= STAGE_SECONDS:
            found = await stage_states(settings, STAGE_INPUTS)
            known = {name: replace(one, running=one.running or name in ran) for name, one in found.items()}
            ran = {name for name, one in found.items() if one.running}
            asked = time.monotonic()
        return known

    return look


def watch(
    window: WindowOption = Window.DAY,
    sort: SortOption = Order.TREND,
    limit: Annotated[int, typer.Option(min=1, max=200, help="Number of topics.")] = 20,
    json: Annotated[bool, typer.Option("--json", help="Print JSON lines instead of a table.")] = False,
) -> None:
    """Show the live ranking in the terminal until Ctrl-C.

    Examples:

    * `toptopics watch`
    * `toptopics watch --window 1h --sort people`
    * `toptopics watch --json | jq .topic.label`
    """
    from rich.console import Console

    from streams.redis_store.client import open_views
    from streams.views.topic_table import watch_lines, watch_table

    settings = settings_or_exit()
    with services(settings, topics=False) as connected:

        async def follow() -> None:
            async with open_views(str(connected.redis_url), connected.prefix) as views:
                if not json:
                    await watch_table(views, Console(), window.value, sort.value, limit)
                    return
                async for line in watch_lines(views, window.value):
                    echo_or_end(json_text(line))

        run(follow())


def topics(
    topic_id: Annotated[
        str | None, typer.Argument(help="Id of a topic, of a merged topic, or of a topic in a digest.")
    ] = None,
    window: WindowOption = Window.DAY,
    sort: SortOption = Order.TREND,
    limit: Annotated[int, typer.Option(min=1, max=1_000, help="Number of topics, or of posts of one topic.")] = 20,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    csv: Annotated[bool, typer.Option("--csv", help="Print CSV: the topics, or the posts of one topic.")] = False,
) -> None:
    """Show the ranking once, or one topic with its posts. Exit code 1: there is no such topic.

    Examples:

    * `toptopics topics --window 7d`
    * `toptopics topics T1a2b3c`
    * `toptopics topics --json | jq '.[].label'`
    * `toptopics topics --csv --window 7d > topics.csv`
    """
    from streams.redis_store.client import open_views

    if json and csv:
        fail("give --json or --csv, not both", 2)
    form: Form = "json" if json else "csv" if csv else "text"
    settings = settings_or_exit()
    with services(settings, topics=False) as connected:

        async def show() -> int:
            async with open_views(str(connected.redis_url), connected.prefix) as views:
                from streams.views.topic_table import board_text, topic_text

                if topic_id is None:
                    typer.echo(await board_text(views, window.value, sort.value, limit, form))
                    for trouble in await _troubles(connected):
                        typer.echo(f"toptopics: {trouble}; start `toptopics worker`", err=True)
                    return 0
                text = await topic_text(views, topic_id, limit, form)
                typer.echo(f"toptopics: no topic {on_one_line(topic_id)}" if text is None else text, err=text is None)
                return int(text is None)

        raise typer.Exit(run(show()))


async def _troubles(settings: "Settings") -> list[str]:
    """What keeps posts from the board; empty without a broker that answers."""
    from aiokafka.errors import KafkaError

    from streams.kafka.lag import stage_states
    from streams.stages.table import STAGE_INPUTS

    try:
        states = await stage_states(settings, STAGE_INPUTS)
    except (KafkaError, OSError) as error:
        return [f"stages unknown: {type(error).__name__}"]
    return [f"{stage}: {state.trouble}" for stage, state in states.items() if state.trouble]


def alerts(
    rules: Annotated[Path, typer.Argument(help="YAML file with the rules.", exists=True, dir_okay=False)],
    check: Annotated[bool, typer.Option("--check", help="Check the rules and stop.")] = False,
) -> None:
    """Send alerts about topics to chats, mailboxes and webhooks until Ctrl-C.

    A channel is an apprise address or a webhook (signed as in the Standard Webhooks specification). `env:NAME` reads a
    secret from the environment. A private address is refused unless the channel has `allow_private: true`. A rule has
    one condition. It reports a topic once per cool-down.

    ```yaml
    channels:
      team: env:SLACK_URL
      hook: {webhook: "https://example.org/hook", secret: env:HOOK_SECRET}
    rules:
      - {name: stories, rises: rising, send: [team]}
      - {name: breaking, new_topic: {people: 5}, window: 6h, send: [team]}
      - {name: hot, rises: hot, send: [team, hook]}
      - {name: us, words: [our product, ourbot], send: [team]}
      - {name: experts, first_post_by: [ada, grace], send: [hook]}
    ```

    Examples:

    * `toptopics alerts rules.yaml --check`
    * `SLACK_URL=slack://… toptopics alerts rules.yaml`
    """
    from streams.delivery.alert_delivery import Delivery
    from streams.delivery.alert_rules import RulesError, load_rules
    from streams.delivery.alerts import Alerts
    from streams.redis_store.alert_claims import RedisClaims
    from streams.redis_store.client import open_views
    from streams.system.logs import set_up_logging
    from streams.system.metrics import Metrics

    try:
        read = load_rules(rules)
    except RulesError as error:
        fail(str(error), 2)
    if check:
        typer.echo(f"{len(read.rules)} rules, {len(read.channels)} channels")
        return
    settings = settings_or_exit()
    set_up_logging(settings, stage="alerts")
    metrics = Metrics()
    with services(settings, topics=False) as connected, served(metrics, settings, "alerts"):

        async def follow() -> None:
            async with open_views(str(connected.redis_url), connected.prefix) as views:
                claims = RedisClaims(views.database, connected.prefix)
                await Alerts(read, views, claims, Delivery(read, base=connected.public_url), metrics).run()

        try:
            asyncio.run(follow())
        except OSError as error:
            fail(str(error))
