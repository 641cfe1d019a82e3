"""Verifies what a language model wrote about past weeks: from its stored answers, nothing is asked again."""

from collections.abc import Sequence

from models.editing.edition import differences
from streams.kafka.editions import read_editions
from streams.refit.digest_posts import digest_posts
from streams.replay.rebuild import Replayed
from streams.settings import Settings


async def edition_differences(settings: Settings, done: Sequence[Replayed]) -> list[str]:
    """What of the editions is not as their digests, posts and stored answers give it, one line each.

    A week without an edition, or with one of an earlier digest, which nobody is shown, has none. With LLM_MODEL set,
    another model is a difference, and so is a log that no longer holds the posts.
    """
    editions, found = await read_editions(settings), []
    for one in done:
        edited = editions.get(str(one.week))
        if edited is None or one.published is None or edited.digest != one.published.hash:
            continue
        try:
            what = differences(edited, one.published.digest, await digest_posts(settings, one.published))
        except LookupError as error:
            what = [str(error)]
        if settings.llm_model and settings.llm_model != edited.model:
            what.append(f"the model was {edited.model}, and LLM_MODEL is {settings.llm_model} now")
        found += [f"{one.week} edited: {line}" for line in what]
    return found
