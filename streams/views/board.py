"""The current topics in the memory of a reader process: the API, `toptopics watch`, the alerts.

`refresh()` reads the changes from the view and recomputes only the changed topics. All rankings and messages are
computed here, so a thousand readers cost one reader of Redis.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final, Literal

from msgspec import Struct, structs

from models.live.limits import WINDOWS
from models.live.naming import label_of
from models.live.state import StoryPost, TopicState
from models.live.story_text import StoryLine, StoryText, story_texts
from models.live.trends import WIDER, Badge, Counts, WindowStats, bucket_now, hourly, parts, window_stats
from streams.views.port import ViewReader

Sort = Literal["trend", "people", "posts", "latest"]
SPARK_HOURS: Final = 24
DAY_POSTS: Final = 1_000  # newest posts by which the names of stories are told from usual words


class TopicSummary(Struct, frozen=True, kw_only=True):
    """A line of the ranking."""

    id: str
    label: str
    keywords: list[str]
    status: Badge  # of the last day
    score: float
    first_at: datetime
    last_at: datetime
    people: int
    posts: int
    windows: dict[str, WindowStats]
    spark: list[int]  # posts per hour of the last day, oldest first
    line: StoryLine | None = None  # the words of one post that tell its story best


class Board:
    """All listed topics. Not thread-safe; one task refreshes, any number of tasks read."""

    def __init__(self, reader: ViewReader) -> None:
        self._reader = reader
        self.version: int | None = None
        self.newest: datetime | None = None
        self.posts = 0
        self.states: dict[str, TopicState] = {}
        self.active: dict[str, int] = dict.fromkeys(WINDOWS, 0)  # window -> people with a post in it
        self._stories = False  # whether its topics have stories
        self._summaries: dict[str, tuple[tuple[int, ...], TopicSummary]] = {}
        self._sparks: dict[str, dict[str, tuple[int, list[int]]]] = {}
        self._texts: dict[str, StoryText] = {}
        self._titles: dict[str, tuple[str, frozenset[str]]] = {}  # topic id -> title, and the posts it was made for
        self._written: tuple[int, dict[str, list[StoryPost]]] = (0, {})  # bucket and stories of the texts
        self._rankings: dict[tuple[str, Sort], list[TopicSummary]] = {}

    async def refresh(self) -> list[str]:
        """Read the changes, and return the ids of the changed and removed topics.

        Raises:
            ViewUnavailableError: The view cannot be read.
        """
        changes = await self._reader.changes(self.version)
        gone = [name for name in self.states if name not in changes.topics] if changes.full else []
        for name in gone:
            self._drop(name)
        for name, state in changes.topics.items():
            self._drop(name)
            if state is not None:
                self.states[name] = state
        changed = [*gone, *changes.topics]
        changed += await self._write(bucket_now(changes.newest) if changes.newest is not None else 0)
        active = {**dict.fromkeys(WINDOWS, 0), **changes.active}
        if changed or self.newest != changes.newest or self.active != active:
            self._rankings.clear()
        self.active = active
        self._stories = any(state.told for state in self.states.values())
        self.version, self.newest, self.posts = changes.version, changes.newest, changes.posts
        return changed

    async def _write(self, last: int) -> list[str]:
        """Title the stories of now; the topics whose text is another than before. Raises ViewUnavailableError.

        A row keeps its title while at least half of its posts are those that the title was made for.
        """
        stories = {name: state.story for name, state in self.states.items() if state.story}
        if (last, stories) != self._written:
            told = {name: frozenset(post.id for post in posts) for name, posts in stories.items()}
            titled = {name: made for name, made in self._titles.items() if name in told}
            found = await self._reader.found(sorted(set().union(*told.values(), *(of for _, of in titled.values()))))
            # half of its posts are still those of its title, and none of these was deleted
            titled = {
                name: (title, of)
                for name, (title, of) in titled.items()
                if 2 * len(of & told[name]) >= len(told[name]) and of <= found.keys()
            }
            shown = {
                name: [found[post.id].post for post in posts if post.id in found] for name, posts in stories.items()
            }
            day = await self._reader.newest(DAY_POSTS) if stories else []
            texts = story_texts(shown, day, {name: title for name, (title, _) in titled.items()})
            before = self._texts
            self._titles = {name: titled.get(name, (text.title, told[name])) for name, text in texts.items()}
            self._texts, self._written = texts, (last, stories)
        else:
            texts = before = self._texts
        other = []
        for name, state in self.states.items():
            title = texts[name].title if name in texts else ""
            if title != state.titled or texts.get(name) != before.get(name):
                self._summaries.pop(name, None)
                self.states[name] = structs.replace(state, titled=title)
                other.append(name)
        return other

    @property
    def last_bucket(self) -> int:
        """The last bucket of every window; 0 in an empty view."""
        return bucket_now(self.newest) if self.newest is not None else 0

    def summary(self, topic_id: str) -> TopicSummary | None:
        """Return the summary of a topic; None if it is not listed."""
        state = self.states.get(topic_id)
        if state is None:
            return None
        moment = (self.last_bucket, int(self._stories), *self.active.values())
        known = self._summaries.get(topic_id)
        if known is None or known[0] != moment:
            text = self._texts.get(topic_id)
            line = text.line if text else None
            known = moment, _summary(state, self.last_bucket, self.active, line, stories=self._stories)
            self._summaries[topic_id] = known
        return known[1]

    def spark(self, topic_id: str, window: str) -> list[int]:
        """Return the posts in equal parts of the window, oldest first.

        Raises:
            KeyError: The topic is not listed, or the window is unknown.
        """
        last, known = self.last_bucket, self._sparks.setdefault(topic_id, {})
        if window not in known or known[window][0] != last:
            known[window] = last, parts(self.states[topic_id], window, last)
        return known[window][1]

    def ranked(self, window: str, sort: Sort = "trend") -> list[TopicSummary]:
        """Return the topics of the window, best first; ties by people, posts, id.

        By trend: rising topics by score, those that cool by score, then the others with enough people. Other orders:
        all topics with a post in the window.

        Raises:
            KeyError: The window or the order is unknown.
        """
        key = window, sort
        if key not in self._rankings:
            summaries = [found for name in self.states if (found := self.summary(name)) is not None]
            listed = [one for one in summaries if _is_listed(one.windows[window], sort)]
            self._rankings[key] = sorted(listed, key=_order(window, sort), reverse=True)
        return self._rankings[key]

    def quiet_since(self, window: str) -> datetime | None:
        """Return the time of the newest post of a story, if nothing rises in the window; None otherwise, or without a
        story.
        """
        if any(one.windows[window].section == "rising" for one in self.ranked(window)):
            return None
        return max((state.last_at for state in self.states.values() if state.told), default=None)

    def wider(self, window: str, limit: int) -> tuple[str, list[TopicSummary]]:
        """Return the next wider window with more people than usual on a topic, and its best topics; the last window if
        there is none.
        """
        while window in WIDER:
            window = WIDER[window]
            best = [one for one in self.ranked(window) if one.windows[window].level]
            if best:
                return window, best[:limit]
        return window, []

    def _drop(self, name: str) -> None:
        self.states.pop(name, None)
        self._summaries.pop(name, None)
        self._sparks.pop(name, None)


def _summary(
    state: TopicState, last: int, active: dict[str, int], line: StoryLine | None, *, stories: bool
) -> TopicSummary:
    info, counts = state.info, Counts(state.series)
    windows = {window: window_stats(state, window, last, active[window], counts, stories=stories) for window in WINDOWS}
    return TopicSummary(
        id=state.id,
        label=label_of(state)[:200],
        keywords=(info.keywords[:8] if info and info.keywords else [word for word, _ in state.words[:6]]),
        status=windows["24h"].badge,
        score=windows["24h"].trend,
        first_at=state.first_at,
        last_at=state.last_at,
        people=len(state.people),
        posts=sum(posts for posts, _ in state.series.values()),
        windows=windows,
        line=line,
        spark=hourly(state, last, SPARK_HOURS),
    )


def _is_listed(stats: WindowStats, sort: Sort) -> bool:
    return bool(stats.section) if sort == "trend" else stats.posts > 0


def _order(window: str, sort: Sort) -> Callable[[TopicSummary], tuple[Any, ...]]:
    def key(one: TopicSummary) -> tuple[Any, ...]:
        stats = one.windows[window]
        first: tuple[Any, ...] = {
            "trend": (stats.section == "rising", bool(stats.level), stats.trend if stats.level else stats.people),
            "people": (stats.people,),
            "posts": (stats.posts,),
            "latest": (one.last_at,),
        }[sort]
        return *first, stats.people, stats.posts, one.id

    return key
