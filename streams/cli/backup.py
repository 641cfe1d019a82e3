"""`toptopics backup` and `restore`: what cannot be rebuilt, in one file."""

from pathlib import Path
from typing import Annotated

import typer

from streams.cli.common import fail, run, services, settings_or_exit


def backup(path: Annotated[Path, typer.Argument(help="File to write.", dir_okay=False)]) -> None:
    """Write what cannot be rebuilt to a file: influencers, digests, subscriptions with their queues, keys of feeds.

    The file contains the secrets of the subscriptions. Settings that are secrets are not in it. Posts and live topics
    are on Kafka.

    Example: `toptopics backup toptopics.json`
    """
    from streams.clock import system_clock
    from streams.operations.backup import make_backup

    with services(settings_or_exit()) as connected:
        made = run(make_backup(connected, path, system_clock))
    typer.echo(
        f"{path}: {len(made.influencers)} influencers, {len(made.digests)} digests, "
        f"{len(made.queue.subscriptions)} subscriptions"
    )


def restore(path: Annotated[Path, typer.Argument(help="File of `toptopics backup`.", exists=True)]) -> None:
    """Fill an empty installation from a backup. Exit code 1: it is not empty, or the file cannot be used.

    The settings of the old installation are printed where they differ: set their variables.

    Example: `toptopics restore toptopics.json`
    """
    from streams.clock import system_clock
    from streams.operations.backup import BackupError, read_backup, shown_settings
    from streams.operations.backup import restore as fill

    settings = settings_or_exit()
    try:
        made = read_backup(path)
        with services(settings) as connected:
            run(fill(connected, made, system_clock))
    except (BackupError, OSError) as error:
        fail(str(error))
    counts = f"{len(made.influencers)} influencers, {len(made.digests)} digests"
    typer.echo(f"restored {counts}, {len(made.queue.subscriptions)} subscriptions")
    typer.echo("`toptopics rebuild-views` shows the digests")
    now = shown_settings(settings)
    for name, value in made.settings.items():
        if now.get(name) != value and name not in ("kafka_bootstrap_servers", "data_dir"):
            typer.echo(f"setting of the old installation: {name} = {value}")
