"""`toptopics digest`: show, write and check digests."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from models.text.terminal import json_text, on_one_line, printable
from models.week.week import Week
from streams.cli.common import fail, run, services, settings_or_exit

if TYPE_CHECKING:
    from models.events.edited import EditedDigest
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


async def _check(settings: "Settings", entry: "PublishedDigest", edited: "EditedDigest | None") -> list[str]:
    from models.digest.verify import check_digest
    from models.editing.edition import differences
    from streams.refit.digest_posts import digest_posts

    posts = await digest_posts(settings, entry)
    if edited is not None:
        return differences(edited, entry.digest, posts)
    return [f"{problem.where}: {problem.what}" for problem in check_digest(entry.digest, posts)]


async def _edition(settings: "Settings", entry: "PublishedDigest") -> "EditedDigest":
    from streams.kafka.editions import edition_of

    edited = await edition_of(settings, entry)
    if edited is None:
        fail(f"no language model has edited the digest of {entry.digest.week}; LLM_BASE_URL and LLM_MODEL turn it on")
    typer.echo(f"edited by {on_one_line(edited.model)}: {edited.accepted} of {edited.proposed} claims stand", err=True)
    return edited


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
    edited: Annotated[
        bool,
        typer.Option("--edited", help="Show what a language model wrote, as far as the posts support it."),
    ] = False,
    listing: Annotated[bool, typer.Option("--list", help="List the weeks that have a digest.")] = False,
) -> None:
    """Show the digest of a week.

    Exit code 1: there is no digest, or `--check` finds a sentence without support in its posts.

    Examples:

    * `toptopics digest`
    * `toptopics digest 2021-W18 --format html --out week.html`
    * `toptopics digest 2021-W18 --check`
    * `toptopics digest --edited`, with `--check`: whether prompts, answers and claims are as published
    """
    from streams.kafka.digests import read_digests

    form = "json" if as_json else form
    if form not in FORMS:
        fail(f"unknown format {form!r}; one of: {', '.join(FORMS)}", 2)
    settings = settings_or_exit()
    with services(settings) as connected:
        found = run(read_digests(connected))
        if listing:
            _list(found)
            return
        entry = _one(found, week)
        edition = run(_edition(connected, entry)) if edited else None
        problems = run(_check(connected, entry, edition)) if check else []
    if check:
        for problem in problems:
            typer.echo(on_one_line(problem))
        typer.echo(f"{entry.digest.week}: {len(problems)} problems", err=True)
        raise typer.Exit(1 if problems else 0)
    from models.editing.edition import applied
    from models.render import render

    shown = entry.digest if edition is None else applied(entry.digest, edition)
    text = render(shown, form, entry.edition(settings.public_url))  # type: ignore[arg-type]
    if out is None:
        typer.echo(json_text(text.encode()) if form == "json" else printable(text))
    else:
        out.write_text(text, encoding="utf-8")
