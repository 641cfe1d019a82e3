"""Filter of posts by author: the influencer list as a predicate.

* A person matches by id, or by any handle without case; a post's author matches by id or handle.

* Handles change and may pass to another person. So a source resolves each handle to the platform's id (`identify`);
  from then on the id counts.

* An empty list accepts all posts. `others` decides about unlisted authors: "ignore" drops them; "context" keeps posts
  that answer, quote, retweet or mention a listed person (ranking gives an unlisted author no weight); "all" keeps
  everything.
"""

from collections.abc import Iterable
from typing import Literal

from models.events import Deletion, Influencer, Tweet
from models.text.handles import keys_of, normal

Others = Literal["ignore", "context", "all"]
PLATFORMS = ("x", "bluesky", "mastodon", "rss")

PLATFORM_OF = {"x-stream": "x", "x-timelines": "x"}  # platform of the sources that are not named after it


class People:
    """The listed people as a predicate on posts, with the ids that their handles were resolved to."""

    def __init__(self, influencers: Iterable[Influencer], others: Others = "ignore") -> None:
        self.listed = sorted(influencers, key=lambda person: person.id)
        self.others = others
        self.learned: dict[str, dict[str, str]] = {}  # id of a person -> platform -> id that is not on the list yet
        self.not_found: dict[str, list[str]] = {}  # platform -> handles that do not exist there
        self._keys = {key for person in self.listed for key in keys_of(person)}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, People) and (self._named(), self.others) == (other._named(), other.others)

    __hash__ = None  # type: ignore[assignment] # equal lists, different objects: not for sets

    def _named(self) -> list[tuple[str, str, dict[str, str], float]]:
        """Return what the list says about each person, without the ids that the sources add."""
        return [(person.id, person.name, person.handles, person.weight) for person in self.listed]

    def handles(self, platform: str) -> list[str]:
        """Return the listed handles (or addresses) on one platform, in a stable order, without duplicates."""
        found = (_handle(person, platform) for person in self.listed)
        return list(dict.fromkeys(handle for handle in found if handle))

    def id_of(self, platform: str, handle: str) -> str | None:
        """Return the id of a handle from the list or from an earlier source."""
        persons = [person for person in self.listed if _handle(person, platform) == handle]
        known = (self.learned.get(person.id, {}).get(platform) or person.ids.get(platform) for person in persons)
        return next((own_id for own_id in known if own_id), None)

    def identify(self, platform: str, handle: str, *own_ids: str) -> None:
        """Add the ids of a resolved handle: posts of these authors are the listed person's. The first id goes to the
        list.
        """
        self.recognise(*own_ids)
        for person in self.listed:
            if _handle(person, platform) == handle and person.ids.get(platform) != own_ids[0]:
                self.learned.setdefault(person.id, {})[platform] = own_ids[0]

    def still_to_write(self, listed: Iterable[Influencer]) -> dict[str, dict[str, str]]:
        """Return the learned ids that the list does not have: id of a person -> platform -> id."""
        told = {person.id: person.ids for person in listed}
        return {
            person_id: ids
            for person_id, ids in self.learned.items()
            if person_id in told and any(told[person_id].get(platform) != own_id for platform, own_id in ids.items())
        }

    def recognise(self, *own_ids: str) -> None:
        """Accept posts of these authors as a listed person's."""
        self._keys |= {normal(own_id) for own_id in own_ids}

    def wants(self, post: Tweet | Deletion) -> bool:
        """Whether `post` belongs on `tweets`."""
        if not self._keys or self.others == "all" or normal(post.author_id) in self._keys:
            return True
        if isinstance(post, Deletion):
            return False
        if normal(post.author) in self._keys:
            return True
        named = [post.related_author or "", *post.mentions]
        return self.others == "context" and any(normal(name) in self._keys for name in named)


def _handle(person: Influencer, platform: str) -> str:
    return person.handles.get(platform, "").strip().removeprefix("@")
