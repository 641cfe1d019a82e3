"""`toptopics demo`: the whole program on invented posts."""

import shutil
from pathlib import Path
from typing import Annotated

import typer

from streams.cli.common import fail, settings_or_exit


def demo(
    keep: Annotated[bool, typer.Option("--keep", help="Keep running after the digests, until Ctrl-C.")] = False,
    rate: Annotated[float, typer.Option(min=1, help="Posts per second.")] = 50.0,
) -> None:
    """Play three weeks of invented posts through a real broker and all stages, and print the digests.

    The demo has a data folder of its own, `demo` in the data folder. It empties that folder first.

    Examples:

    * `toptopics demo`
    * `toptopics demo --keep`
    """
    from rich.console import Console

    from streams.demo.run import Demo, DemoError, run_demo
    from streams.local.errors import LocalServiceError

    settings = settings_or_exit()
    console = Console(width=None if shutil.get_terminal_size().columns else 120)
    try:
        run_demo(Demo(Path(settings.data_dir).resolve() / "demo", console, keep, rate))
    except (DemoError, LocalServiceError) as error:
        fail(str(error))
