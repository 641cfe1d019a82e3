"""The files of the dashboard: what they explain, and how much a reader's first visit loads."""

from importlib.resources import files
from typing import get_args

from models.live.trends import Badge

STATIC = files("streams.dashboard") / "static"
MOST = 300_000  # bytes, before any compression


def test_every_badge_is_explained() -> None:
    """Under the question mark of the page."""
    page = (STATIC / "index.html").read_text(encoding="utf-8")
    assert [badge for badge in get_args(Badge) if badge and f"<dt>{badge}</dt>" not in page] == []


def test_the_first_visit_is_small() -> None:
    """Every script, style and picture together."""
    assert sum(len(file.read_bytes()) for file in STATIC.iterdir() if file.is_file()) < MOST
