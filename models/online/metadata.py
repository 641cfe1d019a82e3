"""The header that every topic model's state begins with: its kind, version and encoder, as safetensors metadata."""

from typing import Any

import orjson


class StateError(ValueError):
    """A state that this version cannot use; the message says why."""


def read_metadata(data: bytes) -> dict[str, Any]:
    """The JSON metadata of a state; raises StateError when it is none of ours."""
    try:
        length = int.from_bytes(data[:8], "little")
        metadata = orjson.loads(orjson.loads(data[8 : 8 + length])["__metadata__"]["online"])
    except (orjson.JSONDecodeError, KeyError, TypeError) as error:
        raise StateError(f"not a state of the online topics: {error}") from error
    if not isinstance(metadata, dict) or not {"kind", "version", "encoder"} <= metadata.keys():
        raise StateError("not a state of the online topics: kind, version or encoder is missing")
    return metadata


def check_version(metadata: dict[str, Any], version: int) -> None:
    """Raise StateError unless the state is of this version: states are caches of the log and are rebuilt from it."""
    if metadata["version"] != version:
        raise StateError(
            f"the state is of version {metadata['version']} and this program reads {version}: rebuild it from the log"
        )
