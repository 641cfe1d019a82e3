"""The settings of a digest as text: from the command line, and in a published digest's headers."""

from collections.abc import Mapping

import msgspec

from models.week.config import DigestConfig
from streams.system.logs import get_logger

log = get_logger(__name__)


def config_with(overrides: Mapping[str, str]) -> DigestConfig:
    """The default settings with some replaced; raises ValueError for an unknown name or a value of a wrong type."""
    known = {field.name for field in msgspec.structs.fields(DigestConfig)}
    unknown = sorted(set(overrides) - known)
    if unknown:
        raise ValueError(f"unknown digest setting {', '.join(unknown)}; known: {', '.join(sorted(known))}")
    try:
        return msgspec.convert(dict(overrides), DigestConfig, strict=False)
    except msgspec.ValidationError as error:
        raise ValueError(str(error)) from error


def settings_text(overrides: Mapping[str, str]) -> str:
    """As a digest's header has them: "key=value key=value", by name."""
    return " ".join(f"{name}={value}" for name, value in sorted(overrides.items()))


def overrides_of(text: str) -> dict[str, str]:
    """The settings in such a header; what today's settings do not know is left out, and a line in the log says so."""
    kept: dict[str, str] = {}
    for pair in text.split():
        name, _, value = pair.partition("=")
        try:
            config_with({name: value})
        except ValueError as error:
            log.warning("a digest's setting is not known any more", setting=pair, reason=str(error))
        else:
            kept[name] = value
    return kept
