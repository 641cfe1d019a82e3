"""Whom to follow next: the people whom listed people take up, with the posts that show it.

Pure: posts and the list in, suggestions out. Every listed person has one vote per candidate and relation, however often
they retweet: retweets and quotes count 1, replies and mentions a half (the weights of `models.ranking.influence`).
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
    """The best candidates, best first; equal ones by handle. With an empty list everybody's word counts."""
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
    """(handle, relation); the author of a retweeted or answered post is usually mentioned too: that is one vote."""
    related = normal(post.related_author or "")
    if related and post.kind != "original":
        yield related, post.kind
    for name in map(normal, post.mentions):
        if name and name != related:
            yield name, "mention"
