"""The base of all wire types, and the limits of untrusted fields."""

from typing import Annotated

from msgspec import Meta, Struct

SCHEMA = 1

# longer keys and headers are a burden for Kafka, no platform has longer ids, and an id becomes part of Redis keys
Id = Annotated[str, Meta(min_length=1, max_length=200, pattern=r"^[^\x00-\x20\x7f]+$")]
Text = Annotated[str, Meta(max_length=30_000)]  # X's longest post has 25,000 characters
Url = Annotated[str, Meta(max_length=4_000)]
Name = Annotated[str, Meta(max_length=300)]
Count = Annotated[int, Meta(ge=0, le=10**12)]


class Event(Struct, frozen=True, kw_only=True):
    """Base of all wire types: immutable, keyword-only, every field on the wire."""
