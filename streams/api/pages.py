"""The dashboard's files and the login page."""

from importlib.resources import files
from urllib.parse import parse_qs, quote, urlencode

from fastapi import APIRouter, FastAPI, Request
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.staticfiles import StaticFiles

from streams.api.responses import REVALIDATE, respond
from streams.api.security import COOKIE, WrongTokens, client_of, is_page
from streams.api.services import Use

router = APIRouter(include_in_schema=False)
STATIC = files("streams.dashboard").joinpath("static")
MAX_FORM = 4_096
_SESSION_SECONDS = 30 * 86_400


class Assets(StaticFiles):
    """Static files that browsers revalidate every time, so that an update is visible at once."""

    async def get_response(self, path: str, scope: object) -> Response:
        """The file with our Cache-Control."""
        response = await super().get_response(path, scope)  # type: ignore[arg-type]  # Scope is a dict
        response.headers["Cache-Control"] = REVALIDATE
        return response


def mount_assets(app: FastAPI) -> None:
    """Serve `/static`."""
    app.mount("/static", Assets(directory=str(STATIC)), name="static")


@router.get("/")
async def dashboard(request: Request) -> Response:
    """The page. Its data come through the API."""
    return respond(request, STATIC.joinpath("index.html").read_bytes(), media_type="text/html; charset=utf-8")


@router.get("/login")
async def login_page() -> Response:
    """A form for the token."""
    return HTMLResponse(STATIC.joinpath("login.html").read_text("utf-8"), headers={"Cache-Control": "no-store"})


@router.post("/login")
async def login(request: Request, use: Use) -> Response:
    """Exchange the token for a cookie. Wrong tokens are limited, see `security.WrongTokens`."""
    wrong: WrongTokens = request.app.state.wrong_tokens
    client = client_of(request.scope)
    if not await wrong.are_allowed(client):
        raise HTTPException(429, "too many wrong tokens; wait a minute", headers={"Retry-After": "60"})
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_FORM:
            raise HTTPException(413, "the form is larger than a token")
    given = parse_qs(body.decode("utf-8", "replace")).get("token", [""])[0]
    wanted = request.query_params.get("next", "")
    token = None if use.tokens is None else use.tokens.bearer(given)
    if token is None:
        await wrong.count(client)
        again = "&" + urlencode({"next": wanted}) if is_page(wanted) else ""
        return RedirectResponse("/login?wrong" + again, 303)
    response = RedirectResponse(quote(wanted, safe="/%?=&:@+~-._") if is_page(wanted) else "/", 303)
    secure = request.url.scheme == "https"
    response.set_cookie(
        COOKIE, token.session, max_age=_SESSION_SECONDS, httponly=True, samesite="strict", secure=secure
    )
    return response
