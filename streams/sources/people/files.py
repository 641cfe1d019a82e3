"""Lists of people from files: plain handles, CSV, JSON Lines, or OPML, recognised by their first line.

* Plain list: one handle a line, `#` comments. The platform is given, or follows from the handle's shape
  (`a.bsky.social` or `did:…`: Bluesky, `a@host`: Mastodon, the address of a profile on X or Bluesky, `https://…`: a
  feed, else X).
* CSV: a header with `name` and any of `id, x, bluesky, mastodon, rss, weight, tags` (tags separated by spaces).
* JSON Lines: `Influencer` objects, or the array of them that `influencers list --json` prints.
* OPML, as feed readers export it: each outline with an `xmlUrl` is a person with a feed, named by its title; the titles
  of the outlines around it become tags. An address that comes again counts once, with the tags of both places. What is
  commented out (`isComment`) is left out.

A person who is listed twice with different data is an error.
"""

import csv
import re
from collections.abc import Callable, Iterable, Iterator

import msgspec
import orjson
from selectolax.lexbor import LexborHTMLParser, LexborNode

from models.events import Influencer, wire
from models.text.handles import feed_id
from streams.sources.fields import MAX_NAME
from streams.sources.people.wanted import PLATFORMS

# platform -> (addresses of profiles, their meaning, the form of a handle, in words)
_SHAPES: dict[str, tuple[str, str, str, str]] = {
    "x": (  # a handle becomes part of a stream rule; a user id is accepted as well
        r"https?://(?:www\.|mobile\.)?(?:x|twitter)\.com/(\w+)/?(?:\?.*)?", r"\1", r"\w{1,20}", "letters, digits and _"
    ),
    "bluesky": (
        r"(?:https?://bsky\.app/profile/|at://)([^/?]+)/?", r"\1",
        r"did:[a-z]+:[\w.:%-]+|[\w-]+(\.[\w-]+)+", "name.host or did:…",
    ),
    "mastodon": (
        r"(?:acct:|https?://[\w.:-]+/@)([\w.-]+)@([\w.:-]+)/?|https?://([\w.:-]+)/(?:@|users/)([\w.-]+)/?",
        r"\1\4@\2\3", r"[\w.-]+@[\w.-]+(:\d+)?", "user@host",
    ),
    "rss": (r"(?!)", "", r"(?i:https?)://[^\s/]\S*", "https://…"),
}  # fmt: skip

_OPML = re.compile(r"<opml[\s>]", re.IGNORECASE)
_EMPTY_ELEMENT = re.compile(r"""<outline((?:[^<>"']|"[^"<]*"|'[^'<]*')*)/>""", re.IGNORECASE)


def read_people(text: str, platform: str | None = None) -> list[Influencer]:
    """The people of a file.

    Raises:
        ValueError: A line is wrong; the message has its number.
    """
    lines = text.removeprefix("\ufeff").splitlines()
    first = next((line.strip() for line in lines if line.strip() and not line.startswith("#")), "")
    if _OPML.search(text[:2_000]):
        return _from_opml(text)
    if first.startswith("["):
        return _once(_from_array(text))
    if first.startswith("{"):
        return _once(_numbered(lines, _from_json))
    if "," in first and "name" in first.lower().split(","):
        return _once(_from_csv(lines))
    return _once(_numbered(lines, lambda line: person_of(line, platform)))


def _once(numbered: Iterable[tuple[int, Influencer]]) -> list[Influencer]:
    found: dict[str, tuple[int, Influencer]] = {}
    for number, person in numbered:
        first, before = found.setdefault(person.id, (number, person))
        if before != person:
            raise ValueError(f"line {number}: {person.id} stands in line {first} already, and otherwise")
    return [person for _number, person in found.values()]


def person_of(handle: str, platform: str | None = None) -> Influencer:
    """A person with nothing but a handle.

    Raises:
        ValueError: No platform would accept the handle.
    """
    handle = handle.strip()
    where = platform or platform_of(handle.removeprefix("@"))
    handle = handle_on(where, handle)
    return make(None, handle, {where: handle})


def handle_on(platform: str, given: str) -> str:
    """The handle in its platform's form, also from the address of a profile.

    Raises:
        ValueError: The text is no handle.
    """
    address, meaning, shape, words = _SHAPES[platform]
    handle = re.sub(f"^{address}$", meaning, given.strip().removeprefix("@"), flags=re.IGNORECASE)
    if not re.fullmatch(shape, handle, re.ASCII):
        known = {"x": "X handle", "rss": "feed's address"}.get(platform, f"{platform.title()} handle")
        raise ValueError(f"{given.strip()[:60]!r} is no {known}: {words}")
    if platform == "rss" and "@" in handle.split("/", 3)[2]:
        raise ValueError("a feed's address is shown as the author of its posts: it may not hold a password")
    return handle


def make(
    influencer_id: str | None, name: str, handles: dict[str, str], weight: float = 1.0, tags: list[str] | None = None
) -> Influencer:
    """A validated person. Without an id, the first handle is the id.

    Raises:
        ValueError: A field is wrong; the message names it.
    """
    handles = {platform: handle_on(platform, handle) for platform, handle in handles.items()}
    own_id = influencer_id or feed_id(next(iter(handles.values()), name.replace(" ", "-"))).lower()
    person = Influencer(id=own_id, name=name[:MAX_NAME], handles=handles, weight=weight, tags=sorted(set(tags or [])))
    try:
        return msgspec.convert(msgspec.to_builtins(person), Influencer)
    except msgspec.ValidationError as error:
        raise ValueError(str(error)) from error


def platform_of(handle: str) -> str:
    """The platform of such a handle."""
    for platform in ("x", "bluesky"):
        if re.fullmatch(_SHAPES[platform][0], handle, re.IGNORECASE):
            return platform
    if handle.startswith(("http://", "https://")):
        return "rss"
    if "@" in handle:
        return "mastodon"
    return "bluesky" if "." in handle or handle.startswith("did:") else "x"


def _from_opml(text: str) -> list[Influencer]:
    """Read as HTML, which forgives what exporters forget, and asks for nothing outside the file."""
    found: dict[str, Influencer] = {}
    whole = _EMPTY_ELEMENT.sub(r"<outline\1></outline>", text)  # HTML has no empty elements of other names
    for outline in LexborHTMLParser(whole).css("outline[xmlurl], outline[type=rss][url]"):
        address = (outline.attributes.get("xmlurl") or outline.attributes.get("url") or "").strip()
        address = re.sub(r"^feed:(//)?(?!\w+://)", "https://", address).removeprefix("feed:")
        around = list(_around(outline))
        if not address or any(one.attributes.get("iscomment") == "true" for one in (outline, *around)):
            continue
        tags = [_slug(title) for one in around if "xmlurl" not in one.attributes and (title := _title(one))]
        try:
            person = make(None, _title(outline) or address, {"rss": address}, tags=[tag for tag in tags if tag])
        except ValueError as error:
            raise ValueError(f"outline {len(found) + 1}: {error}") from error
        before = found.setdefault(person.id, person)
        found[person.id] = msgspec.structs.replace(before, tags=sorted({*before.tags, *person.tags}))
    if not found:
        raise ValueError("the OPML names no feed: no outline has an xmlUrl")
    return list(found.values())


def _around(outline: LexborNode) -> Iterator[LexborNode]:
    """The outlines that an outline lies in."""
    node = outline.parent
    while node is not None and node.tag == "outline":
        yield node
        node = node.parent


def _title(outline: LexborNode) -> str:
    return " ".join((outline.attributes.get("title") or outline.attributes.get("text") or "").split())


def _slug(title: str) -> str:
    return "-".join(re.findall(r"\w+", title.casefold()))[:60]


def _numbered(lines: list[str], read: Callable[[str], Influencer]) -> Iterator[tuple[int, Influencer]]:
    for number, line in enumerate(lines, start=1):
        if line.strip() and not line.lstrip().startswith("#"):
            try:
                yield number, read(line)
            except ValueError as error:
                raise ValueError(f"line {number}: {error}") from error


def _from_json(line: str) -> Influencer:
    return wire.decode(line.encode(), Influencer)


def _from_array(text: str) -> Iterator[tuple[int, Influencer]]:
    try:
        entries = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise ValueError(f"not JSON: {error}") from error
    for number, entry in enumerate(entries, start=1):
        try:
            yield number, wire.decode(orjson.dumps(entry), Influencer)
        except ValueError as error:
            raise ValueError(f"entry {number}: {error}") from error


def _from_csv(lines: list[str]) -> Iterator[tuple[int, Influencer]]:
    reader = csv.DictReader(lines, skipinitialspace=True)
    for row in _rows(reader):
        cells = {(name or "").strip().lower(): (value or "").strip() for name, value in row.items() if name}
        handles = {platform: cells[platform] for platform in PLATFORMS if cells.get(platform)}
        name = cells.get("name") or next(iter(handles.values()), "")
        try:
            weight = float(cells.get("weight") or 1.0)
            yield reader.line_num, make(cells.get("id") or None, name, handles, weight, cells.get("tags", "").split())
        except ValueError as error:
            raise ValueError(f"line {reader.line_num}: {error}") from error


def _rows(reader: "csv.DictReader[str]") -> Iterator[dict[str, str]]:
    try:
        yield from reader
    except csv.Error as error:
        raise ValueError(f"line {reader.line_num}: {error}") from error
