"""`toptopics help`: the READMEs in the terminal.

Each topic is the README of a folder. In a checkout it is read where it is. A wheel has no root folder and no tests, so
the build copies the READMEs outside `models/` and `streams/` into `streams/cli/texts/` (see `pyproject.toml`).
"""

from pathlib import Path
from typing import Annotated, Final

import typer

from streams.cli.common import fail

ROOT: Final = Path(__file__).parents[2]
TEXTS: Final = Path(__file__).parent / "texts"
# topic -> (file below the root, what it is about)
TOPICS: Final = {
    "overview": ("README.md", "what Top Topics is, three ways in, commands, folders"),
    "sources": ("streams/sources/README.md", "posts in: platforms, feeds, files, people"),
    "live": ("streams/api/README.md", "the live view: terminal, dashboard, API, language models"),
    "subscribe": ("streams/delivery/README.md", "digests and alerts out: Kafka, webhooks, mail, chat"),
    "replay": ("streams/replay/README.md", "past weeks again, with the same bytes"),
    "operations": ("streams/operations/README.md", "operate, scale, secure; metrics"),
    "settings": ("streams/README.md", "the flow, the Kafka topics, all settings"),
    "library": ("models/README.md", "use as a library; design decisions"),
    "numbers": ("tests/benchmarks/README.md", "measurements beside alternatives"),
}


def text_of(topic: str) -> str:
    """The README of a topic.

    Raises:
        KeyError: there is no such topic.
    """
    name = TOPICS[topic][0]
    copied = TEXTS / f"{topic}.md"
    return (copied if copied.is_file() else ROOT / name).read_text(encoding="utf-8")


def help_(
    topic: Annotated[str | None, typer.Argument(help="One of the topics; default: list them.")] = None,
) -> None:
    """Print the text about a topic, or list the topics.

    Examples:

    * `toptopics help`
    * `toptopics help sources | less`
    """
    if topic is None:
        for name, (_, about) in TOPICS.items():
            typer.echo(f"{name:<12}{about}")
        return
    if topic not in TOPICS:
        fail(f"unknown topic {topic!r}; topics: {', '.join(TOPICS)}", 2)
    typer.echo(text_of(topic), nl=False)
