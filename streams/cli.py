"""The `toptopics` command: one module per group of commands, composed here.

Exit codes: 0 done, 1 a problem was found or something failed, 2 wrong usage, 3 not running (`status`) or gave up
(`worker`), 130 interrupted.
"""

import sys

import typer

from streams import (
    cli_dead_letters,
    cli_demo,
    cli_digest,
    cli_doctor,
    cli_influencers,
    cli_ingest,
    cli_live,
    cli_rebuild,
    cli_replay,
    cli_schema,
    cli_services,
    cli_sources,
    cli_subscribe,
    cli_worker,
)

app = typer.Typer(
    name="toptopics",
    help="What data-science and AI influencers are really talking about: live, and as one digest every week.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,  # a traceback with the values of variables may hold secrets
    context_settings={"help_option_names": ["-h", "--help"]},
)
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


def main() -> None:
    """Entry point of the console script."""
    try:
        app()
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
