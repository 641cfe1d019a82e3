"""Checks before every request, from the outside in: headers, whose token it has, rate, token or host, audit.

Plain ASGI, so that streams pass unbuffered. Tokens are compared in constant time and never logged. A browser exchanges
one for a cookie that contains a keyed hash of it. Without any token the service answers only requests that name this
machine: a web page that rebinds its DNS name to 127.0.0.1 is refused.
"""

import ipaddress
import re
from http.cookies import CookieError, SimpleCookie
from typing import Final
from urllib.parse import parse_qs, urlencode

from limits import RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from streams.api.problems import problem
from streams.api.tokens import Token, Tokens
from streams.delivery.feed_key import FeedKey
from streams.system.logs import get_logger

log = get_logger(__name__)
COOKIE: Final = "toptopics"
TOKEN: Final = "toptopics.token"  # noqa: S105 (a key of the scope of a request: its `Token`, or None)
BASE: Final = "toptopics.base"  # a key of the scope of a request: what stood before its path, of a community
READING: Final = frozenset({"GET", "HEAD", "OPTIONS"})
EVERYBODY: Final = "*"  # key of a limit for all clients together
_HOST = re.compile(
    r"(?:\[(?P<address>[0-9A-Fa-f:.%]+)\]|(?P<name>[^\[\]:/@]+))(?::\d{1,5})?|(?P<bare>[0-9A-Fa-f]*(?::[0-9A-Fa-f.]*){2,8})"
)
PAGE_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; frame-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
# a rendered digest: no scripts, shown in our frame, which may read its height
DIGEST_POLICY: Final = (
    "sandbox allow-same-origin allow-popups allow-popups-to-escape-sandbox; default-src 'none'; "
    "style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)
HEADERS: Final = {
    "Content-Security-Policy": PAGE_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
# used before a login, and by supervisors
OPEN_PATHS: Final = frozenset({"/healthz", "/readyz", "/login", "/static/style.css", "/static/icon.svg"})
FEED_PATHS: Final = frozenset({"/feed.atom", "/feed.json"})


class SecurityHeaders:
    """Adds the headers above to every answer that does not set its own."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, with_headers)


class LoopbackHostOnly:
    """Used without a token: accepts only requests whose Host names this machine."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] == "http" and not is_loopback(host_name(Headers(scope=scope).get("host", ""))):
            answer = problem(421, "this service answers to localhost only; set TOPTOPICS_API_TOKEN to serve others")
            await answer(scope, receive, send)
            return
        await self._app(scope, receive, send)


class Identify:
    """Finds the token of a request, for the checks behind it; None for no known one."""

    def __init__(self, app: ASGIApp, *, tokens: Tokens) -> None:
        self._app = app
        self._tokens = tokens

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] == "http":
            scope[TOKEN] = self._known(Headers(scope=scope))
        await self._app(scope, receive, send)

    def _known(self, headers: Headers) -> Token | None:
        scheme, _, given = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":  # a header's bytes come as latin-1, and a token is UTF-8
            return self._tokens.bearer(given.strip().encode("latin-1").decode("utf-8", "surrogateescape"))
        try:
            cookie = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
        except CookieError:
            return None
        return None if cookie is None else self._tokens.session(cookie.value)


class Audit:
    """Logs every request that may change something: by whom, what, and what became of it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http" or scope["method"] in READING or scope["path"] == "/login":
            await self._app(scope, receive, send)
            return
        token: Token | None = scope.get(TOKEN)

        async def logging(message: Message) -> None:
            if message["type"] == "http.response.start":
                log.info(
                    "audit: change requested",
                    token=token and token.name,
                    client=client_of(scope),
                    method=scope["method"],
                    path=scope.get(BASE, "") + scope["path"],
                    status=message["status"],
                )
            await send(message)

        await self._app(scope, receive, logging)


class RateLimit:
    """Limits the requests per minute and token, or without one per client address. /healthz is free for supervisors."""

    def __init__(self, app: ASGIApp, *, per_minute: int) -> None:
        self._app = app
        self._per_minute = per_minute
        self._limiter = SlidingWindowCounterRateLimiter(MemoryStorage())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        free = scope["type"] != "http" or scope["path"] == "/healthz"
        token: Token | None = scope.get(TOKEN)
        limit = RateLimitItemPerMinute((token and token.per_minute) or self._per_minute)
        who = ("token", token.name) if token else ("client", client_of(scope))
        if free or await self._limiter.hit(limit, *who):
            await self._app(scope, receive, send)
            return
        answer = problem(
            429,
            f"more than {limit.amount} requests in a minute; wait and try again",
            headers={"Retry-After": "10"},
        )
        await answer(scope, receive, send)


class WrongTokens:
    """Limits wrong guesses at the login form: per client address, and in total.

    The limit of all requests is too high for guesses. Right tokens are not counted, so nobody is locked out by own
    logins. A person who shares an address with a guesser waits for a minute.
    """

    def __init__(self, *, per_client: int, in_total: int) -> None:
        self._per_client = RateLimitItemPerMinute(per_client)
        self._in_total = RateLimitItemPerMinute(in_total)
        self._limiter = SlidingWindowCounterRateLimiter(MemoryStorage())

    async def are_allowed(self, client: str) -> bool:
        """Whether this client may still guess."""
        limiter = self._limiter
        return await limiter.test(self._per_client, client) and await limiter.test(self._in_total, EVERYBODY)

    async def count(self, client: str) -> None:
        """Count one wrong guess."""
        await self._limiter.hit(self._per_client, client)
        await self._limiter.hit(self._in_total, EVERYBODY)


class TokenAuth:
    """Accepts `Authorization: Bearer TOKEN` or the cookie from /login. Pages redirect to /login.

    Args:
        app: What is behind it.
        feed_key: Opens the feeds.
        changes: Whether other methods than GET change something, and need an admin's token.
    """

    def __init__(self, app: ASGIApp, *, feed_key: FeedKey, changes: bool = True) -> None:
        self._app = app
        self._feed_key = feed_key
        self._changes = changes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http" or self._is_open(scope):
            await self._app(scope, receive, send)
            return
        token: Token | None = scope[TOKEN]
        if token is not None:
            if self._changes and token.role == "read" and scope["method"] not in READING:
                log.warning("audit: change refused", token=token.name, method=scope["method"], path=scope["path"])
                detail = f"the token {token.name!r} is for reading; a change needs one with the role admin"
                answer = problem(403, detail)
                await answer(scope, receive, send)
                return
            await self._app(scope, receive, send)
            return
        if scope["method"] in {"GET", "HEAD"} and is_page(scope["path"]):
            wanted = scope["path"] + ("?" + scope["query_string"].decode("latin-1") if scope["query_string"] else "")
            to = f"/login?{urlencode({'next': wanted})}" if wanted != "/" else "/login"
            answer = problem(303, "log in first", headers={"Location": to})
        else:
            answer = problem(
                401,
                "a token is needed: send Authorization: Bearer TOKEN, or log in at /login",
                headers={"WWW-Authenticate": "Bearer"},
            )
        await answer(scope, receive, send)

    def _is_open(self, scope: Scope) -> bool:
        """What needs no token: the links to unsubscribe have a key of their own, and so have the feeds."""
        path = scope["path"]
        if path in FEED_PATHS:
            given = parse_qs(scope["query_string"].decode("latin-1")).get("key", [""])[0]
            return bool(given) and self._feed_key.opens(given)
        return path in OPEN_PATHS or path.startswith("/unsubscribe/")


def is_page(path: str) -> bool:
    """Whether people open it: what digests, mails and chats link to."""
    return path == "/" or path.startswith(("/posts/", "/topics/", "/digests/"))


def client_of(scope: Scope) -> str:
    """The connecting address. Forwarding headers are not trusted: anyone can send them."""
    client = scope.get("client")
    return str(client[0]) if client else "unknown"


def host_name(host: str) -> str:
    """The name in a Host header, without port and brackets; empty for anything else, such as "[::1].example"."""
    found = _HOST.fullmatch(host)
    return (found["address"] or found["name"] or found["bare"]) if found else ""


def is_loopback(name: str) -> bool:
    """Whether `name` means this machine only."""
    if name.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
