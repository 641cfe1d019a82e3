"""Which inputs of two digests of a week differ, by their manifests: what `toptopics replay --verify` says.

A digest is a pure function of the inputs that its manifest names (law 2). So two digests with the same bytes need no
explanation, and two with different bytes differ in an input, or the code is not what its version says.
"""

from dataclasses import dataclass

from models.events import Digest
from models.wire import encode


@dataclass(frozen=True)
class InputDifference:
    """One input that is not the same: its name, and what it was and is."""

    name: str
    published: str
    rebuilt: str

    def __str__(self) -> str:
        return f"{self.name}: published from {self.published}, now {self.rebuilt}"


def same_bytes(published: Digest, rebuilt: Digest) -> bool:
    """Whether the two have the same canonical bytes."""
    return encode(published) == encode(rebuilt)


def differing_inputs(published: Digest, rebuilt: Digest) -> list[InputDifference]:
    """Every input by name that differs; empty when the manifests agree."""
    before, after = published.manifest, rebuilt.manifest
    found: list[InputDifference] = []
    if before.slice_hash != after.slice_hash:
        found.append(
            InputDifference(
                "slice",
                f"{before.records} records ({_short(before.slice_hash)})",
                f"{after.records} records ({_short(after.slice_hash)})",
            )
        )
    pairs = (
        ("encoder", before.encoder, after.encoder),
        ("settings", before.settings_hash, after.settings_hash),
        ("previous digest", before.previous_hash, after.previous_hash),
        ("influencers", before.influencers_hash, after.influencers_hash),
        ("link titles", before.resources_hash, after.resources_hash),
        ("time zone", published.timezone, rebuilt.timezone),
    )
    found += [InputDifference(name, _short(old), _short(new)) for name, old, new in pairs if old != new]
    for library in sorted({*before.versions, *after.versions}):
        old, new = before.versions.get(library), after.versions.get(library)
        if old != new:
            found.append(InputDifference(f"version of {library}", old or "none", new or "none"))
    return found


def _short(value: str | None) -> str:
    if not value:
        return "none"
    return f"{value[:12]}…" if len(value) == 64 else value
