"""`toptopics digest`: show, write and check digests."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from models.events import Digest, Tweet
from models.text.terminal import json_text, on_one_line, printable
from models.week.week import Week
from streams.cli.common import fail, run, services, settings_or_exit

if TYPE_CHECKING:
    from streams.cli.rewording import Endpoint
    from streams.kafka.digests import PublishedDigest
    from streams.settings import Settings

FORMS = ("markdown", "html", "json", "text", "atom", "csv")


def _one(found: "dict[str, PublishedDigest]", week: str | None) -> "PublishedDigest":
    if not found:
        fail("there is no digest yet: a digest is made when its week closes")
    if week is None:
        return list(found.values())[-1]
    try:
        Week.parse(week)
    except ValueError as error:
        fail(str(error), 2)
    if week not in found:
        fail(f"there is no digest of {week}; the digests are: {', '.join(found)}")
    return found[week]


async def _posts(settings: "Settings", entry: "PublishedDigest") -> dict[str, Tweet]:
    """The posts that the digest was made from. Raises LookupError when the log no longer holds them."""
    from models.week.posts import held_posts, week_tweets
    from streams.refit.week_slice import read_week

    week = Week.parse(entry.digest.week, entry.digest.timezone)
    piece = await read_week(settings, week, end=entry.slice_end or None)
    if missing := entry.missing_in(piece.log_start, held_posts(piece.records, week)):
        raise LookupError(f"the log no longer holds {week}: {missing}")
    return week_tweets(piece.records, week)


async def _reworded(settings: "Settings", entry: "PublishedDigest", endpoint: "Endpoint") -> Digest:
    from streams.cli.rewording import reword_digest

    return await reword_digest(entry.digest, await _posts(settings, entry), endpoint)


def _endpoint_or_exit(settings: "Settings") -> "Endpoint":
    from streams.cli.rewording import endpoint_of

    endpoint = endpoint_of(settings)
    if endpoint is None:
        fail("--reword needs LLM_BASE_URL and LLM_MODEL (and LLM_API_KEY if the endpoint requires a key)", 2)
    return endpoint


async def _check(settings: "Settings", entry: "PublishedDigest") -> list[str]:
    from models.digest.verify import check_digest

    posts = await _posts(settings, entry)
    return [f"{problem.where}: {problem.what}" for problem in check_digest(entry.digest, posts)]


def _list(found: "dict[str, PublishedDigest]") -> None:
    for name, entry in found.items():
        headline = on_one_line(entry.digest.headline.text)
        typer.echo(f"{name}  r{entry.revision}  {len(entry.digest.topics)} topics  {headline}")


def digest(
    week: Annotated[str | None, typer.Argument(help="A week, such as 2021-W18; default: the newest digest.")] = None,
    form: Annotated[str, typer.Option("--format", "-f", help=f"One of: {', '.join(FORMS)}.")] = "markdown",
    as_json: Annotated[bool, typer.Option("--json", help="The same as --format json.")] = False,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Write to this file instead.")] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Check every sentence, number, quotation and link against the posts.")
    ] = False,
    reword: Annotated[
        bool,
        typer.Option(
            "--reword",
            help="Reword summaries with the model at LLM_BASE_URL; drop sentences with added names, numbers or links.",
        ),
    ] = False,
    listing: Annotated[bool, typer.Option("--list", help="List the weeks that have a digest.")] = False,
) -> None:
    """Show the digest of a week.

    Exit code 1: there is no digest, or `--check` finds a sentence without support in its posts.

    Examples:

    * `toptopics digest`
    * `toptopics digest 2021-W18 --format html --out week.html`
    * `toptopics digest 2021-W18 --check`
    * `LLM_BASE_URL=http://127.0.0.1:11434/v1 LLM_MODEL=llama3 toptopics digest --reword`
    """
    from streams.kafka.digests import read_digests

    form = "json" if as_json else form
    if form not in FORMS:
        fail(f"unknown format {form!r}; one of: {', '.join(FORMS)}", 2)
    settings = settings_or_exit()
    endpoint = _endpoint_or_exit(settings) if reword else None
    with services(settings) as connected:
        found = run(read_digests(connected))
        if listing:
            _list(found)
            return
        entry = _one(found, week)
        problems = run(_check(connected, entry)) if check else []
        shown = run(_reworded(connected, entry, endpoint)) if endpoint and not check else entry.digest
    if check:
        for problem in problems:
            typer.echo(on_one_line(problem))
        typer.echo(f"{entry.digest.week}: {len(problems)} problems", err=True)
        raise typer.Exit(1 if problems else 0)
    from models.render import render

    text = render(shown, form, entry.edition(settings.public_url))  # type: ignore[arg-type]
    if out is None:
        typer.echo(json_text(text.encode()) if form == "json" else printable(text))
    else:
        out.write_text(text, encoding="utf-8")
