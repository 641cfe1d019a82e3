"""The digest as plain text, 78 columns: for terminals and text e-mail."""

from models.render.columns import columns, wrapped
from models.render.sparkline import sparkline
from models.render.view import Paragraph, TopicView, View

WIDTH = 78


def plain_text(view: View) -> str:
    """The whole digest, ending with a newline."""
    lines = [*_headed(view.title, "="), "", *_wrapped(view.headline), ""]
    if view.overview:
        lines += ["This week", *[part for line in view.overview for part in _bullet(line.text)], ""]
    for topic in view.topics:
        lines += _section(topic)
    if view.faded:
        lines += ["Gone quiet", *[part for line in view.faded for part in _bullet(line)], ""]
    lines += ["The week in numbers", *[part for line in view.numbers for part in _bullet(line)], ""]
    lines += _wrapped(f"{view.week}, made by machine from {view.made_from}. Quotations are verbatim.")
    return "\n".join(lines) + "\n"


def _section(topic: TopicView) -> list[str]:
    picture = f"{sparkline(topic.series)}  " if topic.series is not None else ""
    facts = f"{topic.status}, {topic.facts}" if topic.status else topic.facts
    lines = [*_headed(topic.label, "-"), picture + facts, *_wrapped(topic.summary)]
    if topic.change:
        lines += _wrapped(f"Since last week: {topic.change}")
    return [*lines, *[part for paragraph in topic.paragraphs for part in _bullet(_paragraph(paragraph))], ""]


def _paragraph(paragraph: Paragraph) -> str:
    title = paragraph.title.text if paragraph.title else ""
    text = f"{paragraph.before}{title}{paragraph.after}"
    if paragraph.quotation is not None:
        text += f": “{paragraph.quotation}”"
    target = paragraph.title or paragraph.link
    text += f" <{target.url}>" if target else ""
    return text + (f" ({paragraph.note})" if paragraph.note else "")


def _headed(title: str, under: str) -> list[str]:
    lines = _wrapped(title)
    return [*lines, under * max(map(columns, lines), default=0)]


def _wrapped(text: str, first: str = "", rest: str = "") -> list[str]:
    return wrapped(text, WIDTH, first, rest)


def _bullet(text: str) -> list[str]:
    return _wrapped(text, "  * ", "    ")
