"""The `toptopics` command: the table of all commands, in the groups that `--help` shows.

Exit codes: 0 done; 1 failed, or a problem was found; 2 wrong usage; 3 not running (`status`) or gave up (`worker`);
130 interrupted. A module of this package imports only what its options need. A command imports the rest when it runs,
so that `--help` is fast.
"""

import os
from collections.abc import Callable
from typing import Annotated, Any, Final

import typer

from models.text.terminal import printable
from streams.cli import services as cli_services
from streams.cli.backfill import backfill
from streams.cli.backup import backup, restore
from streams.cli.communities import communities
from streams.cli.dead_letters import dead_letters
from streams.cli.demo import demo
from streams.cli.deploy import deploy
from streams.cli.digest import digest
from streams.cli.doctor import doctor
from streams.cli.help import help_
from streams.cli.influencers import influencers
from streams.cli.ingest import ingest
from streams.cli.live import alerts, serve, topics, watch
from streams.cli.mcp import mcp
from streams.cli.overview import Overview
from streams.cli.rebuild_views import rebuild_views
from streams.cli.replay import replay
from streams.cli.run_all import run_all
from streams.cli.schema import schema
from streams.cli.services import down, status, up
from streams.cli.sources import source, sources_section
from streams.cli.subscribe import push, subscribe, subscriptions
from streams.cli.tokens import tokens
from streams.cli.worker import digests_section, orphans_section, stages_section, topic_space_section, worker

Command = Callable[..., None] | typer.Typer

# group -> name -> command, in the order of `--help`
COMMANDS: Final[dict[str, dict[str, Command]]] = {
    "See": {
        "digest": digest,
        "watch": watch,
        "topics": topics,
        "serve": serve,
        "mcp": mcp,
        "schema": schema,
        "help": help_,
    },
    "Feed": {"influencers": influencers, "source": source, "ingest": ingest, "backfill": backfill},
    "Run": {
        "demo": demo,
        "run": run_all,
        "up": up,
        "down": down,
        "worker": worker,
        "status": status,
        "deploy": deploy,
        "tokens": tokens,
        "communities": communities,
    },
    "Deliver": {"subscribe": subscribe, "push": push, "subscriptions": subscriptions, "alerts": alerts},
    "Repair": {
        "doctor": doctor,
        "dead-letters": dead_letters,
        "rebuild-views": rebuild_views,
        "replay": replay,
        "backup": backup,
        "restore": restore,
    },
}

app = typer.Typer(
    name="toptopics",
    cls=Overview,
    help="What data-science and AI influencers are really talking about: live, and as one digest every week.",
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,  # a traceback with the values of variables may contain secrets
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"toptopics {version('toptopics')}")
        raise typer.Exit


@app.callback()
def before_every_command(
    context: typer.Context,
    _show_version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
    community: Annotated[
        str | None, typer.Option(help="Work on this community of the installation, as TOPTOPICS_COMMUNITY does.")
    ] = None,
) -> None:
    """Send logs to standard error, and warn of unknown `TOPTOPICS_…` variables."""
    from streams.operations.environment import unknown_variables
    from streams.system.logs import set_up_command_logging

    if community is not None:
        os.environ["TOPTOPICS_COMMUNITY"] = community  # also for the processes that the command starts
    set_up_command_logging()  # a command that runs until Ctrl-C replaces this
    if context.invoked_subcommand == "doctor":  # it reports these variables itself
        return
    for name, nearest in unknown_variables(os.environ).items():
        advice = f": did you mean {nearest}?" if nearest else ""
        typer.echo(printable(f"toptopics: the variable {name} is unknown and has no effect{advice}"), err=True)


def _add(group: str, name: str, command: Any) -> None:
    if isinstance(command, typer.Typer):
        app.add_typer(command, name=name, rich_help_panel=group)
    else:
        app.command(name, rich_help_panel=group)(command)


for _group, _commands in COMMANDS.items():
    for _name, _command in _commands.items():
        _add(_group, _name, _command)
cli_services.status_sections[:] = [
    stages_section,
    orphans_section,
    digests_section,
    topic_space_section,
    sources_section,
]
