"""Listed X handles to user ids: an account keeps its id when its handle changes, or passes to somebody else."""

import structlog

from streams.sources.people.wanted import People
from streams.sources.sent_posts import Memory
from streams.sources.x.api import XApi
from streams.sources.x.v2 import SOURCE

log = structlog.get_logger(__name__)


def user_ids(people: People, api: XApi, memory: Memory) -> dict[str, str]:
    """Handle -> user id, of everybody who is found; the others are noted in `people`.

    What was resolved before comes first, from the list; only unknown handles are asked for. A handle that X does not
    know any more may still be on the posts that were sent. Blocks; raises what `XApi.user_ids` raises.
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
        log.warning("no such X handles", handles=people.not_found["x"])
    return found
