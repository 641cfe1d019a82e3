"""Weeks, topics and inputs for the tests of the digest; every text is invented."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import timedelta

import numpy as np

from models.digest.compose import write_digest
from models.digest.inputs import Inputs
from models.events import Digest, Link, Metrics, Tweet
from models.ranking.forms import Forms
from models.refit.story import Refit, Story
from models.week.config import DigestConfig
from models.week.posts import WeekPosts
from models.week.week import Week

WEEK = Week(2024, 20)
PEOPLE = ("Ada Birch", "Bo Castell", "Cy Dunmore", "Di Esker", "Ed Fenn", "Flo Gard")


def post(
    number: int, text: str, *, author: int = 0, day: int = 0, handle: str | None = None, **fields: object
) -> Tweet:
    """Post `number` of the week."""
    name = PEOPLE[author % len(PEOPLE)]
    values: dict[str, object] = {
        "id": f"{10**18 + number}",
        "author_id": f"a{author}",
        "author": handle or name.split()[0].lower() + str(author),
        "author_name": name,
        "created_at": WEEK.start + timedelta(days=day, minutes=number),
        "text": text,
        "metrics": Metrics(likes=number % 7),
    }
    return Tweet(**(values | fields))  # type: ignore[arg-type]


def linked(url: str, title: str | None = None, **fields: str) -> list[Link]:
    """A link with the metadata that a post may carry."""
    return [Link(url=url, title=title, **fields)]  # type: ignore[arg-type]


def week_of(posts: Sequence[Tweet], dimensions: int = 16) -> WeekPosts:
    """The canonical week of `posts`. Vectors are derived from the ids and are close together."""
    ordered = sorted(posts, key=lambda one: one.id)
    seeds = [int.from_bytes(hashlib.sha256(one.id.encode()).digest()[:4], "big") for one in ordered]
    noise = [np.random.default_rng(seed).normal(size=dimensions) * 0.1 + 1 for seed in seeds]
    vectors = np.array(noise, dtype=np.float32).reshape(len(ordered), dimensions)
    vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    return WeekPosts(WEEK, ordered, [one.text for one in ordered], vectors, "test", "f" * 64, 0)


def story_of(week: WeekPosts, members: Sequence[int], words: Sequence[str], number: int = 0, **fields: object) -> Story:
    """A topic of these posts. Retweets are support."""
    indices = np.array(sorted(members), dtype=np.int64)
    first = {week.posts[i].related_id or week.posts[i].id: int(i) for i in indices[::-1]}
    distinct = np.array([i for i in indices if original(week, int(i), first) == i], dtype=np.int64)
    centroid = week.vectors[distinct].mean(axis=0)
    centroid /= np.linalg.norm(centroid)
    weighted = [(word, 1.0 / (place + 1)) for place, word in enumerate(words)]
    values: dict[str, object] = {
        "id": f"t-{number:012x}", "score": 1.0 - number / 10, "score_parts": {}, "sensitive": False,
        "people": 0, "theme": None,
    }  # fmt: skip
    return Story(indices, distinct, weighted, centroid, **(values | fields))  # type: ignore[arg-type]


def original(week: WeekPosts, index: int, first: Mapping[str, int]) -> int:
    """The index of the post that `index` repeats."""
    one = week.posts[index]
    return first.get(one.related_id or one.id, index) if one.kind == "retweet" else index


def refit_of(week: WeekPosts, stories: Sequence[Story]) -> Refit:
    """The refit's result with these topics."""
    topic_of = np.full(len(week), -1, dtype=np.int64)
    for number, story in enumerate(stories):
        topic_of[story.members] = number
    first: dict[str, int] = {}
    for index, one in enumerate(week.posts):
        first.setdefault((one.related_id if one.kind == "retweet" else None) or one.id, index)
    duplicate_of = np.array([original(week, index, first) for index in range(len(week))], dtype=np.int64)
    return Refit([], topic_of, duplicate_of)


def inputs_of(week: WeekPosts, previous: Digest | None = None, **fields: object) -> Inputs:
    """Inputs in which all people have the same influence."""
    influence = {one.author_id: 0.5 for one in week.posts}
    values: dict[str, object] = {
        "influencers": [], "config": DigestConfig(), "versions": {"toptopics": "test"}, "resources": {},
        "influence": influence,
    }  # fmt: skip
    return Inputs(week=week, previous=previous, **(values | fields))  # type: ignore[arg-type]


def digest_of(week: WeekPosts, stories: Sequence[Story], previous: Digest | None = None, **fields: object) -> Digest:
    """The digest that publishes all of `stories`."""
    forms = Forms(list(stories), [], [])
    return write_digest(inputs_of(week, previous, **fields), refit_of(week, stories), forms, found=len(stories))


PLAIN_WEEK = (
    post(0, "The LanternNet paper shows cheap depth maps from one camera. https://arxiv.org/abs/2405.01234v2", author=0,
         links=linked("https://arxiv.org/abs/2405.01234v2", "LanternNet: depth from one camera")),
    post(1, "Reading LanternNet tonight: depth maps that a phone can compute #AI #ML #CV #DeepLearning", author=1,
         links=linked("https://arxiv.org/pdf/2405.01234.pdf?utm_source=x", "LanternNet: depth from one camera"), day=1),
    post(2, "RT @ada0: The LanternNet paper shows cheap depth maps from one camera.", author=2, kind="retweet",
         related_id=f"{10**18}", related_author="ada0", day=1),
    post(3, "We tried LanternNet on our drone footage and the horizon came out bent.", author=3, day=2),
    post(4, "Is the LanternNet code public? I only see weights.", author=4, kind="reply", related_author="ada0", day=2),
    post(5, "Harbour Robotics lets forty people go, the whole gripper team among them.", author=5, day=3),
    post(6, "Harbour Robotics was the last gripper company in town, a sad day", author=0, day=3),
    post(7, "So Harbour Robotics is gone; their gripper data is still online https://t.co/AbCdEfGhIj", author=1, day=4,
         links=linked("https://t.co/AbCdEfGhIj")),
    post(8, "Harbour Robotics alumni: my inbox is open, we hire for grippers.", author=2, day=4),
)  # fmt: skip
PLAIN = week_of(PLAIN_WEEK)
LANTERN = story_of(PLAIN, [0, 1, 2, 3, 4], ["lanternnet", "depth", "camera"], 0)
HARBOUR = story_of(PLAIN, [5, 6, 7, 8], ["harbour", "robotics", "gripper"], 1)
