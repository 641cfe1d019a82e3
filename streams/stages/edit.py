"""The editor: `digests` -> `digests.edited`, after week-close, when a language model is configured.

Message in: PublishedDigest. Out: one EditedDigest per digest, keyed by week, with the claims of the model that the
posts support (`models.editing`). The digest itself was published before and does not wait. Another digest of the week
makes the edition void: whoever publishes it writes a null value for the week first, and readers compare hashes. So a
corrected or deleted post is in no edition that anybody sees.

A model that fails, hangs, refuses or answers nonsense leaves sections as the digest has them; without any answer there
is no edition, and the next start of the stage asks again. Only the newest weeks are edited, as only they are corrected.
It runs beside week-close in the process that owns `tweets.embedded`, because it waits for seconds and holds no offsets.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence

from models.editing.edition import edit
from models.editing.prompt import Request, requests_of
from models.events import Tweet
from models.events.edited import EditedDigest
from models.events.wire import encode
from models.week.clock import CORRECTED_WEEKS
from streams.kafka.digests import PublishedDigest
from streams.kafka.topics import DIGESTS_EDITED
from streams.ports import Send
from streams.system.logs import get_logger
from streams.web.language_model import AnswerError

Ask = Callable[[Sequence[dict[str, str]]], Awaitable[str]]
AT_ONCE = 4  # requests at the same time
log = get_logger(__name__)


class EditStage:
    """Edits each new digest.

    Args:
        model: Name of the model, part of the event.
        ask: Sends messages to the model.
        follow: The digests on the log, then each new one (`streams.delivery.subscribe.follow`).
        read_edited: The editions on the log by week.
        read_posts: The posts of a digest's week by id. Raises LookupError when the log no longer has them.
        send: Produces a record.
        count: Called with "accepted" or "refused" and a number of claims.
    """

    def __init__(
        self,
        *,
        model: str,
        ask: Ask,
        follow: Callable[[], AsyncIterator[list[PublishedDigest]]],
        read_edited: Callable[[], Awaitable[Mapping[str, EditedDigest]]],
        read_posts: Callable[[PublishedDigest], Awaitable[Mapping[str, Tweet]]],
        send: Send,
        count: Callable[[str, int], None] = lambda outcome, number: None,
    ) -> None:
        self._model = model
        self._ask = ask
        self._follow = follow
        self._read_edited = read_edited
        self._read_posts = read_posts
        self._send = send
        self._count = count
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._newest: dict[str, PublishedDigest] = {}
        self._task: asyncio.Task[None] | None = None

    @property
    def is_done(self) -> bool:
        """Whether it ended by itself, which it does only by an error."""
        return self._task is not None and self._task.done()

    async def tick(self, *, active: bool) -> None:
        """Start when this process is the active one, stop when it is not. Raises what ended the editor."""
        if self._task is not None and self.is_done:
            task, self._task = self._task, None
            task.result()
        if active and self._task is None:
            self._task = asyncio.create_task(self.run(), name="editor")
        elif not active:
            await self.stop()

    async def stop(self) -> None:
        """Cancel what is running."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    async def run(self) -> None:
        """Edit the newest digests that have no edition, then each new one."""
        edited = await self._read_edited()
        known = {week: one.digest for week, one in edited.items()}
        async for entries in self._follow():
            self._newest |= {entry.digest.week: entry for entry in entries}
            for week in sorted(self._newest)[-CORRECTED_WEEKS:]:
                entry = self._newest[week]
                if known.get(week) != entry.hash:
                    if week in known:  # of a digest that was corrected meanwhile
                        await self._put(entry, None)
                    known[week] = entry.hash  # also after a failure: the next start asks again
                    await self._edit(entry)

    async def _edit(self, entry: PublishedDigest) -> None:
        week = entry.digest.week
        try:
            posts = await self._read_posts(entry)
        except LookupError as error:
            log.warning("digest not edited", week=week, reason=str(error))
            return
        requests = requests_of(entry.digest, posts)
        texts = await asyncio.gather(*(self._answer(week, request) for request in requests))
        answers = {request.section: text for request, text in zip(requests, texts, strict=True) if text is not None}
        if not answers:
            return
        edited = edit(entry.digest, posts, self._model, answers)
        self._count("accepted", edited.accepted)
        self._count("refused", edited.proposed - edited.accepted)
        await self._put(entry, encode(edited))
        log.info("digest edited", week=week, model=self._model, claims=edited.proposed, accepted=edited.accepted)

    async def _put(self, entry: PublishedDigest, value: bytes | None) -> None:
        key = entry.digest.week.encode()
        await (await self._send(DIGESTS_EDITED.name, key=key, value=value, timestamp=entry.digest.end))

    async def _answer(self, week: str, request: Request) -> str | None:
        async with self._slots:
            try:
                return await self._ask(request.messages)
            except AnswerError as error:
                log.warning("section not edited", week=week, section=request.section or "headline", reason=str(error))
                return None
