"""`toptopics communities`: several circles of people on one installation."""

from typing import TYPE_CHECKING, Annotated

import typer

from streams.cli.common import fail, run, services, settings_or_exit

if TYPE_CHECKING:
    from streams.settings import Settings

communities = typer.Typer(
    help="Communities: several circles of people on one installation, each with its own topics and digests.",
    no_args_is_help=True,
)


@communities.command("add")
def add(
    name: Annotated[str, typer.Argument(help="Lower-case letters, digits and dashes, at most 20.")],
    timezone: Annotated[str, typer.Option(help="Time zone of its weeks, such as Europe/Berlin.")] = "UTC",
    lateness_hours: Annotated[
        float, typer.Option(min=0.01, help="Hours after the end of a week in which its posts may still arrive.")
    ] = 24.0,
) -> None:
    """Add a community: topics, people, digests, readers and tokens of its own. A running worker starts its stages.

    Commands work on it with `toptopics --community NAME …`, or with TOPTOPICS_COMMUNITY. `toptopics serve` shows it
    under /c/NAME/.

    Examples:

    * `toptopics communities add climate --timezone Europe/Berlin`
    * `toptopics --community climate influencers import climate.txt`
    """
    import re

    from models.events import COMMUNITY_NAME, Community
    from streams.clock import system_clock
    from streams.operations.communities import CommunityError, add_community

    if not re.fullmatch(COMMUNITY_NAME, name):
        fail(f"{name!r}: lower-case letters, digits and dashes, at most 20, the first one a letter", 2)
    settings_or_exit(timezone=timezone)  # refuses what is no time zone
    with services(_installation()) as connected:
        try:
            wanted = Community(name=name, number=1, timezone=timezone, lateness_hours=lateness_hours)
            run(add_community(connected, wanted, system_clock))
        except CommunityError as error:
            fail(str(error))
    typer.echo(f"added {name}; its people: toptopics --community {name} influencers add NAME")


@communities.command("list")
def list_all() -> None:
    """List the communities: name, time zone, hours for late posts.

    Example: `toptopics communities list`
    """
    from streams.kafka.communities import read_communities

    with services(_installation()) as connected:
        found = run(read_communities(connected))
    for one in found:
        typer.echo(f"{one.name}  {one.timezone}  {one.lateness_hours:g} h")


@communities.command("remove")
def remove(
    name: Annotated[str, typer.Argument(help="Name of the community.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Remove a community with its posts, digests, people, subscriptions and tokens. There is no way back.

    It waits until running workers have stopped its stages. Stop its sources and deliveries before. Data folders on
    other machines stay.

    Example: `toptopics communities remove climate --yes`
    """
    from streams.clock import system_clock
    from streams.operations.communities import CommunityError, remove_community

    if not yes:
        typer.confirm(f"Delete everything of {name}?", abort=True)
    with services(_installation()) as connected:
        try:
            run(remove_community(connected, name, system_clock))
        except CommunityError as error:
            fail(str(error))
    typer.echo(f"removed {name}")


def _installation() -> "Settings":
    from streams.settings import of_installation

    return of_installation(settings_or_exit())
