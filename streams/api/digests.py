"""The archive of digests, and one digest as a page."""

from typing import Annotated

from fastapi import APIRouter, Path, Request
from starlette.exceptions import HTTPException
from starlette.responses import Response

from models.digest.between_weeks import between
from models.editing.edition import applied
from models.editing.shown import edited_view
from models.events import EditedDigest
from models.live.state import StoredDigest
from models.render import render
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
    items = [_entry(one, await use.views.edition(one.digest.week)) for one in stored if one is not None]
    page = schemas.DigestPage(total=len(weeks), items=items, due_at=use.due_at())
    return with_next(respond(request, page), request.url, offset=offset, limit=limit, total=len(weeks))


@router.get("/api/digests/{week}", responses=answers(schemas.DigestDetail), summary="One digest")
async def show_digest(request: Request, use: Use, week: WeekName) -> Response:
    """The whole digest, with the sources of every sentence."""
    stored = await stored_digest(use, week)
    detail = schemas.DigestDetail(digest=stored.digest, headers=stored.headers)
    return respond(request, detail, cache=SETTLED)


@router.get("/api/digests/{week}/edited", responses=answers(schemas.EditedDetail), summary="A digest, edited")
async def show_edited(request: Request, use: Use, week: WeekName) -> Response:
    """As a language model wrote it, held to the posts. 404 without a model."""
    stored, edited = await _edited(use, week)
    detail = schemas.EditedDetail(
        digest=applied(stored.digest, edited), model=edited.model, proposed=edited.proposed, accepted=edited.accepted
    )
    return respond(request, detail, cache=SETTLED)


@router.get("/api/digests/{week}/changes", responses=answers(schemas.WeekChanges), summary="What a week changed")
async def show_changes(request: Request, use: Use, week: WeekName) -> Response:
    """Stories that are new, grew, shrank or are gone, against the digest before. 404 for the first one."""
    after = await stored_digest(use, week)
    earlier = [name for name in await use.views.weeks() if name < week]
    if not earlier:
        raise HTTPException(404, "there is no digest before this one")
    before = await stored_digest(use, max(earlier))
    found = schemas.WeekChanges(week=week, before=before.digest.week, changes=between(before.digest, after.digest))
    return respond(request, found, cache=SETTLED)


@router.get("/digests/{week}.md", include_in_schema=False)
async def read_markdown(request: Request, use: Use, week: WeekName) -> Response:
    """As Markdown, with whole addresses: to paste somewhere else."""
    stored = await stored_digest(use, week)
    text = render(stored.digest, "markdown", DigestHeaders(stored.headers).edition(use.address(request)))
    return respond(request, text.encode(), media_type="text/markdown; charset=utf-8")


@router.get("/digests/{week}", include_in_schema=False)
async def read_digest(request: Request, use: Use, week: WeekName, edited: bool = False) -> Response:
    """The digest as a static HTML page that cannot run scripts; edited: with the sentences of a language model."""
    from models.render.html import Neighbours, html_page  # only this route needs jinja2 and the templates

    stored = await stored_digest(use, week)
    weeks = sorted(await use.views.weeks())
    place = weeks.index(week) if week in weeks else len(weeks)
    neighbours = Neighbours(
        previous=weeks[place - 1] if place else None,
        next=weeks[place + 1] if place + 1 < len(weeks) else None,
        canonical=f"{use.public_url}/digests/{week}" if use.public_url else None,
        base=use.base,
    )
    edition = (await _edited(use, week))[1] if edited else None
    html = html_page(edited_view(stored.digest, edition, DigestHeaders(stored.headers).edition(use.base)), neighbours)
    response = respond(request, html.encode(), media_type="text/html; charset=utf-8")
    response.headers["Content-Security-Policy"] = DIGEST_POLICY
    response.headers["X-Frame-Options"] = "SAMEORIGIN"
    return response


async def stored_digest(use: Services, week: str) -> StoredDigest:
    """Raises HTTPException 404 when there is none."""
    stored = await use.views.digest(week)
    if stored is None:
        raise HTTPException(404, "there is no digest of that week")
    return stored


async def _edited(use: Services, week: str) -> tuple[StoredDigest, EditedDigest]:
    """Raises HTTPException 404 when there is none."""
    stored, edited = await stored_digest(use, week), await use.views.edition(week)
    if edited is None:
        raise HTTPException(404, "no language model has edited this digest")
    return stored, edited


def _entry(stored: StoredDigest, edited: EditedDigest | None) -> schemas.DigestEntry:
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
        edited=edited.model if edited else "",
    )
