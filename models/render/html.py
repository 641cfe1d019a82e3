"""The digest as one self-contained HTML page, as a mail, and as an Atom entry: all of them have the same body.

Made for e-mail clients too: one column in a table, styles inline, no script, no image to load, colours that a dark
scheme overrides where the client supports it. Jinja's autoescape is on for everything but the bars, made of numbers.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from models.render.sparkline import bars
from models.render.view import View

LONGEST_UNBROKEN = 24  # characters of a word; a longer one would not fit a phone


@dataclass(frozen=True)
class Neighbours:
    """What stands above the page of a service: the weeks before and after, where there are digests of them."""

    previous: str | None = None
    next: str | None = None
    canonical: str | None = None  # the page's address for everybody


@dataclass(frozen=True)
class Unsubscribe:
    """Where a mail's reader ends the subscription."""

    name: str
    url: str


def html_page(view: View, neighbours: Neighbours | None = None) -> str:
    """The page; `neighbours`: of a page that the service itself shows."""
    page = _environment().get_template("digest.html")
    return page.render(view=view, page="", online=None, nav=neighbours, preheader="", unsubscribe=None)


def mail_page(view: View, unsubscribe: Unsubscribe | None = None) -> str:
    """The mail: links lead to the digest's page, since an anchor inside a mail leads nowhere in many clients.

    The preheader, which clients show beside the subject, says what the week was about below the headline.
    """
    page = _environment().get_template("digest.html")
    preheader = " · ".join(line.text for line in view.overview[:4])
    return page.render(
        view=view, page=view.page, online=view.page, nav=None, preheader=preheader, unsubscribe=unsubscribe
    )


def atom_entry(view: View, made_at: datetime | None = None) -> str:
    """An Atom entry (RFC 4287) whose content is the body as escaped HTML; published at the end of the week, and
    updated when it was made, so that a reader sees a correction."""
    entry = _environment().get_template("entry.xml")
    updated = (made_at or view.end).isoformat()
    return entry.render(view=view, body=html_body(view), published=view.end.isoformat(), updated=updated)


def html_body(view: View) -> str:
    """The body alone, for feeds; the overview leads to sections of the digest's page where its address is known."""
    body = _environment().get_template("body.html")
    return body.render(view=view, page=view.page, online=view.page, unsubscribe=None)


def unbroken(text: str) -> Markup:
    """Escaped, its short hyphenated words ("P-tuning", "GPT-4") kept on one line."""
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
