"""`toptopics influencers`: whose posts are followed, how much they are listened to, and whom to follow next."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from models.text.terminal import json_text, on_one_line
from streams.cli.common import fail, run, services, settings_or_exit
from streams.clock import system_clock
from streams.settings import Settings

if TYPE_CHECKING:
    from models.events import Influencer, Tweet

influencers = typer.Typer(no_args_is_help=True, help="The people whose posts are followed.")
Json = Annotated[bool, typer.Option("--json", help="Machine-readable.")]
Days = Annotated[float, typer.Option(min=0.01, help="How many days of posts to look at, before the newest.")]


@influencers.command()
def add(
    name: Annotated[str, typer.Argument(help="The person's name.")],
    x: Annotated[str | None, typer.Option(help="Handle on X.")] = None,
    bluesky: Annotated[str | None, typer.Option(help="Handle or DID on Bluesky.")] = None,
    mastodon: Annotated[str | None, typer.Option(help="user@host on Mastodon.")] = None,
    rss: Annotated[str | None, typer.Option(help="Address of a feed.")] = None,
    weight: Annotated[
        float | None, typer.Option(min=0, max=100, help="1 is neutral (the default), 0 silences, more lifts.")
    ] = None,
    tag: Annotated[list[str] | None, typer.Option(help="May be repeated.")] = None,
    own_id: Annotated[str | None, typer.Option("--id", help="Default: the first handle.")] = None,
    as_json: Json = False,
) -> None:
    """Add a person, or more handles to one who is listed under that name, that `--id` or one of the handles.

    Handles may be addresses of profiles.

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

    _told(1, _put(joined), as_json)


@influencers.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="A bare list of handles, CSV or JSON Lines.", exists=True)],
    platform: Annotated[
        Literal["x", "bluesky", "mastodon", "rss"] | None,
        typer.Option(help="Where bare handles are; default: by their shape (name.host, user@host, https://…, else x)."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Add everybody in a file. Nobody is added when a line is wrong.

    The file: handles or addresses, one a line; or CSV with a header (name, x, bluesky, mastodon, rss, weight, tags); or
    what `list --json` prints. Whoever is listed keeps what the file does not say.

    Example: `toptopics influencers import handles.txt --platform x`
    """
    from streams.sources.people.files import read_people

    try:
        people = read_people(file.read_text(encoding="utf-8"), platform)
    except UnicodeDecodeError:
        fail(f"{file} is no text in UTF-8", 2)
    except (ValueError, OSError) as error:
        fail(f"{file}: {error}", 2)
    _told(len(people), _put(lambda _listed: people), as_json)


def _told(read: int, listed: int, as_json: bool) -> None:
    if as_json:
        typer.echo(f'{{"read": {read}, "listed": {listed}}}')
    else:
        typer.echo(f"{read} {'person' if read == 1 else 'people'} read; {listed} on the list")


def _put(choose: "Callable[[list[Influencer]], list[Influencer]]") -> int:
    """Write whom `choose` makes of the list; the number of people on it afterwards."""
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
def remove(names: Annotated[list[str], typer.Argument(help="Ids, names or handles.")], as_json: Json = False) -> None:
    """Take people off the list. Exit code 1 when one is not on it."""
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
    scores: Annotated[bool, typer.Option("--scores", help="Influence from the stream, with its parts.")] = False,
    days: Days = 28.0,
    as_json: Json = False,
) -> None:
    """Show the list; with `--scores` also how much each person is listened to.

    Influence is 0 to 1 among the authors of those days. Its parts: graph (who is retweeted, quoted, answered, mentioned
    by whom) and reach (engagement), each a rank from 0 to 1, and curated, the weight.

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
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 20, days: Days = 28.0, as_json: Json = False
) -> None:
    """Whom the listed people retweet, quote, answer and mention, with the posts that show it.

    Each listed person has one vote per candidate and relation: 1 for retweets and quotes, a half for answers and
    mentions.

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
        typer.echo(f"nobody is taken up in the {len(posts):,} posts of the last {days:g} days", err=True)


def _evidence(post: "Tweet", *, whole: bool) -> object:
    """A post that shows it: its address where the platform has one; with `whole` also who wrote what."""
    from models.text.links import post_url

    url = post_url(post)
    return {"id": post.id, "url": url, "author": post.author, "text": post.text[:280]} if whole else url or post.id


async def _recent(settings: Settings, days: float) -> "list[Tweet]":
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


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(influencers, name="influencers")
