"""Names the inputs in which two digests of a week differ, by their manifests, for `toptopics replay --verify`.

A digest is a pure function of the inputs in its manifest (law 2). So equal bytes need no explanation. Different bytes
mean that an input differs, or that the code differs from its version.
"""

from dataclasses import dataclass

from models.events import Digest, Manifest


@dataclass(frozen=True)
class InputDifference:
    """One different input."""

    name: str
    published: str
    rebuilt: str

    def __str__(self) -> str:
        return f"{self.name}: published from {self.published}, now {self.rebuilt}"


@dataclass(frozen=True)
class Circumstances:
    """Facts that a manifest does not contain."""

    start: int  # first offset that was read
    end: int  # offset at which the read ended (exclusive)
    settings: str = ""  # the settings that differ from the defaults


def differing_inputs(
    published: Digest, rebuilt: Digest, was: Circumstances | None = None, now: Circumstances | None = None
) -> list[InputDifference]:
    """Return every input that differs, by name; empty if the manifests agree.

    If the records differ, the reason is named: the offsets of the read, the bounds of the week, or the encoder of the
    vectors; otherwise the slice itself.

    Args:
        published: the first digest.
        rebuilt: the second digest.
        was: circumstances of the first digest.
        now: circumstances of the second digest.
    """
    before, after = published.manifest, rebuilt.manifest
    found = [] if before.slice_hash == after.slice_hash else _records(published, rebuilt, was, now)
    if before.settings_hash != after.settings_hash:
        found.append(InputDifference("settings", _settings(before, was), _settings(after, now)))
    pairs = (
        ("time zone", published.timezone, rebuilt.timezone),
        ("encoder", before.encoder, after.encoder),
        ("previous digest", before.previous_hash, after.previous_hash),
        ("influencers", before.influencers_hash, after.influencers_hash),
        ("link titles", before.resources_hash, after.resources_hash),
    )
    found += [InputDifference(name, _short(old), _short(new)) for name, old, new in pairs if old != new]
    for library in sorted({*before.versions, *after.versions}):
        old, new = before.versions.get(library), after.versions.get(library)
        if old != new:
            found.append(InputDifference(f"version of {library}", old or "none", new or "none"))
    return found


def _records(
    published: Digest, rebuilt: Digest, was: Circumstances | None, now: Circumstances | None
) -> list[InputDifference]:
    before, after = published.manifest, rebuilt.manifest
    if was is not None and now is not None and (was.start, was.end) != (now.start, now.end):
        return [InputDifference("offsets", _span(was, before.records), _span(now, after.records))]
    if published.timezone != rebuilt.timezone or (before.records == after.records and before.encoder != after.encoder):
        return []  # listed separately: other bounds select other records, and another encoder makes other records
    old, new = (f"{one.records:,} records ({_short(one.slice_hash)})" for one in (before, after))
    return [InputDifference("slice", old, new)]


def _span(read: Circumstances, records: int) -> str:
    return f"{read.start:,} to {read.end:,} ({records:,} records of the week)"


def _settings(manifest: Manifest, beside: Circumstances | None) -> str:
    return _short(manifest.settings_hash) + (f" ({beside.settings or 'the defaults'})" if beside is not None else "")


def _short(value: str | None) -> str:
    if not value:
        return "none"
    return f"{value[:12]}…" if len(value) == 64 else value
