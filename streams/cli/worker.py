"""`toptopics worker`: the stages."""

import asyncio
from typing import Annotated

import typer

from streams.cli import services as cli_services
from streams.cli.common import fail, services, settings_or_exit
from streams.cli.digests_section import digests_section
from streams.cli.stage_table import STAGE_NAMES, stages_section
from streams.cli.topic_space import topic_space_section


def worker(
    stages: Annotated[
        str, typer.Option(help=f"Which stages, separated by commas: {', '.join(STAGE_NAMES)}.")
    ] = ",".join(STAGE_NAMES),
) -> None:
    """Run the stages, one process each, until Ctrl-C.

    Start it again on more machines to scale out: embedding is shared over the partitions of `tweets`, the other
    stages stand by and take over when their owner ends.

    Examples:

    * `toptopics worker`
    * `toptopics worker --stages embed` on every machine with a GPU
    * `TOPTOPICS_ENCODER=static toptopics worker`
    """
    from streams.logs import set_up_logging
    from streams.worker import Worker, environment_for

    names = [name.strip() for name in stages.split(",") if name.strip()]
    unknown = sorted(set(names) - set(STAGE_NAMES))
    if unknown or not names:
        fail(f"unknown stage {', '.join(unknown)}; known: {', '.join(STAGE_NAMES)}", 2)
    settings = settings_or_exit()
    set_up_logging(settings, stage="worker")
    with services(settings) as connected:

        async def supervise() -> int:
            given = environment_for(str(connected.kafka_bootstrap_servers), str(connected.redis_url))
            return await Worker(names, given).run()

        code = asyncio.run(supervise())
    if code:
        raise typer.Exit(code)


def register(app: typer.Typer) -> None:
    """Add the command, and to `toptopics status` its stages and what the live topics stand on."""
    app.command()(worker)
    for section in (stages_section, digests_section, topic_space_section):
        if section not in cli_services.status_sections:
            cli_services.status_sections.append(section)
