"""`toptopics subscribe`, `push` and `subscriptions`: new digests to people and programs."""

import os
import shlex
import sys
from contextlib import aclosing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from models.text.terminal import json_text, on_one_line, printable
from models.week.week import Week
from streams.cli.common import fail, run, services, settings_or_exit
from streams.cli.metrics import served

if TYPE_CHECKING:
    from streams.delivery.queue import DeliveryQueue, EndpointState
    from streams.delivery.subscribe import PositionFile
    from streams.delivery.subscription import Subscription
    from streams.kafka.digests import PublishedDigest
    from streams.settings import Settings

FORMS = ("markdown", "text", "html", "json")
subscriptions = typer.Typer(
    help="Where `toptopics push` delivers digests: webhooks, mail, chats.", no_args_is_help=True
)


class ExecError(RuntimeError):
    """The command of `--exec` failed for a digest. The next start runs it again for this digest."""


def subscribe(
    since: Annotated[
        str | None, typer.Option("--from", help="Also the digests from this week on, such as 2021-W18.")
    ] = None,
    form: Annotated[
        str | None, typer.Option("--format", "-f", help=f"One of: {', '.join(FORMS)}; default: markdown, --exec: json.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The same as --format json: one object per line.")] = False,
    command: Annotated[
        str | None,
        typer.Option("--exec", help="Command for each digest. It reads the digest as input; TOPTOPICS_WEEK is set."),
    ] = None,
    name: Annotated[str, typer.Option(help="Name of the subscriber; each has a position of its own.")] = "default",
    once: Annotated[bool, typer.Option("--once", help="End after the last new digest.")] = False,
) -> None:
    """Print new digests and corrections, each once, until Ctrl-C.

    The position of the subscriber `--name` is stored. When the command of `--exec` fails, the exit code is 1, and the
    next start repeats the same digest.

    Examples:

    * `toptopics subscribe`
    * `toptopics subscribe --from 2021-W18 --json --once`
    * `toptopics subscribe --name mail --format text --exec "mail -s digest me@example.org"`
    """
    from streams.delivery.subscribe import PositionFile

    settings = settings_or_exit()
    form = "json" if as_json else form or ("json" if command is not None else "markdown")
    if form not in FORMS:
        fail(f"unknown form {form!r}; one of: {', '.join(FORMS)}", 2)
    _check_week(since)
    if not name.replace("-", "").replace("_", "").isalnum():
        fail(f"invalid name {name!r}: use letters, digits, - and _", 2)
    file = PositionFile(settings.data_dir / "subscribers" / f"{name}.json")
    with services(settings) as connected:
        try:
            run(_follow(connected, file, since, command, form=form, once=once))
        except (ValueError, ExecError) as error:
            fail(str(error))


async def _follow(
    settings: "Settings",
    file: "PositionFile",
    since: str | None,
    command: str | None,
    *,
    form: str,
    once: bool,
) -> None:
    from streams.delivery.subscribe import first_position, follow, rewound

    position = file.load()
    async with aclosing(follow(settings)) as digests:
        async for entries in digests:
            if position is None:
                position = first_position(entries, since)
                file.save(position)
            elif since is not None:
                position = rewound(position, since)
            since = None  # it applies to the first position only
            for entry in filter(position.is_new, entries):
                await _hand_over(entry, command, _text(entry, form, settings.public_url), form)
                position.delivered[entry.digest.week] = entry.hash
                file.save(position)
            if once:
                return


async def _hand_over(entry: "PublishedDigest", command: str | None, text: bytes, form: str) -> None:
    import asyncio

    if command is None:
        sys.stdout.buffer.write((json_text(text) if form == "json" else printable(text.decode())).encode())
        sys.stdout.buffer.flush()
        return
    given = {
        "TOPTOPICS_WEEK": entry.digest.week,
        "TOPTOPICS_REVISION": str(entry.revision),
        "TOPTOPICS_HASH": entry.hash,
        "TOPTOPICS_HEADLINE": on_one_line(entry.digest.headline.text),
    }
    process = await asyncio.create_subprocess_exec(
        *shlex.split(command), stdin=asyncio.subprocess.PIPE, env=os.environ | given
    )
    await process.communicate(text)
    if process.returncode:
        raise ExecError(
            f"{command!r} ended with exit code {process.returncode} for {entry.digest.week}; the next start repeats it"
        )


def _text(entry: "PublishedDigest", form: str, public_url: str | None) -> bytes:
    import orjson

    from models.render import render
    from streams.delivery.subscribe import as_event

    if form == "json":
        return orjson.dumps(as_event(entry)) + b"\n"
    shown = render(entry.digest, form, entry.edition(public_url))  # type: ignore[arg-type]  # checked by the command
    return (shown.rstrip() + "\n").encode()


def push(
    file: Annotated[Path | None, typer.Option("--file", help="TOML file with subscriptions to add first.")] = None,
) -> None:
    """Deliver digests to all subscriptions until Ctrl-C: webhooks, mail, chats.

    A failed delivery is repeated for a day. Each endpoint has a queue of its own that survives restarts. The file has a
    table `subscription` for each subscription, with `name` and `url`, and optionally `since`, `secret` and
    `allow_private`.

    Examples:

    * `toptopics push`
    * `toptopics push --file subscriptions.toml`
    """
    from streams.clock import system_clock
    from streams.delivery.pusher import Pusher
    from streams.delivery.senders import senders_of
    from streams.delivery.subscribe import follow
    from streams.kafka.editions import edition_of
    from streams.system.files import LockedError, locked
    from streams.system.logs import set_up_logging
    from streams.system.metrics import Metrics

    settings = settings_or_exit()
    set_up_logging(settings, stage="push")
    queue = _queue(settings)
    _take_over(queue, file)
    metrics = Metrics()
    with services(settings) as connected, served(metrics, settings, "push"):
        senders = senders_of(settings.public_url or None, partial(edition_of, connected))
        pusher = Pusher(queue, senders, clock=system_clock, metrics=metrics)
        try:
            with locked(settings.data_dir / "push.lock"):
                run(pusher.run(follow(connected)))
        except LockedError:
            fail(f"another `toptopics push` runs on {settings.data_dir}; stop it, or set TOPTOPICS_DATA_DIR")


@subscriptions.command("add")
def add(
    name: Annotated[str, typer.Argument(help="Name of the subscription.")],
    url: Annotated[
        str,
        typer.Argument(
            envvar="TOPTOPICS_SUBSCRIPTION_URL",
            help="https://… for a webhook, or an apprise address such as slack://…; without it, asked for or read "
            "from standard input. Other users of the machine see arguments: keep passwords out of them.",
        ),
    ] = "",
    since: Annotated[
        str | None, typer.Option("--from", help="Also the digests from this week on that were not delivered to it.")
    ] = None,
    secret: Annotated[
        str, typer.Option(envvar="TOPTOPICS_WEBHOOK_SECRET", help="Webhooks: whsec_ and base64; default: a new secret.")
    ] = "",
    allow_private: Annotated[
        bool, typer.Option("--allow-private", help="Allow an address in a private network.")
    ] = False,
    edited: Annotated[
        bool, typer.Option("--edited", help="Mail and chat: with the words of a language model, where there are any.")
    ] = False,
) -> None:
    """Add a subscription, or replace the subscription with that name.

    Examples:

    * `toptopics subscriptions add team https://example.org/hooks/digest`
    * `toptopics subscriptions add me` asks for the address without showing it
    * `toptopics subscriptions add chat --from 2021-W18 < address.txt`
    * `TOPTOPICS_SUBSCRIPTION_URL="mailto://user:password@example.org" toptopics subscriptions add mail`
    """
    from streams.delivery.digest_message import check_address
    from streams.delivery.subscription import Subscription, SubscriptionError, checked
    from streams.kafka.digests import read_digests

    settings = settings_or_exit()
    queue = _queue(settings)
    url = url or _asked_address()
    wanted = Subscription(name=name, url=url, secret=secret, since=since, allow_private=allow_private, edited=edited)
    try:
        subscription = checked(wanted, _known(queue).get(name))
        check_address(subscription)
    except SubscriptionError as error:
        fail(str(error), 2)
    with services(settings) as connected:
        there = run(read_digests(connected))
    queue.put_subscription(subscription)
    queue.catch_up(subscription, [(week, entry.hash, entry.revision) for week, entry in there.items()])
    typer.echo(f"{name}: {subscription.shown_url}")
    if subscription.kind == "webhook" and not secret:
        typer.echo(f"signing secret: {subscription.secret}")


def _asked_address() -> str:
    """The address, typed at a terminal without being shown, or the first line of standard input."""
    if sys.stdin.isatty():
        return str(typer.prompt("address", hide_input=True)).strip()
    return sys.stdin.readline().strip()


@subscriptions.command("list")
def list_all(as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """List all subscriptions with their states. Exit code 1: a subscription is dead.

    Example: `toptopics subscriptions list`
    """
    import orjson

    states = _queue(settings_or_exit()).states()
    for state in states:
        typer.echo(json_text(orjson.dumps(state.shown())) if as_json else on_one_line(_line(state)))
    if not states and not as_json:
        typer.echo("there is no subscription; `toptopics subscriptions add` adds one", err=True)
    if any(state.state == "dead" for state in states):
        raise typer.Exit(1)


@subscriptions.command("remove")
def remove(name: Annotated[str, typer.Argument(help="Name of the subscription.")]) -> None:
    """Remove a subscription and its queue.

    Example: `toptopics subscriptions remove team`
    """
    if not _queue(settings_or_exit()).remove_subscription(name):
        fail(f"there is no subscription {name!r}")


@subscriptions.command("test")
def send_test(name: Annotated[str, typer.Argument(help="Name of the subscription.")]) -> None:
    """Send the newest digest to a subscription now. Its queue stays as it is.

    Exit code 1: it was not delivered, or there is no digest yet.

    Examples:

    * `toptopics subscriptions test team`
    """
    from streams.clock import system_clock
    from streams.delivery.errors import DeliveryError
    from streams.delivery.senders import senders_of
    from streams.kafka.digests import read_digests
    from streams.kafka.editions import edition_of

    settings = settings_or_exit()
    subscription = _known(_queue(settings)).get(name)
    if subscription is None:
        fail(f"there is no subscription {name!r}")
    with services(settings) as connected:
        there = run(read_digests(connected))
        if not there:
            fail("there is no digest yet")
        entry = list(there.values())[-1]
        senders = senders_of(settings.public_url or None, partial(edition_of, connected))
        try:
            run(senders[subscription.kind].send(subscription, entry, system_clock()))
        except DeliveryError as error:
            fail(f"{name}: not delivered: {error}")
    typer.echo(f"{name}: the digest of {entry.digest.week} was delivered")


@subscriptions.command("retry")
def retry(name: Annotated[str, typer.Argument(help="Name of the subscription.")]) -> None:
    """Start the failed deliveries of a subscription again, with all attempts.

    Example: `toptopics subscriptions retry team`
    """
    queue = _queue(settings_or_exit())
    if name not in _known(queue):
        fail(f"there is no subscription {name!r}")
    typer.echo(f"{name}: {queue.revive(name)} deliveries are due again")


def _queue(settings: "Settings") -> "DeliveryQueue":
    from streams.delivery.queue import DeliveryQueue

    return DeliveryQueue(settings.data_dir / "push.sqlite3")


def _known(queue: "DeliveryQueue") -> "dict[str, Subscription]":
    return {subscription.name: subscription for subscription in queue.subscriptions()}


def _take_over(queue: "DeliveryQueue", file: Path | None) -> None:
    from streams.delivery.digest_message import check_address
    from streams.delivery.subscription import SubscriptionError, checked, from_file

    if file is None:
        return
    known = _known(queue)
    try:
        wanted = [checked(found, known.get(found.name)) for found in from_file(file)]
        for subscription in wanted:
            check_address(subscription)
        for subscription in wanted:
            queue.put_subscription(subscription)
    except (SubscriptionError, OSError) as error:
        fail(str(error), 2)


def _line(state: "EndpointState") -> str:
    counts = f"{state.delivered} delivered, {state.waiting} waiting, {state.dead} dead"
    line = f"{state.subscription.name}  {state.state}  {state.subscription.shown_url}  {counts}"
    if state.error:
        line += f"  after {state.attempts} attempts: {state.error}"
    if state.next_at is not None:
        line += f"  next at {state.next_at:%Y-%m-%d %H:%M:%S} UTC"
    return line


def _check_week(week: str | None) -> None:
    if week is None:
        return
    try:
        Week.parse(week)
    except ValueError as error:
        fail(str(error), 2)
