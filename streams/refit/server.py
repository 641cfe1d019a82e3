"""The refit process: `python -m streams.refit.server`. `streams.refit.client` is the parent's side.

Requests on standard input, one JSON object a line: week, end, overrides, source, previous. Answers on standard output:
`{"step", "share"}` lines, then the fields of `MadeDigest` (bytes in base64) or `{"error"}`.
"""

import asyncio
import base64
import os
import select
import sys
from pathlib import Path
from resource import RUSAGE_SELF, getrusage
from typing import Any, BinaryIO

import orjson

from models.events import Digest
from models.events.wire import decode, encode
from models.week.progress import StepProgress
from models.week.week import Week
from streams.refit.client import library_versions
from streams.refit.settings import config_with
from streams.settings import Settings, encoders_folder, load_settings
from streams.system.logs import get_logger, set_up_logging
from streams.system.parent_death import die_with_parent
from streams.system.priority import lower_priority

IDLE_SECONDS = 120.0
PRIORITY_STEPS = 5  # below the live stages, but still a third of the time of a busy one


async def _refit(settings: Settings, arguments: dict[str, Any], progress: StepProgress) -> dict[str, Any]:
    # imported here: only this process loads BERTopic and numba
    from models.digest.compose import build_week
    from models.encoding.loading import load_encoder
    from models.week.posts import week_posts
    from streams.kafka.influencers import read_influencers
    from streams.refit.reembed import read_week_again
    from streams.refit.reencode import in_one_space
    from streams.refit.week_links import week_links
    from streams.refit.week_slice import read_week

    week = Week.parse(arguments["week"], settings.timezone)
    previous = await _previous(settings, week, arguments["previous"])
    influencers = await read_influencers(settings)
    read = read_week_again if arguments["source"] == "tweets" else read_week
    piece = await read(
        settings, week, end=arguments["end"], progress=lambda done, of: progress("reading the week", done / max(of, 1))
    )
    records = in_one_space(
        piece.records,
        lambda: load_encoder(settings.encoder, device=settings.device, cache_dir=encoders_folder(settings)),
    )
    posts = week_posts(records, week)
    digest, taught = build_week(
        posts,
        previous=previous,
        influencers=influencers,
        config=config_with(arguments["overrides"]),
        versions=library_versions(),
        resources=await week_links(settings, posts.posts, progress),
        progress=progress,
    )
    return {
        "value": base64.b64encode(encode(digest)).decode(),
        "taught": base64.b64encode(encode(taught)).decode() if taught.topics else "",
        "slice_start": piece.start,
        "slice_end": piece.end,
        "records": piece.read,
        "log_start": piece.log_start,
        "held": posts.held,
        "peak_memory": getrusage(RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024),
    }


async def _previous(settings: Settings, week: Week, file: str | None) -> Digest | None:
    from streams.kafka.digests import read_digests, week_before

    if file is None:
        digests = await read_digests(settings)
        published = digests.get(week_before(digests, week))
        return published.digest if published else None
    value = await asyncio.to_thread(Path(file).read_bytes)
    return decode(value, Digest) if value else None


def _serve(settings: Settings, requests: BinaryIO, answers: BinaryIO) -> None:
    """Answer requests until the parent closes the pipe or is silent for IDLE_SECONDS."""

    def say(message: dict[str, Any]) -> None:
        try:
            answers.write(orjson.dumps(message) + b"\n")
            answers.flush()
        except BrokenPipeError:  # the parent was stopped, so nobody needs the result
            os._exit(0)

    while select.select([requests], [], [], IDLE_SECONDS)[0]:
        line = requests.readline()
        if not line:
            return
        try:
            say(
                asyncio.run(
                    _refit(settings, orjson.loads(line), lambda step, share: say({"step": step, "share": share}))
                )
            )
        except Exception as error:  # noqa: BLE001 (sent to the parent, which raises it)
            get_logger(__name__).error("refit failed", exc_info=error)
            say({"error": f"{type(error).__name__}: {error}"[:2000]})


def main() -> None:
    """Entry point; the argument is the pid of the process that starts it."""
    die_with_parent(int(sys.argv[1]))
    lower_priority(PRIORITY_STEPS)
    settings = load_settings()
    set_up_logging(settings, stage="refit")
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    # a library that prints to standard output would break the protocol
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    # unbuffered: select() does not see buffered bytes
    _serve(settings, os.fdopen(sys.stdin.fileno(), "rb", buffering=0), answers)


if __name__ == "__main__":
    main()
