"""Digest settings as text, for the command line and the headers of published digests."""

from collections.abc import Mapping

import msgspec

from models.week.config import DigestConfig
from streams.system.logs import get_logger

log = get_logger(__name__)


def config_with(overrides: Mapping[str, str]) -> DigestConfig:
    """The default settings with some replaced.

    Raises:
        ValueError: A name is unknown, or a value has a wrong type.
    """
    known = {field.name for field in msgspec.structs.fields(DigestConfig)}
    unknown = sorted(set(overrides) - known)
    if unknown:
        raise ValueError(f"unknown digest setting {', '.join(unknown)}; known: {', '.join(sorted(known))}")
    try:
        return msgspec.convert(dict(overrides), DigestConfig, strict=False)
    except msgspec.ValidationError as error:
        raise ValueError(str(error)) from error


def settings_text(overrides: Mapping[str, str]) -> str:
    """The text for a digest's header: "key=value key=value", sorted by name."""
    return " ".join(f"{name}={value}" for name, value in sorted(overrides.items()))


def overrides_of(text: str) -> dict[str, str]:
    """The settings in such a header. Settings that no longer exist are logged and left out."""
    kept: dict[str, str] = {}
    for pair in text.split():
        name, _, value = pair.partition("=")
        try:
            config_with({name: value})
        except ValueError as error:
            log.warning("setting of a digest no longer exists; ignoring it", setting=pair, reason=str(error))
        else:
            kept[name] = value
    return kept
