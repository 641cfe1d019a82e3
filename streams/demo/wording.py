"""The wording of the demo's accounts: openers, closers, hashtags, copies of a headline, both forms of retweets."""

import html
import random
import re
from collections.abc import Mapping
from datetime import UTC, datetime

from streams.demo.catalogue import Account, Evergreen, Kind, Line, Link

# from this time on retweets are "RT @x:text" in full; before, "RT @x: text" cut at 140 characters
NEW_RETWEETS_SINCE = datetime(2021, 3, 11, tzinfo=UTC)
_RETWEET_LENGTH = 140

_OPENERS: Mapping[str, tuple[str, ...]] = {
    "plain": ("Interesting: ", "ICYMI: ", "Worth a read. ", "Hm. ", "Noted today: ", "So, ", "Late night thought: "),
    "terse": ("new: ", "fyi ", "huh. ", "this -> ", "lol ok. "),
    "emoji": ("🚀 ", "✨ ", "Loving this! ", "🙌 ", "Friends, ", "☕ "),
    "walls": ("[Read] ", "MUST READ: ", "Trending: ", "#Infographic: ", "Learn more >> "),
    "cc": ("Great insights: ", "Don't miss: ", "Must share! ", "Interesting perspective: "),
}
_CLOSERS: Mapping[str, tuple[str, ...]] = {
    "plain": (" What do you think?", " (thread)", " via a colleague", " #AI", " #MachineLearning"),
    "terse": (" lol", " 1/n", " ...", " imho"),
    "emoji": (" 🎉", " 😅", " 👀", " 💜", " 🤯", " #DataScience"),
    "walls": (" #AI #MachineLearning", " #DataScience #BigData #AI", " #Tech #Innovation", " #AI & #ML"),
    "cc": (" #AI #Innovation", " #FutureOfWork #AI", " #DigitalTransformation", " #Leadership & #AI"),
}
_COPIES = (
    "{}",
    "{}",
    "Reading: {}",
    "📰 {}",
    "{} #AI",
    "{} #MachineLearning #DataScience",
    "{} via @{peer}",
    "{} h/t @{peer}",
    "{} | today's pick",
)
_EVERGREEN = (
    "{title} {url} {wall}",
    "{title}. {wall} {url}",
    "{title} by @{peer} {url} {wall}",
    "{title} > {url}\n——\n{wall}",
    "{title} {url} {wall}\nCc: @{peer} @{other}",
    "{title} {url}",
)
_PLACEHOLDER = re.compile(r" ?\{([a-z])\}")


def _invented_link(rng: random.Random, account: Account, text: str) -> Link:
    words = re.findall(r"[a-z]{4,}", text.lower())[:4]
    site = f"{account.handle.strip('_').replace('_', '-')}.example"
    return Link(f"https://{site}/{'-'.join(words)}-{rng.randrange(100, 1000)}", "", "", account.name, "article")


def place_links(rng: random.Random, text: str, links: Mapping[str, Link], author: Account) -> tuple[str, list[Link]]:
    """Replace the text's marks by the links' addresses. Returns the text and the links used."""
    used: list[Link] = []

    def put(mark: re.Match[str]) -> str:
        link = links.get(mark[1]) or _invented_link(rng, author, text)
        used.append(link)
        return f" {link.url}"

    return _PLACEHOLDER.sub(put, text).strip(), used


def dress(rng: random.Random, line: Line, author: Account, *, sober: bool = False) -> str:
    """Sometimes add an opener or a closer, but not to a ``sober`` story or another language."""
    text = line.text
    if sober or line.lang != "en" or line.kind != "original":
        return text
    if rng.random() < 0.12:
        text = rng.choice(_OPENERS[author.habit]) + text
    if rng.random() < 0.22:
        text += rng.choice(_CLOSERS[author.habit])
    return text.replace(" and ", " & ", 1) if rng.random() < 0.07 else text


def copy_headline(rng: random.Random, headline: str, author: Account, peer: Account) -> str:
    """One of the many slightly different copies of a headline in the feed."""
    text, _, link = headline.partition(" {")
    if rng.random() < 0.25:
        text = text.replace(":", " -", 1).replace(" is out", " is now out", 1)
    copied = rng.choice(_COPIES).format(f"{text} {{{link}" if link else text, peer=peer.handle)
    return copied + (rng.choice(_CLOSERS["walls"]) if author.habit == "walls" else "")


def evergreen_post(rng: random.Random, bank: Evergreen, title: str, peers: list[Account]) -> tuple[str, Link]:
    """A link list with its wall of hashtags, as publishers repeat it."""
    slug = "-".join(re.findall(r"[a-z0-9]+", title.lower()))
    site = bank.sites[len(title) % len(bank.sites)]
    link = Link(f"https://{site}/{slug}", title, "", site, "article")
    form = rng.choice(_EVERGREEN[:3] if rng.random() < 0.5 else _EVERGREEN)
    names = {"peer": peers[0].handle, "other": peers[1].handle}
    return form.format(title=title, url=link.url, wall=rng.choice(bank.walls), **names), link


def retweet_text(text: str, author: str, at: datetime) -> str:
    """The text of a retweet in the form of its time."""
    if at >= NEW_RETWEETS_SINCE:
        return f"RT @{author}:{text}"
    full = f"RT @{author}: {text}"
    return full if len(full) <= _RETWEET_LENGTH else full[: _RETWEET_LENGTH - 1] + "…"


def as_sent(text: str) -> str:
    """The text as the platform sends it, with HTML entities."""
    return html.escape(text, quote=False)


def metrics(rng: random.Random, followers: int, kind: Kind, retweets: int) -> dict[str, int]:
    """Engagement that grows with the audience. A retweet has no likes of its own."""
    reach = followers**0.62 * rng.lognormvariate(-2.2, 1.0)
    likes = 0 if kind == "retweet" else int(reach) + 2 * retweets
    return {
        "likes": likes,
        "retweets": retweets + int(likes * rng.uniform(0.0, 0.25)),
        "replies": int(likes * rng.uniform(0.0, 0.08)),
        "quotes": int(likes * rng.uniform(0.0, 0.04)),
    }
