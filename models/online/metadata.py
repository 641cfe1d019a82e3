"""The header of every topic model's state: kind, version and encoder, as safetensors metadata."""

from typing import Any

import orjson


class StateError(ValueError):
    """A state that this version cannot use. The message gives the reason."""


class NewerStateError(StateError):
    """A state of a newer version of this program, which must not be thrown away."""

    def __init__(self, found: object, known: object) -> None:
        super().__init__(f"the state has version {found}, this program reads {known}")
        self.found = found
        self.known = known


def read_metadata(data: bytes) -> dict[str, Any]:
    """The JSON metadata of a state.

    Raises:
        StateError: The bytes are no such state.
    """
    try:
        length = int.from_bytes(data[:8], "little")
        metadata = orjson.loads(orjson.loads(data[8 : 8 + length])["__metadata__"]["online"])
    except (orjson.JSONDecodeError, KeyError, TypeError) as error:
        raise StateError(f"not a state of the online topics: {error}") from error
    if not isinstance(metadata, dict) or not {"kind", "version", "encoder"} <= metadata.keys():
        raise StateError("not a state of the online topics: kind, version or encoder is missing")
    return metadata


def check_version(metadata: dict[str, Any], version: int) -> None:
    """Check that the state has this version. States are caches of the log and can be rebuilt.

    Raises:
        NewerStateError: It has a newer one.
        StateError: It has an older one.
    """
    if metadata["version"] > version:
        raise NewerStateError(metadata["version"], version)
    if metadata["version"] != version:
        raise StateError(
            f"the state has version {metadata['version']}, this program reads {version}; rebuild it from the log"
        )
