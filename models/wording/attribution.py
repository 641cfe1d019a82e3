"""Who tells an item, and by which verb: a quotation stands behind those only who said exactly that.

    the same words     "Ann Lee (@ann) and Bo Castell (@bo) shared an article"
    other words        "Ann Lee (@ann) – and, in their own words, Bo Castell (@bo) – shared an article"

What the sentence says of one it says of all: who did something else (shared another page, retweeted another post) is
not named. The dashes cannot come from a display name, so the sentence can be read back.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from models.events import Action, Link, Person, Tweet
from models.text.links import NOUNS, canonical_url, is_bare, known_link
from models.text.plain import one_line, plain
from models.wording.passages import verbatim
from models.wording.people import listed, original_author, people_of

OWN_WORDS = " – and, in their own words, "
AFTER_OWN_WORDS = " – "


@dataclass(frozen=True)
class Tellers:
    """`exact`: whose words are quoted, the quoted post's author first; `alike`: who put the same in other words.

    `posts`: the id of one post of each, in that order, that shows it.
    """

    exact: list[Person]
    alike: list[Person]
    posts: list[str]

    @property
    def everyone(self) -> list[Person]:
        """All who are named or counted."""
        return self.exact + self.alike

    def __str__(self) -> str:
        if not self.alike:
            return listed(self.exact)
        return f"{listed(self.exact)}{OWN_WORDS}{listed(self.alike)}{AFTER_OWN_WORDS.rstrip()}"


def shares(post: Tweet, link: Link, resources: Mapping[str, Link]) -> bool:
    """Whether a post holds the link; two links of a shortener may lead to the same page and count as one."""
    own = [known for raw in post.links if (known := known_link(raw, resources)) is not None]
    same = canonical_url(link.url)
    return any(canonical_url(known.url) == same or (is_bare(known.url) and is_bare(link.url)) for known in own)


def deed(lead: Tweet, link: Link | None) -> tuple[Action, str]:
    """What the author of `lead` did, as a verb with its object; `link`: what the post shares."""
    other = original_author(lead)
    if _is_self_retweet(lead):
        return "retweeted", "shared again"
    if lead.kind == "retweet":
        return "retweeted", f"retweeted {other or 'a post'}"
    if link is not None and (link.title or link.kind or not is_bare(link.url)):
        return "shared", f"shared {NOUNS[link.kind] if link.kind and link.kind != 'page' else 'a page'}"
    if lead.kind == "quote":
        return "quoted", f"commented on {'a post by ' + other if other else 'a post'}"
    if lead.kind == "reply":
        return "replied", f"answered {other}" if other else "wrote in a thread"
    return ("shared", "shared") if link is not None else ("wrote", "wrote")


def tellers(
    voices: Sequence[Tweet],
    lead: Tweet,
    link: Link | None,
    quotation: str | None,
    influence: Mapping[str, float],
    resources: Mapping[str, Link],
) -> Tellers:
    """Who of the authors of `voices` did what that of `lead` did, by whose words are quoted.

    `link`: what `lead` shares; `quotation`: from `lead`, None when only the page's title is shown.
    """
    same = [post for post in voices if post.id == lead.id or _did_so(post, lead, link, quotation, resources)]
    said: dict[str, str] = {lead.author_id: lead.id}
    for post in same:
        if post.id == lead.id or _said_so(post, lead, quotation):
            said.setdefault(post.author_id, post.id)
    own = said | {post.author_id: post.id for post in same if post.author_id not in said}
    people = [person for person in people_of(same, influence) if not _is_repeated_by(lead, person)]
    people.sort(key=lambda person: (person.author_id != lead.author_id, person.author_id not in said))
    exact = [person for person in people if person.author_id in said]
    return Tellers(exact, people[len(exact) :], [own[person.author_id] for person in people])


def told_by(lead: Tweet, voices: Sequence[Tweet], quotation: str | None) -> Tweet:
    """`lead`, or another's retweet of the same post where `lead` is its author's own: they only said it again."""
    if not _is_self_retweet(lead):
        return lead
    others = (
        post
        for post in voices
        if post.kind == "retweet" and _same_original(post, lead) and not _is_self_retweet(post)
        if quotation is None or verbatim(quotation) in plain(post.text)
    )
    return next(others, lead)


def _is_self_retweet(post: Tweet) -> bool:
    return post.kind == "retweet" and _key(original_author(post)) == _key(post.author)


def _is_repeated_by(lead: Tweet, person: Person) -> bool:
    """Whether a retweeted post is the person's own: nobody is told to have retweeted themself with others."""
    own = lead.kind == "retweet" and _key(original_author(lead)) == _key(person.handle)
    return own and person.author_id != lead.author_id


def _did_so(post: Tweet, lead: Tweet, link: Link | None, quotation: str | None, resources: Mapping[str, Link]) -> bool:
    action, _ = deed(lead, link)
    if action == "shared":
        return link is not None and shares(post, link, resources)
    if action == "wrote":
        return True
    if post.kind != lead.kind or _key(original_author(post)) != _key(original_author(lead)):
        return False
    return action != "retweeted" or _same_original(post, lead) or verbatim(quotation or "\n") in plain(post.text)


def _said_so(post: Tweet, lead: Tweet, quotation: str | None) -> bool:
    if quotation is None or verbatim(quotation) in plain(post.text):
        return True
    if post.kind == lead.kind == "retweet" and _same_original(post, lead):  # the platform may have cut it off
        return True
    return any(quotation == one_line(link.title, 200) for link in post.links if link.title)


def _same_original(post: Tweet, lead: Tweet) -> bool:
    return post.related_id is not None and post.related_id == lead.related_id


def _key(handle: str | None) -> str:
    return (handle or "").lstrip("@").casefold()
