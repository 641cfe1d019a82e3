"""`toptopics schema`: the JSON Schemas and the AsyncAPI document of the Kafka topics."""

from pathlib import Path
from typing import Annotated

import typer

from streams.cli.common import fail


def schema(
    name: Annotated[str | None, typer.Argument(help="A type, such as Digest; default: all types.")] = None,
    asyncapi: Annotated[
        bool, typer.Option("--asyncapi", help="Print the AsyncAPI 3 document of all topics instead.")
    ] = False,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Folder for one file per type, or file for the document.")
    ] = None,
) -> None:
    """Print the JSON Schemas of the values on all topics.

    Examples:

    * `toptopics schema Digest`
    * `toptopics schema --out schemas/`
    * `toptopics schema --asyncapi --out asyncapi.json`
    """
    import orjson

    from models.events.schemas import TYPES, all_schemas

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

    import orjson

    from models.events.async_api import async_api
    from streams.kafka.topics import TOPICS

    if name is not None:
        fail("--asyncapi prints all topics: it takes no type", 2)
    document = orjson.dumps(async_api(TOPICS, version("toptopics")), option=orjson.OPT_INDENT_2)
    if out is None:
        typer.echo(document.decode())
    else:
        out.write_bytes(document + b"\n")
