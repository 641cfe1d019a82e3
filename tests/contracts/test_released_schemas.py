"""The contract of the topics: within a schema version, nothing that was released is removed."""

import copy
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import jsonschema
import orjson
import pytest

from models.events import SCHEMA
from models.events.async_api import DIGEST_HEADERS, async_api
from models.events.schemas import TYPES, all_schemas
from models.events.wire import encode
from streams.kafka.digests import PublishedDigest
from streams.kafka.topics import TOPICS
from tests.contracts.schema_compatibility import breaks
from tests.support.stored_weeks import demo_tweets
from tests.support.view_examples import digest as make_digest

RELEASED = Path(__file__).parent / "released_schemas" / str(SCHEMA)


def released() -> dict[str, dict[str, Any]]:
    return {path.stem: orjson.loads(path.read_bytes()) for path in sorted(RELEASED.glob("*.json"))}


@pytest.mark.parametrize("name", [kind.__name__ for kind in TYPES])
def test_every_type_keeps_what_was_released(name: str) -> None:
    """A consumer of the released schema reads what today's code writes, and the reverse."""
    assert breaks(released()[name], all_schemas()[name]) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda d: d["Digest"]["properties"].pop("headline"), "Digest.headline: the field is gone"),
        (lambda d: d["Digest"]["properties"]["week"].update(type="integer"), "Digest.week: changed"),
        (lambda d: d["Digest"]["required"].remove("topics"), "Digest.topics: no longer required"),
        (lambda d: d["Digest"]["required"].append("schema"), "Digest.schema: now required"),
        (lambda d: d["DigestTopic"]["properties"]["status"]["enum"].append("hot"), "DigestTopic.status: changed"),
        (lambda d: d.pop("Person"), "Person: the type is gone"),
    ],
)
def test_the_check_finds_what_breaks_consumers(change: Any, said: str) -> None:
    """A check that finds nothing would pass the test above as well."""
    current = copy.deepcopy(released()["Digest"])
    change(current["$defs"])
    assert any(said in problem for problem in breaks(released()["Digest"], current))


def test_a_new_optional_field_breaks_nobody() -> None:
    """This is how types grow."""
    current = copy.deepcopy(released()["Digest"])
    current["$defs"]["Digest"]["properties"]["mood"] = {"type": "string", "default": ""}
    current["$defs"]["Digest"]["description"] = "Reworded."
    assert breaks(released()["Digest"], current) == []


def references(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [value["$ref"]] if isinstance(value.get("$ref"), str) else []
        return own + [found for inner in value.values() for found in references(inner)]
    return [found for inner in value for found in references(inner)] if isinstance(value, list) else []


def test_asyncapi_describes_every_topic_and_resolves() -> None:
    """Every topic of the table, with its key and partitions; every reference resolves."""
    document = async_api(TOPICS, version("toptopics"))
    assert document["asyncapi"] == "3.0.0"
    assert set(document["channels"]) == {topic.name for topic in TOPICS}
    assert document["channels"]["tweets.embedded"]["bindings"]["kafka"]["partitions"] == 1
    for reference in references(document):
        place: Any = document
        for part in reference.removeprefix("#/").split("/"):
            place = place[part]
        assert place
    orjson.dumps(document)


WORDS = {"title", "summary", "description", "tags", "externalDocs", "bindings"}  # fields that most objects may have
KNOWN = {
    "channels": {"address", "messages", "servers", "parameters"} | WORDS,
    "operations": {"action", "channel", "messages", "reply", "security", "traits"} | WORDS,
    "messages": {"headers", "payload", "correlationId", "contentType", "name", "examples", "traits"} | WORDS,
}


@pytest.mark.parametrize("part", KNOWN)
def test_the_document_uses_no_field_that_asyncapi_does_not_know(part: str) -> None:
    """AsyncAPI 3 allows no other fields. (Checked by hand: the document is valid by its official schema and parser.)"""
    document = async_api(TOPICS, version("toptopics"))
    objects = {**document, **document["components"]}[part]
    assert objects
    assert {field for entry in objects.values() for field in entry} <= KNOWN[part]


def test_operations_are_those_of_the_product() -> None:
    """AsyncAPI 3 describes the application's own actions, the opposite of its users' actions."""
    operations = async_api(TOPICS, version("toptopics"))["operations"]
    received = [name for name, operation in operations.items() if operation["action"] == "receive"]
    assert received == ["receiveTweets"]
    assert operations["sendDigests"]["channel"] == {"$ref": "#/channels/digests"}
    assert len(operations) == len(TOPICS)


def test_what_is_sent_is_valid_by_the_asyncapi_document() -> None:
    """The document has the schemas of the wire: real messages are valid, a broken one is not."""
    document = async_api(TOPICS, version("toptopics"))

    def check(name: str, message: Any) -> None:
        jsonschema.validate(message, {"$ref": f"#/components/schemas/{name}", "components": document["components"]})

    for tweet in demo_tweets()[:50]:
        check("Tweet", orjson.loads(encode(tweet)))
    value = orjson.loads(encode(make_digest("2021-W18")))
    check("Digest", value)
    with pytest.raises(jsonschema.ValidationError):
        check("Digest", {**value, "topics": "none"})


def test_the_documented_headers_are_the_ones_sent() -> None:
    """An undocumented header does not exist for users."""
    at = datetime(2021, 5, 11, tzinfo=UTC)
    entry = PublishedDigest(digest=make_digest("2021-W18"), revision=1, slice_start=0, slice_end=5, made_at=at)
    assert {name for name, _ in entry.headers()} == set(DIGEST_HEADERS)
