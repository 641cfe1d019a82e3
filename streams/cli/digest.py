"""`toptopics digest`: read, render and check digests."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from models.events import Digest, Tweet
from models.text.terminal import json_text, on_one_line, printable
from models.week.week import Week
from streams.cli.common import fail, run, services, settings_or_exit
from streams.kafka.digests import PublishedDigest, read_digests
from streams.settings import Settings

if TYPE_CHECKING:
    from streams.cli.rewording import Endpoint

FORMS = ("markdown", "html", "json", "text", "atom")


def _one(found: dict[str, PublishedDigest], week: str | None) -> PublishedDigest:
    if not found:
        fail("there is no digest yet: a week's digest is made when the week has closed")
    if week is None:
        return list(found.values())[-1]
    try:
        Week.parse(week)
    except ValueError as error:
        fail(str(error), 2)
    if week not in found:
        fail(f"there is no digest of {week}; there are: {', '.join(found)}")
    return found[week]


async def _posts(settings: Settings, entry: PublishedDigest) -> dict[str, Tweet]:
    from models.week.posts import week_tweets
    from streams.refit.week_slice import read_week

    week = Week.parse(entry.digest.week, entry.digest.timezone)
    piece = await read_week(settings, week, end=entry.slice_end or None)
    return week_tweets(piece.records, week)


async def _reworded(settings: Settings, entry: PublishedDigest, endpoint: "Endpoint") -> Digest:
    from streams.cli.rewording import reword_digest

    return await reword_digest(entry.digest, await _posts(settings, entry), endpoint)


def _endpoint_or_exit(settings: Settings) -> "Endpoint":
    from streams.cli.rewording import endpoint_of

    endpoint = endpoint_of(settings)
    if endpoint is None:
        fail("--reword needs LLM_BASE_URL and LLM_MODEL (and LLM_API_KEY where the endpoint asks for one)", 2)
    return endpoint


async def _check(settings: Settings, entry: PublishedDigest) -> list[str]:
    from models.digest.verify import check_digest

    posts = await _posts(settings, entry)
    return [f"{problem.where}: {problem.what}" for problem in check_digest(entry.digest, posts)]


def _list(found: dict[str, PublishedDigest]) -> None:
    for name, entry in found.items():
        headline = on_one_line(entry.digest.headline.text)
        typer.echo(f"{name}  r{entry.revision}  {len(entry.digest.topics)} topics  {headline}")


def digest(
    week: Annotated[str | None, typer.Argument(help="Such as 2021-W18; default: the newest.")] = None,
    form: Annotated[str, typer.Option("--format", "-f", help=f"One of: {', '.join(FORMS)}.")] = "markdown",
    as_json: Annotated[bool, typer.Option("--json", help="The same as --format json.")] = False,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Write to this file.")] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Check every sentence, quotation and link against the posts.")
    ] = False,
    reword: Annotated[
        bool,
        typer.Option(
            "--reword",
            help="Let the endpoint of LLM_BASE_URL reword summaries; what adds a name, number or link is not.",
        ),
    ] = False,
    listing: Annotated[bool, typer.Option("--list", help="List the weeks that have a digest.")] = False,
) -> None:
    """Show the digest of a week.

    Exit code 1 when there is none, or when `--check` finds a sentence that its posts do not carry.

    Examples:

    * `toptopics digest`
    * `toptopics digest 2021-W18 --format html --out week.html`
    * `toptopics digest 2021-W18 --check`
    * `LLM_BASE_URL=http://127.0.0.1:11434/v1 LLM_MODEL=llama3 toptopics digest --reword`
    """
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


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(digest)
