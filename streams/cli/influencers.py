"""`toptopics influencers`: the listed people, their influence, and suggestions of further people."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from models.text.terminal import json_text, on_one_line
from streams.cli.common import fail, run, services, settings_or_exit
from streams.clock import system_clock

if TYPE_CHECKING:
    from models.events import Influencer, Tweet
    from streams.settings import Settings

influencers = typer.Typer(no_args_is_help=True, help="The people whose posts are read.")
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Days = Annotated[float, typer.Option(min=0.01, help="Days of posts to read, before the newest post.")]


@influencers.command()
def add(
    name: Annotated[str, typer.Argument(help="The person's name.")],
    x: Annotated[str | None, typer.Option(help="Handle on X.")] = None,
    bluesky: Annotated[str | None, typer.Option(help="Handle or DID on Bluesky.")] = None,
    mastodon: Annotated[str | None, typer.Option(help="user@host on Mastodon.")] = None,
    rss: Annotated[str | None, typer.Option(help="Address of a feed.")] = None,
    weight: Annotated[
        float | None, typer.Option(min=0, max=100, help="Factor on the influence: 1 is neutral (the default), 0 mutes.")
    ] = None,
    tag: Annotated[list[str] | None, typer.Option(help="A tag; repeatable.")] = None,
    own_id: Annotated[str | None, typer.Option("--id", help="The person's id; default: the first handle.")] = None,
    as_json: Json = False,
) -> None:
    """Add a person.

    A person who is listed with the same name, `--id` or handle gets the further handles. A handle may be the address of
    a profile.

    Examples:

    * `toptopics influencers add "Ada Example" --x ada --bluesky ada.bsky.social --tag nlp`
    * `toptopics influencers add "Ada Example" --rss https://ada.example/feed.xml --weight 2`
    """
    from streams.kafka.influencers import addition
    from streams.sources.people.files import make

    given = {"x": x, "bluesky": bluesky, "mastodon": mastodon, "rss": rss}
    handles = {platform: handle for platform, handle in given.items() if handle}
    if not handles and own_id is None:
        fail("give at least one handle, or an --id", 2)
    try:
        person = make(own_id, name, handles, 1.0 if weight is None else weight, tag)
    except ValueError as error:
        fail(str(error), 2)

    def joined(listed: "list[Influencer]") -> "list[Influencer]":
        return [addition(listed, person, by_name=own_id is None, weighted=weight is not None)]

    _print_counts(1, _put(joined), as_json)


@influencers.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="A list of handles, CSV, JSON Lines or OPML.", exists=True)],
    platform: Annotated[
        Literal["x", "bluesky", "mastodon", "rss"] | None,
        typer.Option(help="The platform of handles; default: by their form (name.host, user@host, https://…, else x)."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Add all people in a file, or none when a line is invalid.

    The file has one handle or address per line; or it is CSV with a header (name, x, bluesky, mastodon, rss, weight,
    tags); or it is the output of `list --json`. Fields that the file does not have stay as they are.

    Example: `toptopics influencers import handles.txt --platform x`
    """
    from streams.sources.people.files import read_people

    try:
        people = read_people(file.read_text(encoding="utf-8"), platform)
    except UnicodeDecodeError:
        fail(f"{file} is not UTF-8 text", 2)
    except (ValueError, OSError) as error:
        fail(f"{file}: {error}", 2)
    _print_counts(len(people), _put(lambda _listed: people), as_json)


def _print_counts(read: int, listed: int, as_json: bool) -> None:
    if as_json:
        typer.echo(f'{{"read": {read}, "listed": {listed}}}')
    else:
        typer.echo(f"{read} {'person' if read == 1 else 'people'} read; {listed} on the list")


def _put(choose: "Callable[[list[Influencer]], list[Influencer]]") -> int:
    """Write the people that `choose` returns for the list; the number of people on the list afterwards."""
    from streams.kafka.influencers import InfluencerError, merged, put_influencers, read_influencers

    with services(settings_or_exit()) as connected:
        listed = run(read_influencers(connected))
        try:
            changed = merged(listed, choose(listed))
        except InfluencerError as error:
            fail(str(error))
        run(put_influencers(connected, changed, at=system_clock()))
    return len({person.id for person in [*listed, *changed]})


@influencers.command()
def remove(
    names: Annotated[list[str], typer.Argument(help="Ids, names or handles of people.")], as_json: Json = False
) -> None:
    """Remove people from the list. Exit code 1: a person is not listed.

    Example: `toptopics influencers remove ada`
    """
    from streams.kafka.influencers import found, read_influencers, remove_influencers

    with services(settings_or_exit()) as connected:
        listed = run(read_influencers(connected))
        people = {name: found(listed, name) for name in names}
        gone = [person.id for person in people.values() if person is not None]
        run(remove_influencers(connected, gone, at=system_clock()))
    missing = [name for name, person in people.items() if person is None]
    typer.echo(f'{{"removed": {len(gone)}}}' if as_json else f"{len(gone)} removed")
    if missing:
        fail(f"not on the list: {', '.join(missing)}")


@influencers.command("list")
def list_(
    scores: Annotated[bool, typer.Option("--scores", help="Add the influence of each person, with its parts.")] = False,
    days: Days = 28.0,
    as_json: Json = False,
) -> None:
    """Show the list; `--scores` adds the influence of each person.

    Influence is a number from 0 to 1 among the authors of those days. Its parts are graph (who retweets, quotes,
    answers and mentions the person) and reach (engagement), each a rank from 0 to 1, and curated, the weight.

    Example: `toptopics influencers list --scores --days 7`
    """
    from streams.kafka.influencers import read_influencers
    from streams.sources.people.scores import scored

    with services(settings_or_exit()) as connected:
        listed = run(read_influencers(connected))
        posts = run(_recent(connected, days)) if scores else []
    rows = scored(listed, posts) if scores else [_row(person) for person in listed]
    _show("influencers", rows, as_json)


@influencers.command()
def suggest(
    limit: Annotated[int, typer.Option(min=1, max=1000, help="Maximum number of people.")] = 20,
    days: Days = 28.0,
    as_json: Json = False,
) -> None:
    """Suggest people whom the listed people retweet, quote, answer and mention, with the posts that show it.

    Each listed person has one vote per candidate and relation. Retweets and quotes count 1, answers and mentions 0.5.

    Example: `toptopics influencers suggest --limit 5`
    """
    from streams.kafka.influencers import read_influencers
    from streams.sources.people.suggestions import suggest as best
    from streams.sources.people.wanted import People

    with services(settings_or_exit()) as connected:
        people = People(run(read_influencers(connected)))
        posts = run(_recent(connected, days))
    by_id = {post.id: post for post in posts}
    rows: list[dict[str, object]] = [
        {
            "handle": one.handle,
            "score": one.score,
            **{relation: len(voters) for relation, voters in one.voters.items()},
            "by": sorted({voter for voters in one.voters.values() for voter in voters})[:10],
            "evidence": [_evidence(by_id[post_id], whole=as_json) for post_id in one.evidence[: 5 if as_json else 2]],
        }
        for one in best(posts, people, limit)
    ]
    _show("suggestions", rows, as_json)
    if not rows and not as_json:
        typer.echo(f"no suggestion in the {len(posts):,} posts of the last {days:g} days", err=True)


def _evidence(post: "Tweet", *, whole: bool) -> object:
    """The address of a post, or its id; with `whole` also its author and text."""
    from models.text.links import post_url

    url = post_url(post)
    return {"id": post.id, "url": url, "author": post.author, "text": post.text[:280]} if whole else url or post.id


async def _recent(settings: "Settings", days: float) -> "list[Tweet]":
    from streams.sources.people.scores import recent_posts

    return await recent_posts(settings, timedelta(days=days))


def _row(person: "Influencer") -> dict[str, object]:
    return {
        "id": person.id,
        "name": person.name,
        "handles": dict(person.handles),
        "weight": person.weight,
        "tags": list(person.tags),
    }


def _show(title: str, rows: list[dict[str, object]], as_json: bool) -> None:
    import orjson
    from rich.console import Console
    from rich.table import Table

    if as_json:
        typer.echo(json_text(orjson.dumps(rows, option=orjson.OPT_INDENT_2)))
        return
    if not rows:
        return
    columns = list(dict.fromkeys(name for row in rows for name in row))
    table = Table(*columns, title=f"{len(rows)} {title}", title_justify="left")
    for row in rows:
        table.add_row(*(_cell(row.get(column, "")) for column in columns))
    Console().print(table, markup=False)


def _cell(value: object) -> str:
    from rich.markup import escape

    if isinstance(value, dict):
        value = " ".join(f"{name}:{_plain(each)}" for name, each in value.items())
    elif isinstance(value, list):
        value = " ".join(map(str, value))
    else:
        value = _plain(value)
    return escape(on_one_line(str(value)))


def _plain(value: object) -> str:
    return "" if value is None else f"{value:.3g}" if isinstance(value, float) else str(value)
