"""Archives of posts: files and standard input of any format, as one iterator of outcomes.

It reads JSON Lines (ours, twarc v2 pages and flattened lines, X v1.1, Activity Streams, Jetstream, Mastodon), one JSON
document (pretty-printed, or an array), X's own archive, and CSV/TSV; `opening` unpacks and recodes them. With
`auto` each record is recognised by its own shape, so mixed files work. A damaged line is `Bad` with its number, and a
truncated last line is reported as such. A line over 32 MiB is skipped. A line of CSV that is not UTF-8 is read as
Windows-1252; in JSON it is an error. A damaged compressed file gives its readable part and one `Bad`.
"""

import itertools
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from models.events.wire import not_json
from streams.sources.fields import record_bytes
from streams.sources.files import csv_rows, formats, x_archive
from streams.sources.files.opening import DAMAGE, Part, is_of_the_disk, opened
from streams.sources.port import MAX_KEPT, Bad, Outcome, Parser

MAX_LINE = 32 * 1024**2  # a twarc page of 500 posts has about 1 MB
MAX_DOCUMENT = 512 * 1024**2
_COLUMN = re.compile(r"^[\w .:/#@()-]{0,80}$")
NO_COLUMNS: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class Line:
    """One outcome and its place."""

    number: int  # line, counted from 1
    outcome: Outcome
    position: int  # bytes of the file read so far


def read_archive(path: Path | str, form: str = "auto", columns: Mapping[str, str] = NO_COLUMNS) -> Iterator[Line]:
    """Yield every outcome of a file.

    Args:
        path: The file; "-" is standard input.
        form: A key of `formats.FORMATS`, "csv" or "auto".
        columns: Field -> column of a CSV file.

    Raises:
        OSError: The file cannot be read. csv_rows.ColumnsError: A required column is missing.
        ValueError: The form is unknown.
    """
    if form not in formats.names():
        raise ValueError(f"unknown format {form!r}; use one of {', '.join(formats.names())}")
    with opened(path) as (parts, position):
        for part in parts:
            for number, outcome in _part_outcomes(part, form, columns):
                yield Line(number, outcome, position())


def _part_outcomes(part: Part, form: str, columns: Mapping[str, str]) -> Iterator[tuple[int, Outcome]]:
    if part.stream is None:
        yield 1, Bad(part.refused, b"")
        return
    lines = _damage_reported(_bounded_lines(part.stream))
    head = list(itertools.islice(lines, 50))
    form = detect_format([line for line in head if isinstance(line, bytes)]) if form == "auto" else form
    parser = x_archive.parser(part.account) if form == "x-archive" else formats.parser_named(form)
    yield from _outcomes(itertools.chain(head, lines), form, parser, columns)


def detect_format(head: list[bytes]) -> str:
    """The form of a file from its first lines.

    Returns:
        "csv"; "document", one JSON value over several lines; "x-archive", a file of X's own archive; or "auto", a
        record per line.
    """
    texts = [line.removeprefix(b"\xef\xbb\xbf").strip() for line in head]
    texts = [text for text in texts if text]
    if not texts:
        return "auto"
    first = texts[0]
    if x_archive.PREFIX.match(first):
        return "x-archive"
    if csv_rows.SEPARATOR_LINE.fullmatch(_as_text(head[0]).rstrip("\r\n")):  # the separator may be a tab
        return "csv"
    if first[:1] == b"[" or (first[:1] == b"{" and not _is_json(first) and not _next_is_object(texts)):
        return "document"
    return "csv" if not _is_json(first) and _is_header(first) else "auto"


def _is_header(line: bytes) -> bool:
    """Whether a line looks like column names: several, short, and without JSON's marks."""
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    cells = [cell.strip().strip('"') for cell in text.split(csv_rows.delimiter_of(text))]
    return len(cells) > 1 and all(_COLUMN.match(cell) for cell in cells)


def _next_is_object(texts: list[bytes]) -> bool:
    return len(texts) < 2 or texts[1][:1] == b"{"


def _is_json(text: bytes) -> bool:
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError:
        return False
    return True


def _outcomes(
    lines: Iterator["bytes | Bad"], form: str, parser: Parser, columns: Mapping[str, str]
) -> Iterator[tuple[int, Outcome]]:
    if form == "csv":
        text = (_as_text(line) for line in lines if isinstance(line, bytes))
        yield from csv_rows.rows(text, columns)
    elif form in ("document", "x-archive"):
        yield from _document(lines, parser)
    else:
        for number, line in enumerate(lines, start=1):
            if isinstance(line, Bad):
                yield number, line
            elif line.strip():
                yield from ((number, outcome) for outcome in _parsed_line(line, parser))


def _as_text(line: bytes) -> str:
    """Decode a line of a table: UTF-8, or what spreadsheets of Western systems write."""
    try:
        return line.decode("utf-8-sig")
    except UnicodeDecodeError:
        return line.decode("cp1252", "replace")


def _parsed_line(line: bytes, parser: Parser) -> Iterator[Outcome]:
    try:
        value = orjson.loads(line.removeprefix(b"\xef\xbb\xbf").removeprefix(b"\x1e"))
    except (orjson.JSONDecodeError, RecursionError) as error:
        cut = "" if line.endswith(b"\n") else " (the last line has no end: it may be cut off)"
        yield Bad(f"{not_json(error)}{cut}"[:500], line[:MAX_KEPT])
        return
    yield from parsed_value(value, parser)


def parsed_value(value: object, parser: Parser) -> Iterator[Outcome]:
    """The outcomes of one decoded JSON value. The entries of an array are parsed one by one."""
    for entry in value if isinstance(value, list) else [value]:
        if isinstance(entry, dict):
            yield from parser(entry)
        else:
            yield Bad(f"a JSON object was expected, not {type(entry).__name__}", record_bytes(entry))


def _document(lines: Iterator["bytes | Bad"], parser: Parser) -> Iterator[tuple[int, Outcome]]:
    data = bytearray()
    for line in lines:
        if isinstance(line, Bad) or len(data) + len(line) > MAX_DOCUMENT:
            reason = line.reason if isinstance(line, Bad) else f"a JSON document over {MAX_DOCUMENT} bytes"
            yield 1, Bad(reason, b"")
            break
        data += line
    document = x_archive.PREFIX.sub(b"", bytes(data).removeprefix(b"\xef\xbb\xbf"))
    try:
        values: Iterator[Any] = iter([orjson.loads(document)])
    except orjson.JSONDecodeError:
        values = _salvaged(document.decode("utf-8", "replace"))
    number = 0
    for value in values:
        for entry in value if isinstance(value, list) else [value]:
            number += 1
            outcomes = [entry] if isinstance(entry, Bad) else parsed_value(entry, parser)
            yield from ((number, outcome) for outcome in outcomes)


def _salvaged(text: str) -> Iterator[Any]:
    """The complete values of a damaged document: a truncated array, or several documents in sequence."""
    decoder = json.JSONDecoder()
    place = _skip(text, 0, "[")
    while place < len(text):
        try:
            value, place = decoder.raw_decode(text, place)
        except (json.JSONDecodeError, RecursionError) as error:
            yield Bad(f"not JSON: {error}"[:500], text[place:].encode("utf-8", "backslashreplace")[:MAX_KEPT])
            return
        yield value
        place = _skip(text, place, ",]")


def _skip(text: str, place: int, marks: str) -> int:
    while place < len(text) and (text[place].isspace() or text[place] in marks):
        place += 1
    return place


def _bounded_lines(stream: BinaryIO) -> Iterator["bytes | Bad"]:
    while line := stream.readline(MAX_LINE + 1):
        if len(line) <= MAX_LINE:
            yield line
            continue
        kept, length = line[:MAX_KEPT], len(line)
        while not line.endswith(b"\n") and (line := stream.readline(MAX_LINE)):
            length += len(line)
        yield Bad(f"a line of {length} bytes, more than {MAX_LINE}", kept)


def _damage_reported(lines: Iterator["bytes | Bad"]) -> Iterator["bytes | Bad"]:
    try:
        yield from lines
    except DAMAGE as error:
        if is_of_the_disk(error):
            raise
        yield Bad(f"the compressed file is damaged or cut off: {error}", b"")
