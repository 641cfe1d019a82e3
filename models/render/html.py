"""The digest as one self-contained HTML page, and as an Atom entry that holds the same body.

Made for e-mail clients too: one column in a table, styles inline, no script, no image to load, colours that a dark
scheme overrides where the client supports it. Jinja's autoescape is on for everything; only the SVG of numbers is safe.
"""

from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined

from models.render.sparkline import svg
from models.render.view import View


def html_page(view: View) -> str:
    """The page."""
    return _environment().get_template("digest.html").render(view=view)


def atom_entry(view: View) -> str:
    """An Atom entry (RFC 4287) whose content is the body as escaped HTML; dated at the end of the week."""
    entry = _environment().get_template("entry.xml")
    return entry.render(view=view, body=html_body(view), updated=view.updated.isoformat())


def html_body(view: View) -> str:
    """The body alone, for feeds."""
    return _environment().get_template("body.html").render(view=view)


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
    environment.filters["svg"] = svg
    return environment
