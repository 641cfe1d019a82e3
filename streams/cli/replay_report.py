"""What `toptopics replay` says of rebuilt weeks: the digests, what changed for readers, whether they are the same."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import orjson
import typer

from models.text.terminal import json_text, printable

if TYPE_CHECKING:
    from streams.replay.rebuild import Replayed

OTHER_CODE = "  all inputs are equal: the code, or the arithmetic of this machine, is not that of then"


@dataclass(frozen=True)
class Wanted:
    """The options that say what to tell; none of them: the digest itself."""

    compare: bool
    verify: bool
    as_json: bool = False


def write(done: "Sequence[Replayed]", out: Path) -> None:
    """Every digest as JSON, its very bytes, and as Markdown. Raises OSError."""
    from models.render import render

    out.mkdir(parents=True, exist_ok=True)
    for one in done:
        (out / f"{one.week}.json").write_bytes(one.made.value)
        (out / f"{one.week}.md").write_text(render(one.digest, "markdown"), encoding="utf-8")


def tell(done: "Sequence[Replayed]", wanted: Wanted) -> None:
    """What is wanted of each week, in their order."""
    say = _say_json if wanted.as_json else _say
    for one in done:
        say(one, wanted)


def wrong(done: "Sequence[Replayed]", wanted: Wanted) -> bool:
    """Whether a week is not what it was, or there is nothing to hold it against."""
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
        typer.echo(f"{one.week}: there is no published digest to compare with")
        return
    if wanted.verify:
        typer.echo(f"{one.week}: {_verdict(one)}")
    if wanted.compare:
        typer.echo(printable(comparison_text(compare(one.published.digest, one.digest))), nl=False)
    if not one.identical and one.missing is None:
        reasons = [f"  {printable(str(difference))}" for difference in one.differences()]
        typer.echo("\n".join(reasons or [OTHER_CODE]))


def _say_json(one: "Replayed", wanted: Wanted) -> None:
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
