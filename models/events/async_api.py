"""The topics as an AsyncAPI 3.0 document, generated from the types and the table of topics.

Channels carry their Kafka settings, messages their schemas, key and headers. Operations are the product's own, as
AsyncAPI 3 defines them: it receives `tweets`, which anyone may produce, and sends the other topics, which anyone may
consume.
"""

from collections.abc import Sequence
from typing import Any, Protocol

import msgspec

from models.events.schemas import TYPES

VERSION = "3.0.0"
OPEN_TOPIC = "tweets"  # the topic that others produce to
DIGEST_HEADERS = {
    "revision": "1 for the first digest of a week, one more for each correction; decimal",
    "supersedes": "hex sha256 of the value that this one corrects; empty for the first",
    "made_at": "when it was made, RFC 3339",
    "slice_start": "first offset of tweets.embedded that was read; decimal",
    "slice_end": "offset at which reading ended (exclusive); decimal",
    "settings": "digest settings that differ from the defaults, as key=value separated by spaces; empty for none",
    "held": "distinct posts of the week in the slice, deleted ones included; decimal",
    "read_end": "offset up to which later records changed nothing shown (exclusive); 0: slice_end; decimal",
    "changes": "what a correction changed for readers; may be empty",
    "content-type": "application/json",
    "ce_specversion": "CloudEvents 1.0, binary mode: 1.0",
    "ce_id": "id of the publication: the same each time it is sent, another one for a correction",
    "ce_source": "urn:toptopics",
    "ce_type": "digest.published or digest.corrected",
    "ce_subject": "the week",
    "ce_time": "made_at; absent when it is unknown",
}


class Channel(Protocol):
    """The properties of a topic that the document needs; `streams.kafka.topics.Topic` has them."""

    @property
    def name(self) -> str: ...
    @property
    def partitions(self) -> int: ...
    @property
    def config(self) -> dict[str, str]: ...
    @property
    def key(self) -> str: ...
    @property
    def value(self) -> str:
        """Names of the types, separated by " | "."""


def async_api(topics: Sequence[Channel], version: str) -> dict[str, Any]:
    """Build the document as plain data. `version` is the product's.

    Raises:
        KeyError: A topic has an unknown type.
    """
    known = {kind.__name__: kind for kind in TYPES}
    used = sorted({name for topic in topics for name in _types(topic)})
    _, schemas = msgspec.json.schema_components(
        [known[name] for name in used], ref_template="#/components/schemas/{name}"
    )
    return {
        "asyncapi": VERSION,
        "info": {
            "title": "Top Topics",
            "version": version,
            "description": "What data-science and AI influencers talk about: posts in, topics and weekly digests out. "
            "Operations are those of Top Topics: send to the topics that it receives, receive from the others.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": {topic.name: _channel(topic) for topic in topics},
        "operations": _operations(topics),
        "components": {
            "messages": {name: _message(name, topics) for name in used},
            "schemas": dict(sorted(schemas.items())),
        },
    }


def _types(topic: Channel) -> list[str]:
    return [name.strip() for name in topic.value.split("|")]


def _channel(topic: Channel) -> dict[str, Any]:
    kafka: dict[str, Any] = {"topic": topic.name, "partitions": topic.partitions, "bindingVersion": "0.5.0"}
    configuration = _configuration(topic.config)
    if configuration:
        kafka["topicConfiguration"] = configuration
    return {
        "address": topic.name,
        "description": f"Keyed by {topic.key}. TOPTOPICS_PREFIX, if set, stands before the name.",
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in _types(topic)},
        "bindings": {"kafka": kafka},
    }


def _configuration(config: dict[str, str]) -> dict[str, Any]:
    """The settings that the Kafka binding has fields for."""
    found: dict[str, Any] = {}
    if "cleanup.policy" in config:
        found["cleanup.policy"] = config["cleanup.policy"].split(",")
    for name in ("retention.ms", "retention.bytes", "max.message.bytes"):
        if name in config:
            found[name] = int(config[name])
    return found


def _operations(topics: Sequence[Channel]) -> dict[str, Any]:
    operations: dict[str, Any] = {}
    for topic in topics:
        action = "receive" if topic.name == OPEN_TOPIC else "send"
        title = "".join(part.capitalize() for part in topic.name.replace(".", "-").split("-"))
        operations[f"{action}{title}"] = {
            "action": action,
            "channel": {"$ref": f"#/channels/{topic.name}"},
            "messages": [{"$ref": f"#/channels/{topic.name}/messages/{name}"} for name in _types(topic)],
        }
    return operations


def _message(name: str, topics: Sequence[Channel]) -> dict[str, Any]:
    keys = sorted({topic.key for topic in topics if name in _types(topic)})
    message: dict[str, Any] = {
        "name": name,
        "contentType": "application/json",
        "payload": {"$ref": f"#/components/schemas/{name}"},
        "bindings": {"kafka": {"key": {"type": "string", "description": " or ".join(keys)}, "bindingVersion": "0.5.0"}},
    }
    if name == "Digest":
        message["headers"] = {
            "type": "object",
            "properties": {header: {"type": "string", "description": text} for header, text in DIGEST_HEADERS.items()},
        }
    return message
