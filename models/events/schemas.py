"""JSON Schemas of the wire types, generated from the types."""

from typing import Any

import msgspec

from models import events
from models.events.week_topics import WeekTopics

TYPES = (
    events.Tweet,
    events.Deletion,
    events.EmbeddedTweet,
    WeekTopics,
    events.Assignment,
    events.TopicEvent,
    events.Influencer,
    events.Community,
    events.DeadLetter,
    events.Digest,
    events.EditedDigest,
)


def json_schema(name: str) -> dict[str, Any]:
    """JSON Schema 2020-12 of one wire type.

    Raises:
        KeyError: The name is unknown.
    """
    kind = {known.__name__: known for known in TYPES}[name]
    (reference,), components = msgspec.json.schema_components([kind], ref_template="#/$defs/{name}")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": name,
        **reference,
        "$defs": components,
    }


def all_schemas() -> dict[str, dict[str, Any]]:
    """Every wire type's schema by name."""
    return {kind.__name__: json_schema(kind.__name__) for kind in TYPES}
