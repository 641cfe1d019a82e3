"""A published digest and its correction, for tests of feeds, mails and chats."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from streams.kafka.digests import PublishedDigest
from tests.support.view_examples import digest

MADE_AT = datetime(2026, 1, 5, 12, tzinfo=UTC)
ENTRY = PublishedDigest(digest=digest("2021-W18"), revision=1, slice_start=0, slice_end=9, made_at=MADE_AT)
CORRECTED = replace(
    ENTRY,
    digest=digest("2021-W18", headline="<b>Corrected</b> & true"),
    revision=2,
    supersedes=ENTRY.hash,
    made_at=MADE_AT + timedelta(days=1),
    changes="1 topic added",
)
