"""Evidence: one post, the posts behind a section of a digest, and their permanent addresses.

Digests, mails, feeds and chats contain `/posts/ID`, `/topics/ID` and `/digests/WEEK/posts/SECTION`. They lead to the
dashboard, which shows the same evidence whatever has happened to the topic.
"""

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Path, Query, Request
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from models.digest.cited import section_posts
from models.live.naming import label_of
from streams.api import schemas
from streams.api.digests import WeekName, stored_digest
from streams.api.examples import DIGEST, POST
from streams.api.openapi import answers
from streams.api.responses import respond
from streams.api.services import Use

router = APIRouter(tags=["posts"])
LONGEST_ID = 600
PostId = Annotated[str, Path(min_length=1, max_length=LONGEST_ID, description="a post's id", examples=[POST.id])]
Section = Annotated[
    str,
    Path(
        min_length=1,
        max_length=200,
        description='id of a section, or of a line of a list or "In brief"',
        examples=[DIGEST.topics[0].id],
    ),
]


@router.get("/api/posts/{post_id:path}", responses=answers(schemas.PostDetail), summary="One post")
async def show_post(request: Request, use: Use, post_id: PostId) -> Response:
    """404 for a deleted post and for one that is too old."""
    found = (await use.views.found([post_id])).get(post_id)
    if found is None:
        raise HTTPException(404, "this post is not kept here: its author deleted it, or it is too old")
    state = use.board.states.get(found.topic_id)
    label = label_of(state) if state else ""
    return respond(request, schemas.PostDetail(post=found.post, topic_id=found.topic_id, label=label))


@router.get(
    "/api/digests/{week}/posts/{section}",
    responses=answers(schemas.CitedPosts),
    summary="Posts behind a section of a digest",
)
async def list_cited(request: Request, use: Use, week: WeekName, section: Section) -> Response:
    """The posts that are still stored, in the order of `ids`."""
    ids = section_posts((await stored_digest(use, week)).digest, section)
    if ids is None:
        raise HTTPException(404, "this digest has no such section; a correction may have taken it out")
    found = await use.views.found(ids)
    kept = [found[post_id].post for post_id in ids if post_id in found]
    return respond(request, schemas.CitedPosts(week=week, section=section, ids=ids, items=kept))


@router.get("/posts/{post_id:path}", include_in_schema=False)
async def read_post(post_id: PostId, week: Annotated[str | None, Query(pattern=r"^\d{4}-W\d{2}$")] = None) -> Response:
    """`week` is that of the linking digest, which has some of the post's data when the post itself is gone."""
    return _shown(f"/posts/{quote(post_id, safe='')}" + (f"?week={week}" if week else ""))


@router.get("/topics/{topic_id}", include_in_schema=False)
async def read_topic(topic_id: Section) -> Response:
    """A live topic, by any of its ids."""
    return _shown(f"/topics/{quote(topic_id, safe='')}")


@router.get("/digests/{week}/posts/{section}", include_in_schema=False)
async def read_cited(
    week: WeekName, section: Section, of: Annotated[int | None, Query(ge=1, le=1_000)] = None
) -> Response:
    """`of` is the number of one paragraph of the section, from 1."""
    return _shown(f"/digests/{week}/posts/{quote(section, safe='')}" + (f"?of={of}" if of else ""))


def _shown(route: str) -> Response:
    """Redirect to the dashboard's view."""
    return RedirectResponse(f"/#{route}", 303)
