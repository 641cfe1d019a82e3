"""`toptopics schema`: the contract of the topics."""

from pathlib import Path
from typing import Annotated

import orjson
import typer

from models.events.schemas import TYPES, all_schemas
from streams.cli.common import fail


def schema(
    name: Annotated[str | None, typer.Argument(help="One type, such as Digest; default: all.")] = None,
    asyncapi: Annotated[
        bool, typer.Option("--asyncapi", help="The AsyncAPI 3 document of all topics instead.")
    ] = False,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Write one file a type into this folder, or the document.")
    ] = None,
) -> None:
    """Print the JSON Schemas of everything on the topics.

    Examples:

    * `toptopics schema Digest`
    * `toptopics schema --out schemas/`
    * `toptopics schema --asyncapi --out asyncapi.json`
    """
    if asyncapi:
        _write_async_api(name, out)
        return
    schemas = all_schemas()
    if name is not None:
        if name not in schemas:
            fail(f"unknown type {name!r}; one of: {', '.join(kind.__name__ for kind in TYPES)}", 2)
        schemas = {name: schemas[name]}
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        for title, document in schemas.items():
            (out / f"{title}.json").write_bytes(orjson.dumps(document, option=orjson.OPT_INDENT_2) + b"\n")
        return
    document = schemas[name] if name is not None else schemas
    typer.echo(orjson.dumps(document, option=orjson.OPT_INDENT_2).decode())


def _write_async_api(name: str | None, out: Path | None) -> None:
    from importlib.metadata import version

    from models.events.async_api import async_api
    from streams.kafka.topics import TOPICS

    if name is not None:
        fail("--asyncapi is about all topics: it takes no type", 2)
    document = orjson.dumps(async_api(TOPICS, version("toptopics")), option=orjson.OPT_INDENT_2)
    if out is None:
        typer.echo(document.decode())
    else:
        out.write_bytes(document + b"\n")


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(schema)
