"""What every form of a digest shows, in order, as plain strings: the forms differ in markup only."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from models.events import Digest, DigestTopic, Faded, Item, Sentence, Statistics
from models.text.links import is_bare, safe_url
from models.text.plain import one_line

MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
STATUS = {"new": "New", "rising": "Rising", "continuing": "Continuing", "fading": "Fading"}
KEPT_OUT = {  # reason -> of one topic, of several
    "chatter": ("of small talk", "of small talk"),
    "evergreen": ("of advice and lists for any week", "of advice and lists for any week"),
    "few people": ("told by too few people", "told by too few people"),
    "few posts": ("of too few posts", "of too few posts"),
    "giveaway": ("giveaway or advertisement", "giveaways or advertisements"),
    "greeting": ("of greetings and thanks", "of greetings and thanks"),
    "hashtag wall": ("of hashtags alone", "of hashtags alone"),
    "mixture": ("mixture of several subjects", "mixtures of several subjects"),
    "self-promotion": ("mostly by one author", "mostly by one author"),
}
NUMBERS = ("¹", "²", "³")
INNER_MARKS = str.maketrans("“”", "‘’")


@dataclass(frozen=True)
class LinkView:
    """A link and the words that carry it."""

    text: str
    url: str


@dataclass(frozen=True)
class Paragraph:
    """`before` + linked `title` + `after`: “quotation” (link), evidence, note. Every part may be empty."""

    before: str
    title: LinkView | None
    after: str
    quotation: str | None
    link: LinkView | None
    evidence: list[LinkView]
    note: str


@dataclass(frozen=True)
class TopicView:
    """One section, a story or a themed list. `series` is None where no picture is shown: for a list, and for a
    sensitive story, of which no trend is told either."""

    id: str
    label: str
    status: str
    facts: str
    summary: str
    change: str | None
    series: list[int] | None
    paragraphs: list[Paragraph]


@dataclass(frozen=True)
class View:
    """A digest as shown."""

    title: str
    week: str
    dates: str
    headline: str
    overview: list[LinkView]  # text, and "#" + the section's id
    topics: list[TopicView]
    briefs: list[Paragraph]
    faded: list[str]
    numbers: list[str]
    made_from: str
    end: datetime


def view(digest: Digest) -> View:
    """The view of `digest`; whatever it holds, every string is one printable line."""
    dates = _dates(digest)
    return View(
        title=f"Top Topics, {dates}",
        week=one_line(digest.week),
        dates=dates,
        headline=one_line(digest.headline.text, 1000),
        overview=[
            LinkView(one_line(line.text, 500), "#" + topic.id)
            for line, topic in zip(digest.overview, digest.topics, strict=False)
        ],
        topics=[_topic(topic, comparable=digest.manifest.previous_hash is not None) for topic in digest.topics],
        briefs=[_paragraph(brief) for brief in digest.briefs],
        faded=[_faded(faded) for faded in digest.faded],
        numbers=_numbers(digest),
        made_from=f"{digest.manifest.records:,} posts, {digest.manifest.slice_hash[:12]}",
        end=digest.end,
    )


def _topic(topic: DigestTopic, *, comparable: bool) -> TopicView:
    """comparable: whether there is a digest before this one; in the first, nobody can say what is new."""
    people = topic.people_total or len(topic.people)
    is_list = topic.kind != "story"
    quiet = is_list or topic.sensitive
    return TopicView(
        id=topic.id,
        label=one_line(topic.label, 200),
        status="" if quiet or not comparable else STATUS[topic.status],
        facts=f"{_many(people, 'person', 'people')}, {_many(topic.posts, 'post')}",
        summary=one_line(topic.summary.text, 1000),
        change=_line(topic.change),
        series=None if quiet else list(topic.series),
        paragraphs=[_paragraph(item) for item in topic.items],
    )


def _faded(faded: Faded) -> str:
    label = one_line(faded.label, 200)
    if faded.name:  # the label of a digest before names were searched for says less
        now = f"{_many(faded.posts, 'post')} with “{one_line(faded.name, 80)}” this week"
        return f"{label}: {_many(faded.previous_posts, 'post')} last week, {now}"
    return f"{label}: {_many(faded.posts, 'post')} after {faded.previous_posts:,} last week"


def _paragraph(item: Item) -> Paragraph:
    text = one_line(item.sentence.text, 1000)
    url = safe_url(item.link.url) if item.link else None
    before, title, after, link = text, None, "", None
    if item.link is not None and url is not None:
        name = one_line(item.link.title or "", 200)
        if name and f"“{name}”" in text:
            before, after = text.split(f"“{name}”", 1)
            before, after, title = before + "“", "”" + after, LinkView(name, url)
        else:
            link = LinkView(url.split("://", 1)[1] if is_bare(url) else one_line(item.link.site or "link", 80), url)
    evidence = [
        LinkView(NUMBERS[place], safe) for place, url in enumerate(item.post_urls[:3]) if (safe := safe_url(url))
    ]
    note = f"+ {_many(item.support, 'repeat')}" if item.support > 0 else ""
    return Paragraph(before, title, after, _quotation(item), link, evidence, note)


def _quotation(item: Item) -> str | None:
    """Its own quotation marks become single ones, since every form puts double ones around it."""
    return one_line(item.quotation, 1000).translate(INNER_MARKS) if item.quotation else None


def _line(sentence: Sentence | None) -> str | None:
    return one_line(sentence.text, 1000) if sentence is not None else None


def _numbers(digest: Digest) -> list[str]:
    s = digest.statistics
    lines = [
        _posts(s),
        f"{_many(s.topics_found, 'topic')} found, {s.topics_published} published; "
        f"{s.outlier_share:.0%} of the distinct posts belong to none",
    ]
    if s.excluded:
        kept_out = ", ".join(_kept_out(one_line(reason, 60), s.excluded[reason]) for reason in sorted(s.excluded))
        lines.append(f"Topics found and kept out: {kept_out}")
    if s.deleted:
        lines.append(f"{_many(s.deleted, 'post')} deleted or replaced by their authors")
    return lines


def _posts(s: Statistics) -> str:
    """The posts and what they consist of: three parts that add up; a retweet may be in the first two of them."""
    repeated = s.posts - s.originals - s.near_duplicates  # what repeats a post of the week and is a retweet
    first = s.retweets - repeated
    among = f" ({first:,} of them {'a retweet' if first == 1 else 'retweets'})" if first > 0 else ""
    return (
        f"{_many(s.posts, 'post')} by {_many(s.people, 'person', 'people')}: "
        f"{_many(s.originals, 'distinct one')}{among}, {_many(repeated, 'further retweet')} and "
        f"{_many(s.near_duplicates, 'near-duplicate')} of these"
    )


def _kept_out(reason: str, count: int) -> str:
    one, many = KEPT_OUT.get(reason, (reason, reason))
    return f"{count:,} {one if count == 1 else many}"


def _dates(digest: Digest) -> str:
    zone = ZoneInfo(digest.timezone)
    first = digest.start.astimezone(zone)
    last = (digest.end - timedelta(seconds=1)).astimezone(zone)
    end = f"{last.day} {MONTHS[last.month - 1]} {last.year}"
    if first.year != last.year:
        return f"{first.day} {MONTHS[first.month - 1]} {first.year} – {end}"
    if first.month != last.month:
        return f"{first.day} {MONTHS[first.month - 1]} – {end}"
    return f"{first.day}–{end}"


def _many(count: int, one: str, many: str | None = None) -> str:
    return f"{count:,} {one if count == 1 else many or one + 's'}"
