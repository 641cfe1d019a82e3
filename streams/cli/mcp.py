"""`toptopics mcp`: the topics and digests for language models, over the Model Context Protocol."""

from typing import Annotated

import typer

from streams.cli.common import fail, run, services, settings_or_exit


def mcp(
    http: Annotated[bool, typer.Option("--http", help="Serve over HTTP at /mcp until Ctrl-C.")] = False,
    host: Annotated[
        str | None, typer.Option(help="Address to bind to with --http; other than loopback needs a token.")
    ] = None,
    port: Annotated[int, typer.Option(help="Port with --http; 0: a free port.")] = 8766,
) -> None:
    """Let a language model read topics and digests, over the Model Context Protocol.

    Without --http it speaks on standard input and output, as programs expect that start it themselves. Eight tools, and
    none changes anything.

    Examples:

    * `toptopics mcp`, as the command of a server in the settings of a program
    * `TOPTOPICS_API_TOKEN=… toptopics mcp --http --host 0.0.0.0`
    """
    from streams.api.app import check_binding, create_api
    from streams.api.mcp_server import http_app, mcp_server
    from streams.api.server import create_server
    from streams.delivery.feed_key import FeedKey
    from streams.redis_store.client import open_views
    from streams.system.logs import set_up_logging

    settings = settings_or_exit(host=host)
    try:
        tokens = check_binding(settings)
    except ValueError as error:  # also an unsafe address
        fail(str(error), 2)
    set_up_logging(settings, stage="mcp")
    with services(settings, topics=False) as connected:

        async def serve() -> None:
            async with (
                open_views(str(connected.redis_url), connected.prefix) as views,
                mcp_server(create_api(connected, views, guarded=False)) as server,
            ):
                if not http:
                    await server.run_stdio_async()
                    return
                app = http_app(
                    server, host=settings.host, tokens=tokens, feed_key=FeedKey(settings.data_dir / "feed.key")
                )
                await create_server(
                    app, settings.host, port, lambda address: typer.echo(f"Top Topics: {address}/mcp", err=True)
                ).serve()

        run(serve())
