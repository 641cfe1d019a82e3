"""The digest as CommonMark that is also readable without rendering."""

import re
from collections.abc import Sequence

from models.render.sparkline import sparkline
from models.render.view import LinkView, Paragraph, TopicView, View

_MARKUP = re.compile(r"([\\`*_\[\]|~$])")
_OPENS_BLOCK = re.compile(r"^(\s*)([#+>=-]|\d+(?=[.)]))")
_CLOSES_HEADING = re.compile(r"(?<=\s)(#+)$")
_ENTITY = re.compile(r"&(?=#?\w+;)")
_AUTOLINK = re.compile(r"\b(https?|ftp|mailto|xmpp):", re.IGNORECASE)
_WWW = re.compile(r"\bwww\.", re.IGNORECASE)


def escape(text: str) -> str:
    """Escape `text` so that CommonMark and GitHub show it unchanged: no markup, HTML, entity or automatic link."""
    text = _ENTITY.sub("&amp;", " ".join(text.split()))
    text = _MARKUP.sub(r"\\\1", text).replace("<", "&lt;").replace(">", "&gt;")
    text = _WWW.sub(lambda match: match[0][:-1] + "&#46;", _AUTOLINK.sub(r"\1&#58;", text))
    text = _CLOSES_HEADING.sub(r"\\\1", text)
    return _OPENS_BLOCK.sub(r"\1\\\2", text) if not text[:1].isdigit() else re.sub(r"^(\d+)([.)])", r"\1\\\2", text)


def link(target: LinkView) -> str:
    """An inline link, or only its text. Characters that would end the link are percent-encoded."""
    if target.url is None:
        return escape(target.text)
    url = target.url.replace("(", "%28").replace(")", "%29").replace("\\", "%5C").replace(" ", "%20")
    return f"[{escape(target.text)}]({url.replace('<', '%3C').replace('>', '%3E')})"


def markdown(view: View) -> str:
    """The whole digest, ending with a newline."""
    lines = [f"# {escape(view.title)}", ""]
    if view.notice:
        lines += [f"*{escape(view.notice)}*", ""]
    lines += [f"**{escape(view.headline)}**{_evidence(view.headline_evidence)}", ""]
    if view.page:
        lines += [link(LinkView("Read online", view.page)), ""]
    if view.overview:
        lines += ["## This week", "", *[f"- {escape(line.text)}" for line in view.overview], ""]
    for topic in view.topics:
        lines += _section(topic)
    if view.briefs:
        lines += ["## In brief", "", *[f"- {_paragraph(brief)}" for brief in view.briefs], ""]
    if view.faded:
        lines += ["## Gone quiet", "", *[f"- {escape(line)}" for line in view.faded], ""]
    lines += ["## About this digest", "", *[f"- {escape(line)}" for line in view.numbers], ""]
    lines += [f"*{escape(view.week)}, made by machine from {escape(view.made_from)}. Quotations are verbatim.*", ""]
    return "\n".join(lines)


def _section(topic: TopicView) -> list[str]:
    picture = f"{sparkline(topic.series)} " if topic.series is not None else ""
    status = f"{escape(topic.status)} · " if topic.status else ""
    lines = [
        f"## {escape(topic.label)}",
        "",
        f"{picture}*{status}{link(topic.facts)}*",
        "",
        _paragraph(topic.summary),
        "",
    ]
    if topic.change:
        lines += [f"*Since last week:* {escape(topic.change)}", ""]
    lines += [f"- {_paragraph(paragraph)}" for paragraph in topic.paragraphs]
    return [*lines, ""] if topic.paragraphs else lines


def _paragraph(paragraph: Paragraph) -> str:
    text = escape(paragraph.before)
    if paragraph.title is not None:
        text += link(paragraph.title)
    text += escape(paragraph.after)
    if paragraph.site:
        text += f" ({escape(paragraph.site)})"
    if paragraph.quotation is not None:
        text += f"{': ' if text else ''}“{link(paragraph.quotation)}”"
    if paragraph.link is not None:
        text += f" ({link(paragraph.link)})"
    if paragraph.names:
        text += f" – {escape(paragraph.names)}"
    text += _evidence(paragraph.evidence)
    return text + (f" *+ {link(paragraph.note)}*" if paragraph.note else "")


def _evidence(evidence: Sequence[LinkView]) -> str:
    """ " ([post](…))" or " (posts [1](…) [2](…) [all](…))"."""
    shown = " ".join(link(one) for one in evidence)
    return f" ({'posts ' if len(evidence) > 1 else ''}{shown})" if evidence else ""
