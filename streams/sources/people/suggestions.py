"""Suggests whom to follow next: people whom listed people mention, with the posts as evidence.

Pure function of the posts and the list. Every listed person has one vote per candidate and relation, independent of the
number of posts. Retweets and quotes count 1, replies and mentions 0.5 (the weights of `models.ranking.influence`).
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from models.events import Tweet
from models.ranking.influence import VOTES
from models.text.handles import keys_of, normal
from streams.sources.people.wanted import People

MAX_EVIDENCE = 5


@dataclass
class Suggestion:
    """A candidate: `score` is the sum of votes, `voters` the listed people by relation, `evidence` ids of posts."""

    handle: str
    score: float = 0.0
    voters: dict[str, list[str]] = field(default_factory=dict)
    evidence: list[str] = field(default_factory=list)


def suggest(posts: Iterable[Tweet], people: People, limit: int) -> list[Suggestion]:
    """Return the best candidates, best first; ties by handle. With an empty list the posts of all authors count."""
    listed = {key for person in people.listed for key in keys_of(person)}
    votes: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    shown: dict[str, list[str]] = defaultdict(list)
    for post in posts:
        voter = normal(post.author)
        if listed and voter not in listed and post.author_id.lower() not in listed:
            continue
        for name, relation in _taken_up(post):
            if name != voter and name not in listed:
                votes[name][relation].add(voter)
                if len(shown[name]) < MAX_EVIDENCE and post.id not in shown[name]:
                    shown[name].append(post.id)
    ranked = [
        Suggestion(
            handle=name,
            score=sum(VOTES[relation] * len(voters) for relation, voters in relations.items()),
            voters={relation: sorted(voters) for relation, voters in sorted(relations.items())},
            evidence=shown[name],
        )
        for name, relations in votes.items()
    ]
    return sorted(ranked, key=lambda one: (-one.score, one.handle))[:limit]


def _taken_up(post: Tweet) -> Iterator[tuple[str, str]]:
    """Return (handle, relation) pairs. A retweeted or answered author is usually mentioned too: that is one vote."""
    related = normal(post.related_author or "")
    if related and post.kind != "original":
        yield related, post.kind
    for name in map(normal, post.mentions):
        if name and name != related:
            yield name, "mention"
