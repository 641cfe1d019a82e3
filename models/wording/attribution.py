"""Attribution of an item: its people and its verb. Only people who said exactly the quoted words are named as its
authors.

the same words     "Ann Lee (@ann) and Bo Castell (@bo) shared an article"
other words        "Ann Lee (@ann) – and, in their own words, Bo Castell (@bo) – shared an article"

The sentence says the same of all its people: a person who did something else (shared another page, retweeted another
post) is not named. The dashes cannot come from a display name, so the sentence can be parsed again.
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
class Attribution:
    """The people of an item."""

    exact: list[Person]  # authors of the quoted words, the quoted post's author first
    alike: list[Person]  # people who said the same in other words
    posts: list[str]  # id of one post per person, in the order of `exact` and `alike`

    @property
    def everyone(self) -> list[Person]:
        """All named or counted people."""
        return self.exact + self.alike

    def __str__(self) -> str:
        if not self.alike:
            return listed(self.exact)
        return f"{listed(self.exact)}{OWN_WORDS}{listed(self.alike)}{AFTER_OWN_WORDS.rstrip()}"


def shares(post: Tweet, link: Link, resources: Mapping[str, Link]) -> bool:
    """Whether a post contains the link; two links of a shortener may lead to the same page and count as one."""
    own = [known for raw in post.links if (known := known_link(raw, resources)) is not None]
    same = canonical_url(link.url)
    return any(canonical_url(known.url) == same or (is_bare(known.url) and is_bare(link.url)) for known in own)


def action_of(lead: Tweet, link: Link | None) -> tuple[Action, str]:
    """Return what the author of `lead` did, as a verb with its object; `link`: the link of the post."""
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


def attribute(
    voices: Sequence[Tweet],
    lead: Tweet,
    link: Link | None,
    quotation: str | None,
    influence: Mapping[str, float],
    resources: Mapping[str, Link],
) -> Attribution:
    """Return the authors of `voices` who did the same as the author of `lead`, grouped by the quoted words.

    Args:
        voices: posts of the group.
        lead: the post whose words or link are shown.
        link: the link that `lead` shares.
        quotation: words of `lead`; None if only the page's title is shown.
        influence: author id -> 0 to 1.
        resources: URL in a post -> its target.
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
    return Attribution(exact, people[len(exact) :], [own[person.author_id] for person in people])


def source_post(lead: Tweet, voices: Sequence[Tweet], quotation: str | None) -> Tweet:
    """Return `lead`, or another person's retweet of it if `lead` is its author's own retweet."""
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
    """Whether a retweeted post is the person's own: self-retweets are not attributed."""
    own = lead.kind == "retweet" and _key(original_author(lead)) == _key(person.handle)
    return own and person.author_id != lead.author_id


def _did_so(post: Tweet, lead: Tweet, link: Link | None, quotation: str | None, resources: Mapping[str, Link]) -> bool:
    action, _ = action_of(lead, link)
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
    if post.kind == lead.kind == "retweet" and _same_original(post, lead):  # the platform may have cut the text
        return True
    return any(quotation == one_line(link.title, 200) for link in post.links if link.title)


def _same_original(post: Tweet, lead: Tweet) -> bool:
    return post.related_id is not None and post.related_id == lead.related_id


def _key(handle: str | None) -> str:
    return (handle or "").lstrip("@").casefold()
