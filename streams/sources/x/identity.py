"""Resolves X handles to user ids: an account keeps its id when its handle changes or passes to another person."""

import structlog

from streams.sources.people.wanted import People
from streams.sources.sent_posts import SentPosts
from streams.sources.x.api import XApi
from streams.sources.x.v2 import SOURCE

log = structlog.get_logger(__name__)


def user_ids(people: People, api: XApi, memory: SentPosts) -> dict[str, str]:
    """Return handle -> user id of the handles that exist; the others are added to `people`.

    Ids on the list come first; only unknown handles are requested. A handle that X no longer knows may still be on sent
    posts. The call blocks, and raises the errors of `XApi.user_ids`.
    """
    handles = people.handles("x")
    known = {handle: handle if handle.isdecimal() else people.id_of("x", handle) for handle in handles}
    unknown = [handle for handle, own_id in known.items() if own_id is None]
    asked = api.user_ids(unknown) if unknown else {}
    found: dict[str, str] = {}
    for handle, own_id in known.items():
        own_id = own_id or asked.get(handle.lower()) or memory.author_of(SOURCE, handle)
        if own_id is not None:
            found[handle] = own_id
            people.identify("x", handle, own_id)
    people.not_found["x"] = [handle for handle in handles if handle not in found]
    if people.not_found["x"]:
        log.warning("X handles do not exist, trying again later", handles=people.not_found["x"])
    return found
