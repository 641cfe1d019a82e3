"""Weeks of invented posts for tests of the refit, the matching and the ranking. No real posts."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

import numpy as np
import numpy.typing as npt

from models.events import EmbeddedTweet, Link, Metrics, Tweet
from models.events.wire import pack_vector
from models.refit.story import Story
from models.week.posts import WeekPosts, week_posts
from models.week.week import Week

WEEK = Week(2021, 18)
START = datetime(2021, 5, 3, tzinfo=UTC)
DIMENSIONS = 32
SUBJECTS = {
    "wasps": "wasps nest under roof tiles gardener smoke hives swarm queen larvae",
    "ferry": "ferry Brightwater-2 harbour timetable captain crossing fog delayed islanders quay",
    "violin": "violin varnish luthier bowhair spruce Cremona-X tuning pegs rehearsal quartet",
    "cheese": "cheese cellar rind brine affineur goat Tomme9 wheels ripening pasture",
    "kites": "kites beach festival spools bamboo KiteCon21 gust sails ripstop judges",
    "mosaic": "mosaic tesserae villa excavation grout archaeologist Porticus-B fresco trench floor",
}


def direction(name: str) -> npt.NDArray[np.float32]:
    """The unit vector of a subject."""
    vector = np.random.default_rng(sum(name.encode()) * 7919).normal(size=DIMENSIONS)
    return np.asarray(vector / np.linalg.norm(vector), dtype=np.float32)


def post(
    number: int,
    text: str,
    *,
    author: str = "a1",
    hours: float = 1.0,
    links: Sequence[str] = (),
    likes: int = 0,
    kind: str = "original",
    related: str | None = None,
    related_author: str | None = None,
    mentions: Sequence[str] = (),
    followers: int | None = None,
) -> Tweet:
    """A post, `hours` after the week's start."""
    return Tweet(
        id=f"{number:06d}",
        author_id=author,
        author=author,
        created_at=START + timedelta(hours=hours),
        text=text,
        kind=kind,  # type: ignore[arg-type] # the tests' own words
        related_id=related,
        related_author=related_author,
        links=[Link(url=url) for url in links],
        mentions=list(mentions),
        followers=followers,
        metrics=Metrics(likes=likes),
    )


def embedded(tweet: Tweet, vector: npt.NDArray[np.float32]) -> EmbeddedTweet:
    """A record of `tweets.embedded`."""
    return EmbeddedTweet(
        tweet=tweet, text=tweet.text, vector=pack_vector(vector), dimensions=len(vector), encoder="made", origin=""
    )


def records(
    sizes: dict[str, int], *, seed: int = 1, noise: float = 0.6, people: int = 7, first: int = 0
) -> list[EmbeddedTweet]:
    """`sizes[subject]` posts of each subject: words drawn from its list, vectors around its direction."""
    random = np.random.default_rng(seed)
    made = []
    number = first
    for subject, size in sizes.items():
        vocabulary = SUBJECTS[subject].split()
        for _ in range(size):
            number += 1
            drawn = " ".join(random.permutation(vocabulary)[:5].tolist())
            aside = random.normal(size=DIMENSIONS) * noise / np.sqrt(DIMENSIONS)
            vector = direction(subject) + aside.astype(np.float32)
            tweet = post(
                number,
                f"{drawn} n{number}x",
                author=f"a{number % people}",
                hours=float(random.uniform(0, 160)),
                links=[f"https://example.org/{subject}/{number}"],
                likes=int(random.integers(0, 50)),
            )
            made.append(embedded(tweet, vector / np.linalg.norm(vector)))
    return made


def week_of(posts: Iterable[EmbeddedTweet]) -> WeekPosts:
    """The canonical week."""
    return week_posts(posts, WEEK)


def story(members: Sequence[int], centroid: npt.NDArray[np.float32], words: Sequence[str] = ()) -> Story:
    """A topic of distinct posts."""
    indices = np.array(members, dtype=np.int64)
    return Story(
        members=indices, distinct=indices, words=[(word, 1.0) for word in words], centroid=centroid,
        score=0.0, score_parts={}, sensitive=False, people=0, id="s", theme=None,
    )  # fmt: skip
