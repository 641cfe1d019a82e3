"""One `Digest`, many forms, all from the same view of it.

    markdown | html | text | atom (one entry, its content the HTML) | json (the event itself, canonical)

Everything in a digest stems from posts and is hostile until escaped here: Markdown and HTML markup, control and
direction characters, links that are not http. Output never depends on a clock or on a locale.
"""

from typing import Literal

from models.events import Digest
from models.render.edition import UNPUBLISHED, Edition

Form = Literal["markdown", "html", "json", "text", "atom"]
MEDIA_TYPES: dict[Form, str] = {
    "markdown": "text/markdown; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "json": "application/json",
    "text": "text/plain; charset=utf-8",
    "atom": "application/atom+xml; charset=utf-8",
}


def render(digest: Digest, form: Form, edition: Edition = UNPUBLISHED) -> str:
    """`digest` in one of the forms; raises ValueError for another name.

    `edition`: what its value does not say, such as the address under which readers reach the service.
    """
    # imported here: the templates' library is only for those who need HTML
    if form == "json":
        from models.events.wire import encode

        return encode(digest).decode("utf-8") + "\n"
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
