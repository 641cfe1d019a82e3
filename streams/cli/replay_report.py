"""The output of `toptopics replay`: rebuilt digests, what changed for readers, and whether the bytes are equal."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from models.text.terminal import json_text, printable

if TYPE_CHECKING:
    from streams.replay.rebuild import Replayed

OTHER_CODE = "  all inputs are equal: the code, or the arithmetic of this machine, has changed since"


@dataclass(frozen=True)
class Wanted:
    """What to print. Neither `compare` nor `verify`: the digest itself."""

    compare: bool  # what changed for readers
    verify: bool  # whether the bytes are equal
    as_json: bool = False


def write(done: "Sequence[Replayed]", out: Path) -> None:
    """Write each digest as JSON, byte for byte, and as Markdown.

    Raises:
        OSError: the folder cannot be written.
    """
    from models.render import render

    out.mkdir(parents=True, exist_ok=True)
    for one in done:
        (out / f"{one.week}.json").write_bytes(one.made.value)
        (out / f"{one.week}.md").write_text(render(one.digest, "markdown"), encoding="utf-8")


def print_report(done: "Sequence[Replayed]", wanted: Wanted) -> None:
    """Print what is wanted of each week, in order."""
    say = _say_json if wanted.as_json else _say
    for one in done:
        say(one, wanted)


def differs(done: "Sequence[Replayed]", wanted: Wanted) -> bool:
    """Whether a week differs from its published digest, or has none to compare with."""
    if wanted.verify:
        return not all(one.identical for one in done)
    return wanted.compare and any(one.published is None for one in done)


def _say(one: "Replayed", wanted: Wanted) -> None:
    from models.digest.compare import compare, comparison_text
    from models.render import render

    if not (wanted.compare or wanted.verify):
        typer.echo(printable(render(one.digest, "markdown")))
        return
    if one.published is None:
        typer.echo(f"{one.week}: no published digest to compare with")
        return
    if wanted.verify:
        typer.echo(f"{one.week}: {_verdict(one)}")
    if wanted.compare:
        typer.echo(printable(comparison_text(compare(one.published.digest, one.digest))), nl=False)
    if not one.identical and one.missing is None:
        reasons = [f"  {printable(str(difference))}" for difference in one.differences()]
        typer.echo("\n".join(reasons or [OTHER_CODE]))


def _say_json(one: "Replayed", wanted: Wanted) -> None:
    import orjson

    from models.digest.compare import compare, comparison_data

    if not (wanted.compare or wanted.verify):
        typer.echo(json_text(one.made.value))
        return
    data: dict[str, object] = {"week": str(one.week)}
    if wanted.compare and one.published is not None:
        data = comparison_data(compare(one.published.digest, one.digest))
    data |= {
        "identical": one.identical,
        "missing": one.missing,
        "published": one.published is not None,
        "differs": [{"input": d.name, "published": d.published, "rebuilt": d.rebuilt} for d in one.differences()],
        "notes": list(one.notes),
    }
    typer.echo(json_text(orjson.dumps(data)))


def _verdict(one: "Replayed") -> str:
    if one.missing is not None:
        return f"cannot be verified: the log no longer holds this week ({one.missing})"
    if one.identical:
        return f"identical, {len(one.made.value):,} bytes from {one.digest.manifest.records:,} posts"
    return "different"
