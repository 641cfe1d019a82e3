"""The digest as one self-contained HTML page, and as an Atom entry that holds the same body.

Made for e-mail clients too: one column in a table, styles inline, no script, no image to load, colours that a dark
scheme overrides where the client supports it. Jinja's autoescape is on for everything but the bars, made of numbers.
"""

from datetime import datetime
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined

from models.render.sparkline import bars
from models.render.view import View


def html_page(view: View) -> str:
    """The page."""
    return _environment().get_template("digest.html").render(view=view, page="")


def atom_entry(view: View, made_at: datetime | None = None) -> str:
    """An Atom entry (RFC 4287) whose content is the body as escaped HTML; published at the end of the week, and
    updated when it was made, so that a reader sees a correction."""
    entry = _environment().get_template("entry.xml")
    updated = (made_at or view.end).isoformat()
    return entry.render(view=view, body=html_body(view), published=view.end.isoformat(), updated=updated)


def html_body(view: View, page: str = "") -> str:
    """The body alone, for feeds; `page`: the address of the whole, for links from the overview to its sections."""
    return _environment().get_template("body.html").render(view=view, page=page)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("models.render"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["bars"] = bars
    return environment
