"""The content of every form of a digest, in order, as plain strings. The forms differ only in markup."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from models.digest.cited import MOST_LINKED
from models.events import Digest, DigestTopic, Faded, Item, Sentence, Statistics
from models.render.edition import UNPUBLISHED, Edition, Links, links_of
from models.text.links import is_bare, safe_url, site_of
from models.text.plain import one_line

MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
STATUS = {"new": "New", "rising": "Rising", "continuing": "Continuing", "fading": "Fading"}
KEPT_OUT = {  # reason -> text for one topic, for several
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
_DEED = re.compile(
    r"(?P<names>.*(?:[)–]|others|@[\w.-]+)) (?P<deed>(?:wrote|shared|commented on|retweeted|answered)\b.*)$", re.DOTALL
)
AFTER_WORDS = (  # what is done with words -> how it follows them
    ("wrote in a thread", ", in a thread"),
    ("wrote", ""),
    ("commented on ", ", on "),
    ("retweeted ", ", passing on "),
    ("answered ", ", to "),
    ("shared again", ""),
    ("shared a", ", sharing a"),
    ("shared", ""),
)
INNER_MARKS = str.maketrans("“”", "‘’")
_SCHEME = re.compile(r"\bhttps?://(?:www\.)?(?=\w)", re.IGNORECASE)  # an address in a quotation is shown without it
_SAID_BY = "” – "  # between a quotation and its author


@dataclass(frozen=True)
class LinkView:
    """A link and its text. `url` is None for plain text."""

    text: str
    url: str | None


@dataclass(frozen=True)
class Paragraph:
    """What happened, then who did it: `before` title `after` (`site`): “quotation” link. `names`, evidence, note.

    Every part may be empty.
    """

    before: str
    title: LinkView | None  # the link's title, linked
    after: str
    site: str  # host of the title's link
    quotation: LinkView | None  # linked to its post
    link: LinkView | None  # a link whose title is not part of the text
    names: str  # the people
    evidence: list[LinkView]  # the posts: "post", or "1", "2", "3", "all"
    note: LinkView | None  # "3 repeats"


@dataclass(frozen=True)
class TopicView:
    """One section: a story or a themed list."""

    id: str
    group: str  # "Stories", "Shared this week"
    label: str
    status: str
    facts: LinkView  # "24 people, 27 posts", linked to all of them
    summary: Paragraph
    change: str | None
    # None without a picture: for a list, and for a sensitive story, whose trend is not mentioned either
    series: list[int] | None
    paragraphs: list[Paragraph]


@dataclass(frozen=True)
class View:
    """The content of a digest."""

    title: str
    week: str
    dates: str
    page: str | None  # the digest's own page; "" for a relative link
    notice: str  # about a correction; "" for a first edition
    headline: str
    headline_evidence: list[LinkView]
    overview: list[LinkView]  # text, and "#" with the section's id
    topics: list[TopicView]
    briefs: list[Paragraph]
    faded: list[str]
    numbers: list[str]
    made_from: str
    end: datetime


def view(digest: Digest, edition: Edition = UNPUBLISHED, *, evidence: bool = True) -> View:
    """Make the view of a digest. Every string is one printable line, whatever the digest contains.

    Args:
        digest: The digest.
        edition: Facts outside its value.
        evidence: Whether the addresses of posts are included.
    """
    dates = _dates(digest)
    links = links_of(digest, edition.base) if evidence else Links(base=None, week=digest.week)
    comparable = digest.manifest.previous_hash is not None
    return View(
        title=f"Top Topics, {dates}",
        week=one_line(digest.week),
        dates=dates,
        page=links.digest(),
        notice=_notice(edition),
        headline=one_line(digest.headline.text, 1000),
        headline_evidence=_evidence(digest.headline, links),
        overview=[
            LinkView(one_line(line.text, 500), "#" + topic.id)
            for line, topic in zip(digest.overview, digest.topics, strict=False)
        ],
        topics=[_topic(topic, links, comparable=comparable) for topic in digest.topics],
        briefs=[_paragraph(brief, links, brief.id, None) for brief in digest.briefs],
        faded=[_faded(faded) for faded in digest.faded],
        numbers=_numbers(digest),
        made_from=f"{digest.manifest.records:,} posts, {digest.manifest.slice_hash[:12]}",
        end=digest.end,
    )


def _notice(edition: Edition) -> str:
    if not edition.corrects:
        return ""
    day = edition.made_at
    on = f" on {day.day} {MONTHS[day.month - 1]} {day.year}" if day is not None else ""
    changes = f" ({one_line(edition.changes, 200)})" if edition.changes else ""
    return f"Corrected{on}{changes}. This is edition {edition.revision} and replaces the one before."


def _topic(topic: DigestTopic, links: Links, *, comparable: bool) -> TopicView:
    """comparable: whether there is a digest before this one; in the first, nobody can say what is new."""
    people = topic.people_total or len(topic.people)
    is_list = topic.kind != "story"
    quiet = is_list or topic.sensitive
    facts = f"{_many(people, 'person', 'people')}, {_many(topic.posts, 'post')}"
    return TopicView(
        id=topic.id,
        group="Shared this week" if is_list else "Stories",
        label=one_line(topic.label, 200),
        status="" if quiet or not comparable else STATUS[topic.status],
        facts=LinkView(facts, links.posts(topic.id)),
        summary=_sentence(topic.summary, links, links.posts(topic.id)),
        change=_line(topic.change),
        series=None if quiet else list(topic.series),
        paragraphs=[
            _paragraph(item, links, item.id or topic.id, None if item.id else place)
            for place, item in enumerate(topic.items, start=1)
        ],
    )


def _faded(faded: Faded) -> str:
    label = one_line(faded.label, 200)
    if faded.name:  # the label of a digest before names were searched for says less
        now = f"{_many(faded.posts, 'post')} with “{one_line(faded.name, 80)}” this week"
        return f"{label}: {_many(faded.previous_posts, 'post')} last week, {now}"
    return f"{label}: {_many(faded.posts, 'post')} after {faded.previous_posts:,} last week"


def _sentence(sentence: Sentence, links: Links, everything: str | None) -> Paragraph:
    """A sentence alone: what is quoted, then who said so."""
    said, names = _said_and_names(one_line(sentence.text, 1000))
    return Paragraph(said, None, "", "", None, None, names, _evidence(sentence, links, everything), None)


def _paragraph(item: Item, links: Links, section: str, place: int | None) -> Paragraph:
    """An item of a section, or the line of a list, which has an id of its own."""
    everything = links.posts(section, place)
    text = one_line(item.sentence.text, 1000)
    url = safe_url(item.link.url) if item.link else None
    name = one_line(item.link.title or "", 200) if item.link and url else ""
    titled = f"“{name}”" if name else ""
    if item.id:
        said, names = _said_and_names(text)
    elif titled and f" titled {titled}" in text:
        said, names = titled, _after_words(text.replace(f" titled {titled}", "", 1))
    else:
        said, names = ("", _after_words(text)) if item.quotation else (text, "")
    before, mark, after = said.partition(titled) if titled else (said, "", "")
    if mark and said != titled:
        before, after = f"{before}“", f"”{after}"
    quotation, evidence = _quotation(item, links), _evidence(item.sentence, links, everything)
    if quotation is not None and [one.url for one in evidence] == [quotation.url]:
        evidence = []  # the quotation leads there already
    return Paragraph(
        before=before,
        title=LinkView(name, url) if mark else None,
        after=after,
        site=one_line(site_of(url), 80) if mark and url else "",
        quotation=quotation,
        link=_bare_link(item, url) if url and not mark else None,
        names=names,
        evidence=evidence,
        note=LinkView(_many(item.support, "repeat"), everything) if item.support > 0 else None,
    )


def _bare_link(item: Item, url: str) -> LinkView:
    """A link whose title does not stand in the words: its site; the address of a shortener says nothing to a reader."""
    site = item.link.site if item.link and not is_bare(url) else None
    return LinkView(one_line(site or "link", 80), url)


def _after_words(text: str) -> str:
    """Who did what, as it follows their words: "Ann Lee (@ann) retweeted @bo" -> "Ann Lee (@ann), passing on @bo"."""
    found = _DEED.match(text)
    if found is None:
        return text
    deed = found["deed"]
    for verb, after in AFTER_WORDS:
        if deed.startswith(verb):
            rest = deed.removeprefix(verb)
            if after or not rest:
                return found["names"].removesuffix(" –") + after + rest
    return text


def _said_and_names(text: str) -> tuple[str, str]:
    """ "“It runs.” – Ann Lee (@ann)" -> what is quoted, and who said so."""
    said, mark, names = _SCHEME.sub("", text).partition(_SAID_BY)
    return (said + "”", names) if mark else (said, "")


def _evidence(sentence: Sentence, links: Links, everything: str | None = None) -> list[LinkView]:
    """The first posts one by one, then all of them; nothing where there is no address."""
    first = [url for post in sentence.posts[:MOST_LINKED] if (url := links.post(post)) is not None]
    if len(first) == 1:
        return [LinkView("post", first[0])]
    found: list[LinkView] = [LinkView(str(number), url) for number, url in enumerate(first, start=1)]
    if everything is not None and len(sentence.posts) > MOST_LINKED:
        found.append(LinkView("all", everything))
    return found


def _quotation(item: Item, links: Links) -> LinkView | None:
    """Its own quotation marks become single ones, since every form puts double ones around it."""
    if not item.quotation:
        return None
    url = links.post(item.quotation_post) if item.quotation_post else None
    return LinkView(_SCHEME.sub("", one_line(item.quotation, 1000)).translate(INNER_MARKS), url)


def _line(sentence: Sentence | None) -> str | None:
    return one_line(sentence.text, 1000) if sentence is not None else None


def _numbers(digest: Digest) -> list[str]:
    s = digest.statistics
    lines = [_posts(s), _found(s)]
    if s.excluded:
        kept_out = ", ".join(_kept_out(one_line(reason, 60), s.excluded[reason]) for reason in sorted(s.excluded))
        lines.append(f"Topics found and kept out: {kept_out}")
    if s.deleted:
        lines.append(f"{_many(s.deleted, 'post')} deleted or replaced by their authors")
    return lines


def _found(s: Statistics) -> str:
    if s.themes:
        return (
            f"{_many(s.topics_found, 'story', 'stories')} found, {s.topics_published} told; "
            f"{_many(s.themes, 'theme')}, and {s.outlier_share:.0%} of the distinct posts belong to none"
        )
    return (
        f"{_many(s.topics_found, 'topic')} found, {s.topics_published} published; "
        f"{s.outlier_share:.0%} of the distinct posts belong to none"
    )


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
