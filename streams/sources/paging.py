"""Limits for a platform's pages: each page is requested once, because it may be billed, and reading ends."""

import structlog

EMPTY_PAGES = 10  # in a row: filters leave some pages empty, an endless list leaves all of them empty
MOST_PAGES = 1_000
log = structlog.get_logger(__name__)


class Pages:
    """Decides after each page whether to request the next one; `what` names the list in the log."""

    def __init__(self, what: str, *, most: int = MOST_PAGES) -> None:
        self._what = what
        self._most = most
        self._tokens: set[str] = set()
        self._empty = 0

    def goes_on(self, token: object, entries: int) -> bool:
        """Whether to request the next page. `token` identifies it, `entries` is the number of entries on this page."""
        if not isinstance(token, str | int) or isinstance(token, bool) or not token:
            return False
        self._empty = 0 if entries else self._empty + 1
        reason = self._reason(str(token))
        self._tokens.add(str(token))
        if reason:
            log.warning("paging stopped before the last page", what=self._what, reason=reason, pages=len(self._tokens))
        return not reason

    def _reason(self, token: str) -> str:
        if token in self._tokens:
            return "the platform repeats a page"
        if self._empty >= EMPTY_PAGES:
            return f"{EMPTY_PAGES} empty pages in a row"
        return f"more than {self._most} pages" if len(self._tokens) + 1 >= self._most else ""
