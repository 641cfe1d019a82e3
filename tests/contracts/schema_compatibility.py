"""Compares a newer schema with a released one: what a consumer of the released schema may rely on.

Within one schema version a type only grows: a field may be added if it is optional for producers. Everything else
stays: type, limits, and whether a field is required. Any other change raises the version (a new folder of
`released_schemas`), so that readers refuse unknown records instead of misreading them.
"""

from collections.abc import Iterator
from typing import Any

Schema = dict[str, Any]
TEXT = ("title", "description")  # text for people


def breaks(released: Schema, current: Schema) -> list[str]:
    """Every way in which `current` breaks `released`."""
    return sorted(_document_breaks(released, current))


def _document_breaks(released: Schema, current: Schema) -> Iterator[str]:
    if released["$ref"] != current["$ref"]:
        yield f"it is another type: {released['$ref']} -> {current['$ref']}"
    for name, before in released["$defs"].items():
        after = current["$defs"].get(name)
        if after is None:
            yield f"{name}: the type is gone"
        elif before.get("type") == "object":
            yield from _object_breaks(name, before, after)
        elif _plain(before) != _plain(after):
            yield f"{name}: changed"


def _object_breaks(name: str, before: Schema, after: Schema) -> Iterator[str]:
    fields = after.get("properties", {})
    for field, schema in before.get("properties", {}).items():
        if field not in fields:
            yield f"{name}.{field}: the field is gone"
        elif _plain(schema) != _plain(fields[field]):
            yield f"{name}.{field}: changed from {_plain(schema)} to {_plain(fields[field])}"
    required, now = set(before.get("required", ())), set(after.get("required", ()))
    for field in sorted(required ^ now):
        yield f"{name}.{field}: {'no longer' if field in required else 'now'} required"


def _plain(schema: Any) -> Any:
    if isinstance(schema, dict):
        return {key: _plain(value) for key, value in sorted(schema.items()) if key not in TEXT}
    return [_plain(item) for item in schema] if isinstance(schema, list) else schema
