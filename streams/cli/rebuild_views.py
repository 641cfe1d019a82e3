"""`toptopics rebuild-views`: the live view made anew from Kafka."""

from typing import Annotated

import typer

from streams.cli.common import run, services, settings_or_exit
from streams.settings import Settings


def rebuild_views(as_json: Annotated[bool, typer.Option("--json", help="Print the counts as JSON.")] = False) -> None:
    """Wipe the live view in Redis and make it again from the log.

    Never needed after a flush or a lost Redis: a running worker notices and does the same. Use it after a change of
    what the view shows. The worker may go on running.

    Examples:

    * `toptopics rebuild-views`
    * `toptopics rebuild-views --json`
    """
    import json

    from streams.redis_store.client import open_views
    from streams.runtime.view_rebuild import rebuild_views as rebuild
    from streams.sources.producer import kafka_send

    settings = settings_or_exit()

    async def make(connected: Settings) -> dict[str, int]:
        async with open_views(str(connected.redis_url), connected.prefix) as store, kafka_send(connected) as send:
            return await rebuild(connected, store, send, lambda topic, done, total: None)

    with services(settings) as connected:
        counts = run(make(connected))
    if as_json:
        typer.echo(json.dumps(counts))
    else:
        typer.echo(", ".join(f"{topic} {count:,}" for topic, count in counts.items()) + " records applied")


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("rebuild-views")(rebuild_views)
