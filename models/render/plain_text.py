"""The digest as plain text, 78 columns: for terminals and text e-mail."""

from collections.abc import Iterator
from unicodedata import combining, east_asian_width

from models.render.sparkline import sparkline
from models.render.view import Paragraph, TopicView, View

WIDTH = 78


def plain_text(view: View) -> str:
    """The whole digest, ending with a newline."""
    lines = [*_headed(view.title, "="), ""]
    if view.notice:
        lines += [*_wrapped(view.notice), ""]
    lines += [*_wrapped(view.headline), ""]
    if view.page:
        lines += [*_wrapped(f"Read online: <{view.page}>"), ""]
    if view.overview:
        lines += ["This week", *[part for line in view.overview for part in _bullet(line.text)], ""]
    for topic in view.topics:
        lines += _section(topic)
    if view.briefs:
        lines += ["In brief", *[part for brief in view.briefs for part in _bullet(_paragraph(brief))], ""]
    if view.faded:
        lines += ["Gone quiet", *[part for line in view.faded for part in _bullet(line)], ""]
    lines += ["About this digest", *[part for line in view.numbers for part in _bullet(line)], ""]
    lines += _wrapped(f"{view.week}, made by machine from {view.made_from}. Quotations are verbatim.")
    return "\n".join(lines) + "\n"


def _section(topic: TopicView) -> list[str]:
    picture = f"{sparkline(topic.series)}  " if topic.series is not None else ""
    facts = f"{topic.status}, {topic.facts.text}" if topic.status else topic.facts.text
    lines = [*_headed(topic.label, "-"), picture + facts, *_wrapped(_paragraph(topic.summary))]
    if topic.change:
        lines += _wrapped(f"Since last week: {topic.change}")
    return [*lines, *[part for paragraph in topic.paragraphs for part in _bullet(_paragraph(paragraph))], ""]


def _paragraph(paragraph: Paragraph) -> str:
    """A paragraph with the address of its link and of its first post."""
    title = paragraph.title.text if paragraph.title else ""
    text = f"{paragraph.before}{title}{paragraph.after}"
    if paragraph.quotation is not None:
        text += f"{': ' if text else ''}“{paragraph.quotation.text}”"
    text += f" – {paragraph.names}" if paragraph.names else ""
    text += f" (+ {paragraph.note.text})" if paragraph.note else ""
    target = paragraph.title or paragraph.link
    text += f" <{target.url}>" if target else ""
    post = paragraph.quotation.url if paragraph.quotation else None
    post = post or (paragraph.evidence[0].url if paragraph.evidence else None)
    return text + (f" post: <{post}>" if post else "")


def _headed(title: str, under: str) -> list[str]:
    lines = _wrapped(title)
    return [*lines, under * max(map(columns, lines), default=0)]


def _wrapped(text: str, first: str = "", rest: str = "") -> list[str]:
    return wrapped(text, WIDTH, first, rest)


def _bullet(text: str) -> list[str]:
    return _wrapped(text, "  * ", "    ")


def columns(text: str) -> int:
    """The number of columns of `text` on a terminal."""
    return sum(map(_columns_of, text))


def wrapped(text: str, width: int, first: str = "", rest: str = "") -> list[str]:
    """Wrap `text` to lines of `width` columns. Only an address in <…> may be longer.

    Args:
        text: The text.
        width: Columns of a line.
        first: Start of the first line.
        rest: Start of the other lines.
    """
    lines: list[str] = []
    line = ""
    for word in text.split():
        room = width - columns(rest if lines else first)
        for piece in _pieces(word, room):
            if line and columns(line) + 1 + columns(piece) > room:
                lines.append((rest if lines else first) + line)
                line = piece
            else:
                line = f"{line} {piece}" if line else piece
    return [*lines, (rest if lines else first) + line] if line else lines


def _pieces(word: str, room: int) -> Iterator[str]:
    """`word` itself if it fits or is an address, else pieces that fit. An accent stays with its letter."""
    if columns(word) <= room or word.startswith("<"):
        yield word
        return
    start, taken = 0, 0
    for place, sign in enumerate(word):
        if taken + _columns_of(sign) > room:
            yield word[start:place]
            start, taken = place, 0
        taken += _columns_of(sign)
    yield word[start:]


def _columns_of(sign: str) -> int:
    return 0 if combining(sign) else 2 if east_asian_width(sign) in "WF" else 1
