"""The `toptopics` command: one module per group of commands, composed here.

Exit codes: 0 done, 1 a problem was found or something failed, 2 wrong usage, 3 not running (`status`) or gave up
(`worker`), 130 interrupted.
"""

import typer

from streams.cli import dead_letters as cli_dead_letters
from streams.cli import demo as cli_demo
from streams.cli import digest as cli_digest
from streams.cli import doctor as cli_doctor
from streams.cli import influencers as cli_influencers
from streams.cli import ingest as cli_ingest
from streams.cli import live as cli_live
from streams.cli import rebuild as cli_rebuild
from streams.cli import replay as cli_replay
from streams.cli import schema as cli_schema
from streams.cli import services as cli_services
from streams.cli import sources as cli_sources
from streams.cli import subscribe as cli_subscribe
from streams.cli import worker as cli_worker
from streams.logs import set_up_command_logging

app = typer.Typer(
    name="toptopics",
    help="What data-science and AI influencers are really talking about: live, and as one digest every week.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,  # a traceback with the values of variables may hold secrets
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def logs_to_standard_error() -> None:
    """Before every command; one that runs on sets up logs of its own."""
    set_up_command_logging()


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
):
    module.register(app)
