"""A digest as rows of plain values, for DataFrames and spreadsheets: one row a section, list entry, paragraph or brief.

A DataFrame takes the rows as they are: `pandas.DataFrame(digest_rows(digest))`.
"""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence

from models.events import Digest, Item
from models.render.edition import Links, links_of

Row = Mapping[str, str | int | float | None]
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet computes a cell that begins so


def csv_text(rows: Sequence[Row], columns: Iterable[str] = ()) -> str:
    """The rows as CSV with a header line.

    Texts are by strangers: one that a spreadsheet would compute gets an apostrophe before it.

    Args:
        rows: Rows with the same columns.
        columns: The columns of no rows.
    """
    names = list(rows[0]) if rows else list(columns)
    out = io.StringIO()
    writer = csv.DictWriter(out, names, lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: _harmless(value) for name, value in row.items()} for row in rows)
    return out.getvalue()


def _harmless(value: str | int | float | None) -> str | int | float | None:
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value


def digest_rows(digest: Digest, base: str | None = None) -> list[Row]:
    """The rows of a digest, in its order.

    Args:
        digest: The digest.
        base: Address under which readers reach the service.
    """
    links = links_of(digest, base)
    rows: list[Row] = []
    for topic in digest.topics:
        rows.append(
            _row(
                digest,
                links,
                "section" if topic.kind == "story" else "list",
                topic.id,
                topic.label,
                topic.summary.text,
                topic.summary.posts,
                people=topic.people_total or len(topic.people),
                total=topic.posts,
                score=topic.score,
            )
        )
        rows += [_item(digest, links, item, item.id or topic.id, topic.label) for item in topic.items]
    for brief in digest.briefs:
        rows.append(
            _row(
                digest,
                links,
                "brief",
                brief.id,
                brief.label,
                brief.sentence.text,
                brief.sentence.posts,
                people=brief.people_total or len(brief.people),
                total=brief.posts,
                score=brief.score,
                link=brief.link.url if brief.link else "",
            )
        )
    return rows


def _item(digest: Digest, links: Links, item: Item, section: str, title: str) -> Row:
    text = item.sentence.text + (f": “{item.quotation}”" if item.quotation else "")
    return _row(
        digest, links, "item", section, title, text, item.sentence.posts, people=len(item.people),
        total=len(item.sentence.posts) + item.support, score=None, link=item.link.url if item.link else "",
    )  # fmt: skip


def _row(
    digest: Digest, links: Links, kind: str, section: str, title: str, text: str, posts: Sequence[str], *,
    people: int, total: int, score: float | None, link: str = "",
) -> Row:  # fmt: skip
    return {
        "week": digest.week,
        "kind": kind,
        "id": section,
        "title": title,
        "text": text,
        "people": people,
        "posts": total,
        "score": score,
        "link": link,
        "post_ids": " ".join(posts),
        "first_post": (links.post(posts[0]) or "") if posts else "",
    }
