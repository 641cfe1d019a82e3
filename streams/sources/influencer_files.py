"""Lists of people from files: a bare list of handles, CSV, or JSON Lines, told by their first line.

Bare list: one handle per line, `#` comments; the platform is told by the handle's shape (`a.bsky.social` or `did:…`:
Bluesky, `a@host`: Mastodon, `https://…`: a feed, else X) or given. CSV: a header with `name` and any of
`id, x, bluesky, mastodon, rss, weight, tags` (tags separated by spaces). JSON Lines: `Influencer` objects.
"""

import csv
import re
from collections.abc import Iterator

import msgspec

from models import wire
from models.events import Influencer
from streams.sources.people import PLATFORMS

_X_HANDLE = re.compile(r"^\w{1,20}$", re.ASCII)  # or a user id; it goes into a stream rule


def read_people(text: str, platform: str | None = None) -> list[Influencer]:
    """The people of a file. Raises ValueError with the number of the wrong line."""
    lines = text.removeprefix("\ufeff").splitlines()
    first = next((line.strip() for line in lines if line.strip() and not line.startswith("#")), "")
    if first.startswith("{"):
        return list(_numbered(lines, _from_json))
    if "," in first and "name" in first.lower().split(","):
        return list(_from_csv(lines))
    return list(_numbered(lines, lambda line: person_of(line, platform)))


def person_of(handle: str, platform: str | None = None) -> Influencer:
    """A person of whom only a handle is known. Raises ValueError for what no platform would take."""
    handle = handle.strip().removeprefix("@").rstrip("/")
    where = platform or platform_of(handle)
    return make(handle.lower(), handle, {where: handle})


def make(
    influencer_id: str, name: str, handles: dict[str, str], weight: float = 1.0, tags: list[str] | None = None
) -> Influencer:
    """A validated person. Raises ValueError naming what is wrong."""
    if "x" in handles and not _X_HANDLE.match(handles["x"]):
        raise ValueError(f"{handles['x'][:60]!r} is no X handle")
    person = Influencer(id=influencer_id, name=name, handles=handles, weight=weight, tags=sorted(set(tags or [])))
    try:
        return msgspec.convert(msgspec.to_builtins(person), Influencer)
    except msgspec.ValidationError as error:
        raise ValueError(str(error)) from error


def platform_of(handle: str) -> str:
    """Where somebody with such a handle is to be found."""
    if handle.startswith(("http://", "https://")):
        return "rss"
    if "@" in handle:
        return "mastodon"
    return "bluesky" if "." in handle or handle.startswith("did:") else "x"


def _numbered(lines: list[str], read: "object") -> Iterator[Influencer]:
    for number, line in enumerate(lines, start=1):
        if line.strip() and not line.lstrip().startswith("#"):
            try:
                yield read(line)  # type: ignore[operator] # one of the two readers below
            except ValueError as error:
                raise ValueError(f"line {number}: {error}") from error


def _from_json(line: str) -> Influencer:
    return wire.decode(line.encode(), Influencer)


def _from_csv(lines: list[str]) -> Iterator[Influencer]:
    reader = csv.DictReader(lines, skipinitialspace=True)
    for row in _rows(reader):
        cells = {(name or "").strip().lower(): (value or "").strip() for name, value in row.items() if name}
        handles = {platform: cells[platform].removeprefix("@") for platform in PLATFORMS if cells.get(platform)}
        name = cells.get("name", "")
        own_id = cells.get("id") or next(iter(handles.values()), "").lower() or name.lower().replace(" ", "-")
        try:
            weight = float(cells.get("weight") or 1.0)
            yield make(own_id, name or own_id, handles, weight, cells.get("tags", "").split())
        except ValueError as error:
            raise ValueError(f"line {reader.line_num}: {error}") from error


def _rows(reader: "csv.DictReader[str]") -> Iterator[dict[str, str]]:
    try:
        yield from reader
    except csv.Error as error:
        raise ValueError(f"line {reader.line_num}: {error}") from error
