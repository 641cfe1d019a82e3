"""`toptopics rebuild-views`: the live view, rebuilt from Kafka."""

from typing import TYPE_CHECKING, Annotated

import typer

from streams.cli.common import fail, run, services, settings_or_exit

if TYPE_CHECKING:
    from streams.settings import Settings


def rebuild_views(as_json: Annotated[bool, typer.Option("--json", help="Print the counts as JSON.")] = False) -> None:
    """Delete the live view in Redis and rebuild it from the log.

    After a flush or a loss of Redis a running worker does this by itself. Use the command after a change of what the
    view shows, or to take over a Redis that another installation has used. This installation's worker may keep running.

    Examples:

    * `toptopics rebuild-views`
    * `toptopics rebuild-views --json`
    """
    import json

    from streams.kafka.send import kafka_send
    from streams.redis_store.client import open_views
    from streams.redis_store.view_positions import OtherLogError
    from streams.runtime.view_rebuild import rebuild_views as rebuild

    settings = settings_or_exit()

    async def make(connected: "Settings") -> dict[str, int]:
        async with open_views(str(connected.redis_url), connected.prefix) as store, kafka_send(connected) as send:
            return await rebuild(connected, store, send, lambda topic, done, total: None)

    with services(settings) as connected:
        try:
            counts = run(make(connected))
        except OtherLogError as error:
            fail(str(error))
    if as_json:
        typer.echo(json.dumps(counts))
    else:
        typer.echo(", ".join(f"{topic} {count:,}" for topic, count in counts.items()) + " records applied")
