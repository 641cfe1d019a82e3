"""The forms of a `Digest`, all made from the same view of it.

    markdown | html | text | atom (one entry with the HTML as content) | json (the canonical event)
        | csv (one row a section, paragraph or line)

Every text in a digest comes from posts and is hostile until it is escaped here: Markdown and HTML markup, control and
direction characters, links other than http. The output does not depend on a clock or a locale.
"""

from typing import Literal

from models.events import Digest
from models.render.edition import UNPUBLISHED, Edition

Form = Literal["markdown", "html", "json", "text", "atom", "csv"]
MEDIA_TYPES: dict[Form, str] = {
    "markdown": "text/markdown; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "json": "application/json",
    "text": "text/plain; charset=utf-8",
    "atom": "application/atom+xml; charset=utf-8",
    "csv": "text/csv; charset=utf-8",
}


def render(digest: Digest, form: Form, edition: Edition = UNPUBLISHED) -> str:
    """Render a digest.

    Args:
        digest: The digest.
        form: Name of the form.
        edition: Facts outside its value, such as the address of the service.

    Raises:
        ValueError: The form is unknown.
    """
    # imported here: only HTML needs the library of the templates
    if form == "json":
        from models.events.wire import encode

        return encode(digest).decode("utf-8") + "\n"
    if form == "csv":
        from models.render.tables import csv_text, digest_rows

        return csv_text(digest_rows(digest, edition.base))
    from models.render.view import view

    shown = view(digest, edition)
    if form == "markdown":
        from models.render.markdown import markdown

        return markdown(shown)
    if form == "text":
        from models.render.plain_text import plain_text

        return plain_text(shown)
    if form == "html":
        from models.render.html import html_page

        return html_page(shown)
    if form == "atom":
        from models.render.html import atom_entry

        return atom_entry(shown, edition.made_at)
    raise ValueError(f"unknown form {form!r}; known: {', '.join(MEDIA_TYPES)}")
