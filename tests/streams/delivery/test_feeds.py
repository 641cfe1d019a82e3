"""The feeds: Atom and JSON Feed, with the same entries."""

import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import feedparser
import orjson
import pytest
from jsonfeedvalidator.validator import json_schema_validator

from models.events import Digest
from streams.delivery.feed_key import installation
from streams.delivery.feeds import ENTRIES, Place, atom, json_feed
from tests.support.published import CORRECTED, ENTRY
from tests.support.view_examples import digest

ATOM = "{http://www.w3.org/2005/Atom}"
HERE, THERE = UUID(int=1), UUID(int=2)
PUBLIC = Place(HERE, "https://topics.example")


def entries(data: bytes) -> list[ET.Element]:
    return ET.fromstring(data).findall(f"{ATOM}entry")


def items(data: bytes) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = orjson.loads(data)["items"]
    return found


def ids(data: bytes) -> list[Any]:
    if data.startswith(b"{"):
        return [item["id"] for item in items(data)]
    return [entry.findtext(f"{ATOM}id") for entry in entries(data)]


def complaints(document: dict[str, Any]) -> list[Any]:
    return list(json_schema_validator.iter_errors(document))


def test_a_correction_updates_the_same_entry() -> None:
    """Same id and first date, later update: a reader shows it once, as changed."""
    (before,), (after,) = entries(atom([ENTRY])), entries(atom([CORRECTED]))
    assert before.findtext(f"{ATOM}id") == after.findtext(f"{ATOM}id") == "urn:toptopics:digest:2021-W18"
    assert before.findtext(f"{ATOM}published") == after.findtext(f"{ATOM}published")
    assert before.findtext(f"{ATOM}updated") == "2026-01-05T12:00:00+00:00"
    assert after.findtext(f"{ATOM}updated") == "2026-01-06T12:00:00+00:00"
    assert "corrected" in str(after.findtext(f"{ATOM}title"))
    (first,), (second,) = items(json_feed([ENTRY])), items(json_feed([CORRECTED]))
    assert (first["id"], first["date_published"]) == (second["id"], second["date_published"])
    assert [one["date_modified"] for one in (first, second)] == [
        "2026-01-05T12:00:00+00:00",
        "2026-01-06T12:00:00+00:00",
    ]


@pytest.mark.parametrize("feed", [atom, json_feed])
def test_a_feed_is_newest_first_bounded_and_the_same_bytes_again(feed: Any) -> None:
    """Equal digests, equal feed; an empty one is valid too."""
    many = [replace(ENTRY, digest=digest(f"2021-W{week:02d}")) for week in range(1, 53)]
    many += [replace(ENTRY, digest=digest(f"2022-W{week:02d}")) for week in range(1, 11)]
    assert len(ids(feed(many))) == ENTRIES
    assert ids(feed(many))[0] == "urn:toptopics:digest:2022-W10"
    assert feed(many) == feed(reversed(many))
    assert ids(feed([])) == []


def test_a_feed_reader_takes_the_atom_feed_without_complaint() -> None:
    """As Atom 1.0, with what RFC 4287 asks of feed and entry; also of a feed without entries."""
    for there in ([ENTRY, CORRECTED], []):
        read = feedparser.parse(atom(there, PUBLIC))
        assert (read.bozo, read.version) == (False, "atom10")
        for part in (read.feed, *read.entries):
            assert part.id
            assert part.title
            assert part.updated_parsed
        assert {link.rel for link in read.feed.links} == {"self", "alternate"}


@pytest.mark.parametrize("place", [PUBLIC, Place()])
def test_the_json_feed_is_valid(place: Place) -> None:
    """By a validator of version 1; 1.1 added only the language and the list of authors."""
    document = orjson.loads(json_feed([ENTRY, replace(CORRECTED, digest=digest("2021-W19"))], place))
    assert document["version"] == "https://jsonfeed.org/version/1.1"
    assert (document.pop("language"), document.pop("authors")) == ("en", [{"name": "Top Topics"}])
    assert not complaints(document)
    assert complaints({**document, "items": [{"id": "no content"}]})


def test_ids_do_not_change_when_the_service_moves() -> None:
    """A reader would get every digest again."""
    for feed in (atom, json_feed):
        before = feed([ENTRY], Place(HERE, "https://old.example"))
        after = feed([ENTRY], Place(HERE, "http://127.0.0.1:8765"))
        assert ids(before) == ids(after)
        assert "example" not in str(ids(before))
    assert ids(atom([ENTRY], PUBLIC)) == ids(json_feed([ENTRY], PUBLIC))


def test_two_services_are_two_feeds() -> None:
    """Who reads both gets the digests of both; a correction keeps its id at each."""
    here, there = (atom([ENTRY], Place(one, "https://topics.example")) for one in (HERE, THERE))
    assert ids(here) != ids(there)
    assert ET.fromstring(here).findtext(f"{ATOM}id") != ET.fromstring(there).findtext(f"{ATOM}id")
    assert ids(atom([CORRECTED], PUBLIC)) == ids(here)


def test_an_installation_keeps_its_id(tmp_path: Path) -> None:
    """It is made once, and a damaged file is named."""
    path = tmp_path / "installation.id"
    assert installation(path) == installation(path) != installation(tmp_path / "other.id")
    path.write_text("{")
    with pytest.raises(ValueError, match=r"installation\.id"):
        installation(path)


def test_links_lead_to_the_service() -> None:
    """When its address is known."""
    (entry,) = entries(atom([ENTRY], PUBLIC))
    link = entry.find(f"{ATOM}link")
    assert link is not None
    assert link.get("href") == "https://topics.example/digests/2021-W18"
    (item,) = items(json_feed([ENTRY], PUBLIC))
    assert item["url"] == "https://topics.example/digests/2021-W18"
    for content in (str(entry.findtext(f"{ATOM}content")), item["content_html"]):
        assert 'href="https://topics.example/digests/2021-W18#D1"' in content
        assert 'href="#' not in content


def test_a_feed_that_was_opened_with_a_key_names_it_in_its_own_address() -> None:
    """Readers go on with the address that the feed gives for itself."""
    place = replace(PUBLIC, key="k")
    assert b'href="https://topics.example/feed.atom?key=k" rel="self"' in atom([], place)
    assert orjson.loads(json_feed([], place))["feed_url"] == "https://topics.example/feed.json?key=k"


def test_post_text_cannot_break_out_of_a_feed() -> None:
    """Markup in a headline is text in the entry."""
    hostile: Digest = CORRECTED.digest
    (entry,), (item,) = entries(atom([CORRECTED])), items(json_feed([CORRECTED]))
    assert entry.findtext(f"{ATOM}summary") == item["summary"] == hostile.headline.text
    assert "<b>Corrected" not in str(entry.findtext(f"{ATOM}content"))
    assert "<b>Corrected" not in item["content_html"]
