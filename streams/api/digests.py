"""The archive of digests, and a digest as a page of its own."""

from typing import Annotated

from fastapi import APIRouter, Path, Request
from starlette.exceptions import HTTPException
from starlette.responses import Response

from models.live.state import StoredDigest
from streams.api import schemas
from streams.api.openapi import answers
from streams.api.responses import SETTLED, respond, with_next
from streams.api.security import DIGEST_POLICY
from streams.api.services import Services, Use
from streams.api.topics import Limit, Offset
from streams.views.digests import DigestHeaders

router = APIRouter(tags=["digests"])
WeekName = Annotated[str, Path(pattern=r"^\d{4}-W\d{2}$", description="an ISO week", examples=["2021-W11"])]


@router.get("/api/digests", responses=answers(schemas.DigestPage), summary="All digests")
async def list_digests(request: Request, use: Use, limit: Limit = 20, offset: Offset = 0) -> Response:
    """Newest first."""
    weeks = await use.views.weeks()
    stored = [await use.views.digest(week) for week in weeks[offset : offset + limit]]
    page = schemas.DigestPage(total=len(weeks), items=[_entry(one) for one in stored if one is not None])
    return with_next(respond(request, page), request.url, offset=offset, limit=limit, total=len(weeks))


@router.get("/api/digests/{week}", responses=answers(schemas.DigestDetail), summary="One digest")
async def show_digest(request: Request, use: Use, week: WeekName) -> Response:
    """The whole of it, with where every sentence comes from."""
    stored = await _stored(use, week)
    detail = schemas.DigestDetail(digest=stored.digest, headers=stored.headers)
    return respond(request, detail, cache=SETTLED)


@router.get("/digests/{week}", include_in_schema=False)
async def read_digest(request: Request, use: Use, week: WeekName) -> Response:
    """As a page to read: static HTML, and no script can run in it."""
    from models.render import render  # jinja2 and its templates are needed here only

    stored = await _stored(use, week)
    html = render(stored.digest, "html")
    response = respond(request, html.encode(), media_type="text/html; charset=utf-8")
    response.headers["Content-Security-Policy"] = DIGEST_POLICY
    response.headers["X-Frame-Options"] = "SAMEORIGIN"
    return response


async def _stored(use: Services, week: str) -> StoredDigest:
    stored = await use.views.digest(week)
    if stored is None:
        raise HTTPException(404, "there is no digest of that week")
    return stored


def _entry(stored: StoredDigest) -> schemas.DigestEntry:
    digest = stored.digest
    return schemas.DigestEntry(
        week=digest.week,
        start=digest.start,
        end=digest.end,
        headline=digest.headline.text,
        topics=[topic.label for topic in digest.topics],
        posts=digest.statistics.posts,
        people=digest.statistics.people,
        revision=DigestHeaders(stored.headers).revision,
        briefs=len(digest.briefs),
    )
