"""`toptopics dead-letters`: list, show, send back and dismiss dead letters."""

from collections import Counter
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import typer

from models.text.terminal import on_one_line, printable
from streams.cli.common import fail, run, services, settings_or_exit
from streams.clock import system_clock

if TYPE_CHECKING:
    from streams.operations.dead_letters import StoredLetter
    from streams.settings import Settings

SHOWN_BYTES = 4_000


def dead_letters(
    numbers: Annotated[list[int] | None, typer.Argument(help="Numbers of dead letters, as in the list.")] = None,
    retry: Annotated[bool, typer.Option("--retry", help="Send the letters back to their topics.")] = False,
    dismiss: Annotated[bool, typer.Option("--dismiss", help="Close letters that cannot be repaired.")] = False,
    every: Annotated[bool, typer.Option("--all", help="All letters.")] = False,
    stage: Annotated[str | None, typer.Option(help="Letters of this stage only.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Also send letters that this version would refuse.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="Number of letters to list, the newest.")] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="Print whole letters as JSON, one per line.")] = False,
) -> None:
    """List dead letters: records that could not be used. Numbers show single letters; `--retry` sends them back.

    A letter that was sent back or dismissed is marked. It is not sent a second time. Exit code 1: a letter cannot be
    sent back.

    Examples:

    * `toptopics dead-letters`
    * `toptopics dead-letters 12` shows reason, coordinates and original bytes
    * `toptopics dead-letters 12 14 --retry` after the cause is repaired
    * `toptopics dead-letters --retry --all --stage embed`
    * `toptopics dead-letters 13 --dismiss` when it can never become a post
    * `toptopics dead-letters --json --all > letters.jsonl`
    """
    from streams.operations.dead_letters import read_letters

    if retry + dismiss > (1 if numbers or every else 0):
        fail("give either --retry or --dismiss, with the numbers of letters or --all", 2)
    settings = settings_or_exit()
    with services(settings) as connected:
        found = run(read_letters(connected))
        chosen = _chosen(found, numbers or [], stage)
        if retry or dismiss:
            refused = _retry(connected, chosen, force=force) if retry else _dismiss(connected, chosen)
            raise typer.Exit(1 if refused else 0)
    if as_json:
        _print_json(chosen if every or numbers else chosen[-limit:])
    elif numbers:
        for stored in chosen:
            _show(stored)
    else:
        _list(chosen, len(chosen) if every else limit)


def _chosen(found: "dict[int, StoredLetter]", numbers: list[int], stage: str | None) -> "list[StoredLetter]":
    unknown = [str(number) for number in numbers if number not in found]
    if unknown:
        fail(f"there is no dead letter {', '.join(unknown)}; `toptopics dead-letters` lists them")
    chosen = [found[number] for number in numbers] if numbers else list(found.values())
    return [stored for stored in chosen if stage is None or stored.letter.stage == stage]


def _list(letters: "list[StoredLetter]", limit: int) -> None:
    for stored in letters[-limit:]:
        at = stored.letter.at.isoformat(timespec="seconds") if stored.letter.at else "-"
        stage, came_from = on_one_line(stored.letter.stage), on_one_line(stored.came_from)
        reason = on_one_line(stored.letter.reason)[:160]
        typer.echo(f"{stored.number:>6}  {at}  {stage:<8} {stored.state:<9} {came_from}  {reason}")
    opened = Counter(stored.letter.stage for stored in letters if stored.state == "open")
    by_stage = ", ".join(f"{on_one_line(name)} {count}" for name, count in sorted(opened.items()))
    typer.echo(f"{len(letters)} dead letters, {opened.total()} open" + (f" ({by_stage})" if by_stage else ""), err=True)


def _show(stored: "StoredLetter") -> None:
    letter = stored.letter
    data = stored.record
    text = "null" if data is None else data[:SHOWN_BYTES].decode("utf-8", "backslashreplace")
    fields = {
        "number": str(stored.number),
        "state": stored.state,
        "stage": letter.stage,
        "reason": letter.reason,
        "from": stored.came_from,
        "found at": letter.at.isoformat() if letter.at else "-",
        "key": "null" if stored.key is None else stored.key.decode("utf-8", "backslashreplace"),
        "bytes": "0 (null)" if data is None else str(len(data)),
    }
    for name, value in fields.items():
        typer.echo(f"{name + ':':<10}{on_one_line(value)}")
    typer.echo(printable(text))
    if data is not None and len(data) > SHOWN_BYTES:
        typer.echo(f"… {len(data) - SHOWN_BYTES} more bytes: --json has all of them")


def _print_json(letters: "list[StoredLetter]") -> None:
    import json

    import msgspec

    for stored in letters:
        fields: dict[str, Any] = {
            "number": stored.number,
            "state": stored.state,
            **msgspec.to_builtins(stored.letter),
        }
        typer.echo(json.dumps(fields))  # ASCII: nothing in it reaches a terminal raw


def _retry(settings: "Settings", letters: "list[StoredLetter]", *, force: bool) -> int:
    """Send the open letters back; the number of letters that cannot be sent."""
    from streams.kafka.send import kafka_send
    from streams.operations.dead_letters import NotSendableError, Outgoing, outgoing, send_back
    from streams.stages.post_time import check_not_future

    ready: list[tuple[StoredLetter, list[Outgoing]]] = []
    skew = timedelta(minutes=settings.future_skew_minutes)
    soon = partial(check_not_future, now=system_clock(), skew=skew)
    refused = 0
    for stored in letters:
        if stored.state != "open":
            typer.echo(f"{stored.number}: is already {stored.state}", err=True)
            continue
        try:
            ready.append((stored, outgoing(stored, settings.prefix, force=force, soon=soon)))
        except NotSendableError as error:
            refused += 1
            typer.echo(f"{stored.number}: {on_one_line(str(error))}", err=True)

    async def send_all() -> None:
        async with kafka_send(settings) as send:
            for stored, records in ready:
                await send_back(stored, records, send)
                typer.echo(f"{stored.number}: sent back to {', '.join(sorted({record.topic for record in records}))}")

    if ready:
        run(send_all())
    typer.echo(f"{len(ready)} sent back, {refused} refused", err=True)
    return refused


def _dismiss(settings: "Settings", letters: "list[StoredLetter]") -> int:
    """Close the open letters; none is refused, so the result is 0."""
    from streams.kafka.send import kafka_send
    from streams.operations.dead_letters import dismiss

    opened = [stored for stored in letters if stored.state == "open"]

    async def note_all() -> None:
        async with kafka_send(settings) as send:
            for stored in opened:
                await dismiss(stored, send)

    if opened:
        run(note_all())
    typer.echo(f"{len(opened)} dismissed", err=True)
    return 0
