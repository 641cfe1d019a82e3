"""The `toptopics` command: one module per group of commands, composed here.

Exit codes: 0 done, 1 a problem was found or something failed, 2 wrong usage, 3 not running (`status`) or gave up
(`worker`), 130 interrupted.
"""

import os

import typer

from models.text.terminal import printable
from streams.cli import dead_letters as cli_dead_letters
from streams.cli import demo as cli_demo
from streams.cli import digest as cli_digest
from streams.cli import doctor as cli_doctor
from streams.cli import help as cli_help
from streams.cli import influencers as cli_influencers
from streams.cli import ingest as cli_ingest
from streams.cli import live as cli_live
from streams.cli import rebuild_views as cli_rebuild
from streams.cli import replay as cli_replay
from streams.cli import schema as cli_schema
from streams.cli import services as cli_services
from streams.cli import sources as cli_sources
from streams.cli import subscribe as cli_subscribe
from streams.cli import worker as cli_worker
from streams.operations.environment import unknown_variables
from streams.system.logs import set_up_command_logging

app = typer.Typer(
    name="toptopics",
    help="What data-science and AI influencers are really talking about: live, and as one digest every week.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,  # a traceback with the values of variables may hold secrets
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def before_every_command(context: typer.Context) -> None:
    """Logs to standard error (a command that runs on sets up its own), and a warning of slips in the environment."""
    set_up_command_logging()
    if context.invoked_subcommand == "doctor":  # which has a line for them
        return
    for name, nearest in unknown_variables(os.environ).items():
        advice = f": did you mean {nearest}?" if nearest else ""
        typer.echo(printable(f"toptopics: {name} is no setting of ours and has no effect{advice}"), err=True)


for module in (
    cli_demo,
    cli_services,
    cli_influencers,
    cli_ingest,
    cli_sources,
    cli_worker,
    cli_dead_letters,
    cli_doctor,
    cli_digest,
    cli_live,
    cli_rebuild,
    cli_replay,
    cli_subscribe,
    cli_schema,
    cli_help,
):
    module.register(app)
