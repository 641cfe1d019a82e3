"""All variables `TOPTOPICS_…` that the program reads, and unknown ones that look like them."""

from collections.abc import Mapping
from difflib import get_close_matches

from streams.settings import Settings
from streams.sources.variables import VARIABLES

PREFIX = "TOPTOPICS_"
NEAR = 0.75  # difflib's ratio of names without the prefix: a higher one means a typing error
# besides the settings: options of commands, the local broker's, and the variables that `subscribe --exec` sets
OTHERS = ("OTHERS", "WEBHOOK_SECRET", "SUBSCRIPTION_URL", "MAVEN_REPOSITORY", "WEEK", "REVISION", "HASH", "HEADLINE")

KNOWN = frozenset(
    {f"{PREFIX}{name}" for name in OTHERS}
    | {f"{PREFIX}{name.upper()}" for name in Settings.model_fields}
    | {name for name in VARIABLES if name.startswith(PREFIX)}
)


def unknown_variables(environment: Mapping[str, str]) -> dict[str, str | None]:
    """Unknown variables by name, each with the most similar known one or None. Upper and lower case are equal."""
    strange = [name for name in environment if name.upper().startswith(PREFIX) and name.upper() not in KNOWN]
    return {name: _nearest(name) for name in sorted(strange)}


def _nearest(name: str) -> str | None:
    known = [known.removeprefix(PREFIX) for known in KNOWN]
    near = get_close_matches(name.upper().removeprefix(PREFIX), sorted(known), n=1, cutoff=NEAR)
    return f"{PREFIX}{near[0]}" if near else None
