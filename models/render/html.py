"""The digest as one self-contained HTML page, as a mail, and as an Atom entry, all with the same body.

It also suits e-mail clients: one column in a table, inline styles, no script, no images, and colours that a dark scheme
overrides where the client supports it. Text by people has `dir="auto"`, so that its first letter decides its direction.
Jinja's autoescape is on for everything except the bars, which are made of numbers.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from models.render.sparkline import bars
from models.render.view import View

LONGEST_UNBROKEN = 24  # characters of a word; a longer one does not fit on a phone


@dataclass(frozen=True)
class Neighbours:
    """Navigation of a page that the service shows."""

    previous: str | None = None  # the week before, if it has a digest
    next: str | None = None  # the week after, if it has a digest
    canonical: str | None = None  # the page's public address
    base: str = ""  # path under which the service is


@dataclass(frozen=True)
class Unsubscribe:
    """Where the reader of a mail ends the subscription."""

    name: str
    url: str


def html_page(view: View, neighbours: Neighbours | None = None) -> str:
    """The page. `neighbours` is for a page that the service itself shows."""
    page = _environment().get_template("digest.html")
    return page.render(view=view, page="", online=None, nav=neighbours, preheader="", unsubscribe=None)


def mail_page(view: View, unsubscribe: Unsubscribe | None = None) -> str:
    """The mail. Its links lead to the digest's page, because anchors inside a mail do not work in many clients.

    The preheader, which clients show beside the subject, names the week's topics below the headline.
    """
    page = _environment().get_template("digest.html")
    preheader = " · ".join(line.text for line in view.overview[:4])
    return page.render(
        view=view, page=view.page, online=view.page, nav=None, preheader=preheader, unsubscribe=unsubscribe
    )


def atom_entry(view: View, made_at: datetime | None = None) -> str:
    """An Atom entry (RFC 4287) with the body as escaped HTML.

    Its `published` is the end of the week, and `updated` the time of the edition, so that readers notice a correction.
    """
    entry = _environment().get_template("entry.xml")
    updated = (made_at or view.end).isoformat()
    return entry.render(view=view, body=html_body(view), published=view.end.isoformat(), updated=updated)


def html_body(view: View) -> str:
    """Only the body, for feeds. The overview links to sections of the digest's page if its address is known."""
    body = _environment().get_template("body.html")
    return body.render(view=view, page=view.page, online=view.page, unsubscribe=None)


def unbroken(text: str) -> Markup:
    """Escape a text and keep short hyphenated words ("P-tuning", "GPT-4") on one line."""
    return Markup(" ").join(
        Markup('<span style="white-space:nowrap;">{}</span>').format(word)
        if "-" in word and len(word) <= LONGEST_UNBROKEN
        else escape(word)
        for word in text.split(" ")
    )


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
    environment.filters["unbroken"] = unbroken
    return environment
