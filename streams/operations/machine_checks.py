"""The checks that need neither Kafka nor Redis: variables, data folder, disk, people, orphans, encoder."""

import asyncio
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from streams.local.orphans import orphans
from streams.operations.checks import Check, Finding, Problem
from streams.operations.environment import unknown_variables
from streams.settings import Settings, encoders_folder

ENCODER_SECONDS = 300.0  # the first load may compile or distil
LEAST_FREE = 2 * 1024**3


def variables(environment: Mapping[str, str]) -> Finding:
    """Report variables that look like ours and are unknown. Not a failure: other programs may use such names."""
    unknown = unknown_variables(environment)
    if not unknown:
        return Finding("variables", True, "all TOPTOPICS_… variables are known")
    slips = [f"rename {name} to {nearest}" for name, nearest in unknown.items() if nearest]
    return Finding(
        "variables",
        True,
        f"without effect: {', '.join(unknown)}",
        "; ".join(slips) or "nothing, unless one of them should have an effect",
    )


def machine_checks(settings: Settings) -> list[Check]:
    return [
        Check(
            "data folder",
            lambda: asyncio.to_thread(_data_folder, settings.data_dir),
            f"make {settings.data_dir} writable, or set TOPTOPICS_DATA_DIR to a folder that is",
        ),
        Check(
            "disk",
            lambda: asyncio.to_thread(_disk, settings.data_dir),
            "free some space, or set TOPTOPICS_DATA_DIR to a larger disk",
        ),
        Check(
            "people",
            lambda: asyncio.to_thread(_people, settings.data_dir),
            "correct them with `toptopics influencers add` and `remove`; the sources try them again every hour",
        ),
        Check(
            "orphans",
            lambda: asyncio.to_thread(_orphans, settings.data_dir),
            "`toptopics down` stops them; then start `toptopics up` and `toptopics worker` again",
        ),
        Check(
            "encoder",
            lambda: asyncio.to_thread(_encoder, settings),
            "set TOPTOPICS_ENCODER to minilm or static, and TOPTOPICS_DEVICE to cpu if the GPU is at fault",
            ENCODER_SECONDS,
        ),
    ]


def _existing(folder: Path) -> Path:
    """The folder, or its nearest existing parent."""
    folder = folder.expanduser().absolute()
    return next(parent for parent in (folder, *folder.parents) if parent.exists())


def _data_folder(folder: Path) -> str:
    nearest = _existing(folder)
    if not (nearest.is_dir() and os.access(nearest, os.W_OK | os.X_OK)):
        raise Problem(f"{nearest} cannot be written")
    return f"{folder} is writable" if nearest == folder.absolute() else f"{folder} can be created"


def _disk(folder: Path) -> str:
    free = shutil.disk_usage(_existing(folder)).free
    if free < LEAST_FREE:
        raise Problem(f"{free / 1024**3:.1f} GiB free, less than {LEAST_FREE / 1024**3:.0f}")
    return f"{free / 1024**3:.0f} GiB free"


def _people(folder: Path) -> str:
    from streams.sources.cursors import healths

    missing = {health.source: health.not_found for health in healths(folder / "sources") if health.not_found}
    if missing:
        told = "; ".join(f"{', '.join(handles)} ({source})" for source, handles in missing.items())
        raise Problem(f"nobody has the listed handles {told}")
    return "every listed handle that a source looked up was found"


def _orphans(folder: Path) -> str:
    found = orphans(folder)
    if found:
        names = ", ".join(f"{orphan.name} (process {orphan.pid})" for orphan in found)
        raise Problem(f"{names}: started by a worker that is gone, and perhaps still writing")
    return "every stage belongs to a running worker"


def _encoder(settings: Settings) -> str:
    from models.encoding.loading import load_encoder

    encoder = load_encoder(settings.encoder, device=settings.device, cache_dir=encoders_folder(settings))
    (vector,) = encoder.encode(["a sentence to try the encoder with"])
    return f"{encoder.name} loads, {len(vector)} dimensions"
