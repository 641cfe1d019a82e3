"""Following a platform's pages to their end, and to an end: each one is asked for, and may be billed, once."""

import structlog

EMPTY_PAGES = 10  # in a row: filters leave some pages empty, an endless list all of them
MOST_PAGES = 1_000
log = structlog.get_logger(__name__)


class Pages:
    """Decides after each page whether another one is asked for; `what` names the list in the log."""

    def __init__(self, what: str, *, most: int = MOST_PAGES) -> None:
        self._what = what
        self._most = most
        self._tokens: set[str] = set()
        self._empty = 0

    def goes_on(self, token: object, entries: int) -> bool:
        """Whether there is a next page: `token` names it, `entries` were on this one."""
        if not isinstance(token, str | int) or isinstance(token, bool) or not token:
            return False
        self._empty = 0 if entries else self._empty + 1
        reason = self._reason(str(token))
        self._tokens.add(str(token))
        if reason:
            log.warning("paging ended early", what=self._what, reason=reason, pages=len(self._tokens))
        return not reason

    def _reason(self, token: str) -> str:
        if token in self._tokens:
            return "the platform repeats a page"
        if self._empty >= EMPTY_PAGES:
            return f"{EMPTY_PAGES} empty pages in a row"
        return f"more than {self._most} pages" if len(self._tokens) + 1 >= self._most else ""
