"""By which names a listed person's posts are known: ids of the platforms, handles, addresses of feeds."""

import hashlib

from models.events import Influencer

LONGEST_ID = 200  # of the wire's ids


def normal(handle: str) -> str:
    """A handle as it is compared: without @, space and case."""
    return handle.strip().removeprefix("@").lower()


def feed_id(address: str) -> str:
    """A feed's address as an author id; a longer one than an id may be is cut and ends with its hash."""
    if len(address) <= LONGEST_ID:
        return address
    return address[:160] + hashlib.sha256(address.encode()).hexdigest()[:32]


def keys_of(person: Influencer) -> set[str]:
    """Everything by which a person's posts are recognised."""
    names = (person.id, *person.ids.values(), *person.handles.values())
    feeds = (feed_id(handle) for platform, handle in person.handles.items() if platform == "rss")
    return {normal(name) for name in (*names, *feeds) if name}
