"""A blog with an Atom feed that supports validators."""

import hashlib
import html
import time

from aiohttp import web

from tests.support.source_servers.hosting import Faults, Stop, answered, serve_app


class Blog:
    """`write` and `change` edit the feed. Faults: "503", "429" (Retry-After 1), "cut" (half of the document), "drop"
    (closed in the middle), "twice" (every entry twice).
    """

    def __init__(self, *faults: str) -> None:
        self.faults = Faults(*faults)
        self.entries: dict[str, tuple[str, str, str]] = {}
        self.unchanged = 0

    def write(self, title: str, content: str) -> str:
        """Add an entry and return its id."""
        own = f"tag:blog.test,2026:{len(self.entries)}"
        self.entries[own] = (title, content, time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()))
        return own

    def change(self, own: str, content: str) -> None:
        title, _content, when = self.entries[own]
        self.entries[own] = (title, content, when)

    def date(self, own: str, when: str) -> None:
        """Set the time of an entry; "" for none."""
        title, content, _when = self.entries[own]
        self.entries[own] = (title, content, when)

    async def start(self) -> tuple[int, Stop]:
        app = web.Application()
        app.add_routes([web.get("/feed.xml", self._feed), web.get("/old.xml", self._moved)])
        return await serve_app(app)

    def document(self) -> str:
        entries = "".join(
            f"<entry><id>{own}</id><title>{html.escape(title)}</title><link href='https://blog.test/{number}'/>"
            f"{f'<published>{when}</published><updated>{when}</updated>' if when else ''}"
            f"<content type='html'>{html.escape(content)}</content></entry>"
            for number, (own, (title, content, when)) in enumerate(self.entries.items())
        )
        return (
            "<?xml version='1.0' encoding='utf-8'?><feed xmlns='http://www.w3.org/2005/Atom' xml:lang='en'>"
            f"<title>A blog</title><id>tag:blog.test</id>{entries}</feed>"
        )

    async def _feed(self, request: web.Request) -> web.StreamResponse:
        fault = self.faults.next()
        if fault == "503":
            return web.Response(status=503)
        if fault == "429":
            return web.Response(status=429, headers={"Retry-After": "1"})
        document = self.document()
        etag = hashlib.sha256(document.encode()).hexdigest()[:16]
        if request.headers.get("If-None-Match") == f'"{etag}"':
            self.unchanged += 1
            return web.Response(status=304)
        if fault == "twice":
            start, end = document.find("<entry>"), document.rfind("</feed>")
            document = document[:end] + document[start:end] + "</feed>"
        response = await answered(request, document.encode(), "application/atom+xml", fault)
        if not fault:
            response.headers["ETag"] = f'"{etag}"'
        return response

    async def _moved(self, _request: web.Request) -> web.Response:
        raise web.HTTPMovedPermanently("/feed.xml")
