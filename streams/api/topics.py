"""The topics now, one topic, its posts, and the series of the stream graph."""

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Request
from starlette.exceptions import HTTPException
from starlette.responses import Response

from models.digest.cited import told_in
from models.live.limits import BUCKET_SECONDS
from models.live.naming import label_of
from models.live.related import related
from models.live.trends import hour_starts, hourly
from streams.api import schemas
from streams.api.examples import ID as EXAMPLE_ID
from streams.api.openapi import answers
from streams.api.responses import respond, with_next
from streams.api.services import Services, Use
from streams.views.board import Sort, TopicSummary
from streams.views.items import search_words

router = APIRouter(prefix="/api", tags=["topics"])
Window = Annotated[
    Literal["1h", "6h", "24h", "7d"], Query(description="window, ending with the newest post", examples=["24h"])
]
TopicId = Annotated[
    str,
    Path(min_length=1, max_length=200, description="id of a topic, or of one merged into it", examples=[EXAMPLE_ID]),
]
Limit = Annotated[int, Query(ge=1, le=100, description="items on a page", examples=[20])]
Offset = Annotated[int, Query(ge=0, le=10_000, description="items before the page", examples=[0])]
SERIES_HOURS = 7 * 24
TOLD_WEEKS = 3  # digests in which a topic is looked for: what is live was in one of the last two weeks
WIDER_TOPICS = 5  # of a longer window, where nothing rises


@router.get("/topics", responses=answers(schemas.TopicPage), summary="What is being talked about")
async def list_topics(
    request: Request,
    use: Use,
    window: Window = "24h",
    sort: Annotated[Sort, Query(description="order of the topics", examples=["people"])] = "trend",
    q: Annotated[
        str, Query(max_length=200, description="only topics with all of these words", examples=["speech"])
    ] = "",
    limit: Limit = 50,
    offset: Offset = 0,
) -> Response:
    """What rises in the window, then what else is talked about. Single voices: in searches and other orders."""
    ranked = use.board.ranked(window, sort)
    ranks = {one.id: place for place, one in enumerate(ranked, start=1)}
    searched = bool(q.strip())
    quiet = None if searched or sort != "trend" else use.board.quiet_since(window)
    if searched and sort == "trend":
        ranked = [*ranked, *(one for one in use.board.ranked(window, "latest") if one.id not in ranks)]
        ranks = {one.id: place for place, one in enumerate(ranked, start=1)}
    found = await _search(use, ranked, q) if searched else ranked
    people, since = _kept(use)
    page = schemas.TopicPage(
        window=window,
        sort=sort,
        newest=use.board.newest,
        version=use.board.version or 0,
        posts=use.board.posts,
        people=people,
        since=since,
        total=len(found),
        items=[_ranked(use, one, window, ranks[one.id]) for one in found[offset : offset + limit]],
        quiet_since=quiet,
        wider=_wider(use, window) if quiet is not None else None,
    )
    return with_next(respond(request, page), request.url, offset=offset, limit=limit, total=len(found))


@router.get("/topics/{topic_id}", responses=answers(schemas.TopicDetail), summary="One topic")
async def show_topic(request: Request, use: Use, topic_id: TopicId) -> Response:
    """Posts, people, links, hours, lineage and relations. Merged and digest ids lead to the present topic."""
    current = await _current(use, topic_id)
    state = use.board.states.get(current)
    lineage = await use.views.history(current)
    posts, total = await use.views.posts(current, 20)
    active = [use.board.states[one.id] for one in use.board.ranked("7d")[:200]]
    near = related(state, active, 6) if state else []
    aliases = await use.views.aliases(current)
    detail = schemas.TopicDetail(
        id=current,
        topic=use.board.summary(current),
        label=label_of(state) if state else next((one.label for one in reversed(lineage) if one.label), current),
        aliases=aliases,
        people=await _people(use, current),
        links=await use.views.links(current, 20),
        posts=posts,
        posts_total=total,
        series=_series(use, current),
        newest=use.board.newest,
        digest=await _told(use, {current, *aliases}),
        lineage=lineage,
        related=[
            schemas.RelatedTopic(id=name, label=label_of(use.board.states[name]), similarity=nearness)
            for name, nearness in near
        ],
    )
    return respond(request, detail)


@router.get("/topics/{topic_id}/posts", responses=answers(schemas.PostPage), summary="A topic's posts")
async def list_posts(request: Request, use: Use, topic_id: TopicId, limit: Limit = 50, offset: Offset = 0) -> Response:
    """Newest first."""
    posts, total = await use.views.posts(await _current(use, topic_id), limit, offset)
    page = schemas.PostPage(total=total, items=posts)
    return with_next(respond(request, page), request.url, offset=offset, limit=limit, total=total)


@router.get("/series", responses=answers(schemas.SeriesSet), summary="Topics over time")
async def list_series(
    request: Request,
    use: Use,
    window: Window = "7d",
    hours: Annotated[int, Query(ge=6, le=336, description="length", examples=[48])] = SERIES_HOURS,
    limit: Annotated[int, Query(ge=1, le=30, description="topics: the most talked about", examples=[5])] = 10,
) -> Response:
    """Posts per hour of the topics with the most people in the window."""
    last = use.board.last_bucket
    chosen = use.board.ranked(window, "people")[:limit]
    items = [
        schemas.TopicSeries(id=one.id, label=one.label, posts=hourly(use.board.states[one.id], last, hours))
        for one in chosen
    ]
    return respond(request, schemas.SeriesSet(starts=hour_starts(last, hours) if chosen else [], items=items))


def _kept(use: Services) -> tuple[int, datetime | None]:
    """How many people wrote the posts of the view, and when these begin."""
    if use.kept is None or use.kept[0] != use.board.version:
        states = use.board.states.values()
        people = {author for state in states for author in state.people}
        first = min((bucket for state in states for bucket in state.series), default=None)
        since = None if first is None else datetime.fromtimestamp(first * BUCKET_SECONDS, UTC)
        use.kept = use.board.version, len(people), since
    return use.kept[1:]


def _ranked(use: Services, one: TopicSummary, window: str, rank: int) -> schemas.RankedTopic:
    stats = one.windows[window]
    spark = use.board.spark(one.id, window)
    return schemas.RankedTopic(rank=rank, section=stats.section, reason=stats.reason, spark=spark, topic=one)


def _wider(use: Services, window: str) -> schemas.WiderTopics | None:
    longer, items = use.board.wider(window, WIDER_TOPICS)
    if not items:
        return None
    return schemas.WiderTopics(
        window=longer, items=[_ranked(use, one, longer, rank) for rank, one in enumerate(items, start=1)]
    )


async def _search(use: Services, ranked: list[TopicSummary], query: str) -> list[TopicSummary]:
    """Topics with every word: the start of a word in label or keywords, or a whole word of a post."""
    words = search_words(query) or [query.strip().casefold()]
    found = ranked
    for word in words:
        in_posts = await use.views.with_word(word, [one.id for one in found])
        begins = re.compile(rf"(?<!\w){re.escape(word)}")
        found = [
            one for one in found if one.id in in_posts or begins.search(" ".join([one.label, *one.keywords]).casefold())
        ]
    return found


async def _current(use: Services, topic_id: str) -> str:
    current = await use.views.resolve(topic_id)
    if current is None:
        raise HTTPException(404, "no such topic, or it is too old")
    return current


async def _told(use: Services, ids: set[str]) -> schemas.TopicInDigest | None:
    """A topic and its section of a digest share an id since the alias event of that week."""
    for week in (await use.views.weeks())[:TOLD_WEEKS]:
        stored = await use.views.digest(week)
        for section, label, said in told_in(stored.digest) if stored else ():
            if section in ids:
                return schemas.TopicInDigest(week=week, section=section, label=label, text=said.text, posts=said.posts)
    return None


async def _people(use: Services, topic_id: str) -> list[schemas.TopicPerson]:
    state = use.board.states.get(topic_id)
    if state is None:
        return []
    top = sorted(state.people.items(), key=lambda pair: (-pair[1][0], pair[0]))[:50]
    names = await use.views.names([author for author, _ in top])
    return [
        schemas.TopicPerson(author_id=author, handle=handle, name=name, posts=posts)
        for author, (posts, _) in top
        for handle, name in [names.get(author, (author, author))]
    ]


def _series(use: Services, topic_id: str) -> schemas.HourlySeries | None:
    state, last = use.board.states.get(topic_id), use.board.last_bucket
    if state is None:
        return None
    age = timedelta(hours=1) + (use.board.newest or state.last_at) - state.first_at
    hours = max(24, min(336, int(age.total_seconds() // 3600) + 1))
    return schemas.HourlySeries(start=hour_starts(last, hours)[0], posts=hourly(state, last, hours))
