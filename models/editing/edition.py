"""An edited digest: a pure function of the digest, its posts and the answers of the model.

So whoever has the three gets the same bytes (`differences`), and a claim that the posts do not support is in none.
"""

import hashlib
from collections.abc import Mapping, Sequence

import msgspec

from models.editing.claims import check
from models.editing.prompt import HEADLINE, Request, requests_of
from models.events import Digest, DigestTopic, Sentence, Tweet
from models.events.edited import Answer, EditedDigest, EditedSection
from models.events.wire import content_hash, encode

MOST_SENTENCES = 3
LONGEST_TITLE, LONGEST_HEADLINE = 120, 200  # characters


class _Claim(msgspec.Struct):
    text: str
    posts: list[str]


class _Proposal(msgspec.Struct):
    """The JSON of an answer. Other fields are ignored."""

    title: _Claim | None = None
    sentences: list[_Claim] = []
    why: _Claim | None = None
    headline: _Claim | None = None


def edit(digest: Digest, posts: Mapping[str, Tweet], model: str, answers: Mapping[str, str]) -> EditedDigest:
    """Check the answers and keep the claims that stand.

    Args:
        digest: The digest.
        posts: The posts of its week by id.
        model: Name of the model.
        answers: Section -> text of the answer. A section without one stays as it is.
    """
    counts = [0, 0]
    sections: list[EditedSection] = []
    headline, kept = None, []
    for request in requests_of(digest, posts):
        text = answers.get(request.section)
        if text is None:
            continue
        kept.append(Answer(section=request.section, prompt=request.hash, hash=_sha256(text), text=text))
        proposal = _read(text)
        if request.section == HEADLINE:
            headline = _claim(proposal.headline, request, counts, LONGEST_HEADLINE)
            continue
        found = [_claim(one, request, counts) for one in proposal.sentences[:MOST_SENTENCES]]
        section = EditedSection(
            id=request.section,
            title=_claim(proposal.title, request, counts, LONGEST_TITLE),
            sentences=[one for one in found if one is not None],
            why=_claim(proposal.why, request, counts),
        )
        if section.title or section.sentences or section.why:
            sections.append(section)
    return EditedDigest(
        week=digest.week,
        digest=content_hash(digest),
        model=model,
        headline=headline,
        sections=sections,
        proposed=counts[0],
        accepted=counts[1],
        answers=kept,
    )


def applied(digest: Digest, edited: EditedDigest) -> Digest:
    """The digest as readers of the edition see it: what the model wrote where it stands, else the digest's own."""
    sections = {section.id: section for section in edited.sections}
    topics = [_applied(topic, sections.get(topic.id)) for topic in digest.topics]
    overview = [
        Sentence(text=line.text.replace(old.label, new.label, 1), posts=line.posts) if old.label != new.label else line
        for line, old, new in zip(digest.overview, digest.topics, topics, strict=False)
    ]
    return msgspec.structs.replace(
        digest, headline=edited.headline or digest.headline, topics=topics, overview=overview
    )


def claims_of(edited: EditedDigest) -> list[Sentence]:
    """All claims of an edition."""
    parts = [[section.title, *section.sentences, section.why] for section in edited.sections]
    return [claim for claim in (edited.headline, *(one for part in parts for one in part)) if claim is not None]


def differences(edited: EditedDigest, digest: Digest, posts: Mapping[str, Tweet]) -> list[str]:
    """Why an edited digest is not what its answers, the digest and the posts give; empty when it is, byte for byte.

    Args:
        edited: The published edition.
        digest: The digest of its week.
        posts: The posts of the week by id.
    """
    if edited.digest != content_hash(digest):
        return ["it was made from another digest of the week"]
    prompts = {request.section: request.hash for request in requests_of(digest, posts)}
    found = [
        f"{answer.section or 'headline'}: the prompt is another one now"
        for answer in edited.answers
        if prompts.get(answer.section) != answer.prompt
    ]
    found += [
        f"{answer.section or 'headline'}: the stored answer was changed"
        for answer in edited.answers
        if _sha256(answer.text) != answer.hash
    ]
    again = edit(digest, posts, edited.model, {answer.section: answer.text for answer in edited.answers})
    if not found and encode(again) != encode(edited):
        found.append("the check of claims gives another edition now")
    return found


def _applied(topic: DigestTopic, section: EditedSection | None) -> DigestTopic:
    if section is None:
        return topic
    told = [*section.sentences, *([section.why] if section.why else [])]
    summary = _joined(told) if section.sentences else topic.summary
    if section.title is None:
        return msgspec.structs.replace(topic, summary=summary)
    return msgspec.structs.replace(
        topic, summary=summary, label=section.title.text, label_posts=list(section.title.posts)
    )


def _joined(sentences: Sequence[Sentence]) -> Sentence:
    posts = dict.fromkeys(post for one in sentences for post in one.posts)
    return Sentence(text=" ".join(one.text for one in sentences), posts=list(posts))


def _claim(claim: _Claim | None, request: Request, counts: list[int], longest: int = 0) -> Sentence | None:
    """The claim if it stands, with the posts that it rests on. Counts the proposed and the accepted ones.

    Args:
        claim: What the model proposes.
        request: The request; its posts are all that may be cited.
        counts: Proposed, accepted.
        longest: Characters of a title, which names no speaker; 0 for a sentence.
    """
    if claim is None:
        return None
    counts[0] += 1
    text = " ".join(claim.text[:1_000].split())
    if longest and len(text) > longest:
        return None
    cited = [request.posts[post] for post in dict.fromkeys(claim.posts) if post in request.posts]
    verdict = check(text, cited, is_title=bool(longest))
    if not verdict.stands:
        return None
    counts[1] += 1
    return Sentence(text=text, posts=list(verdict.posts))


def _read(answer: str) -> _Proposal:
    """The JSON object in an answer; an empty proposal when there is none."""
    start, end = answer.find("{"), answer.rfind("}")
    try:
        return msgspec.json.decode(answer[start : end + 1].encode("utf-8", "replace"), type=_Proposal)
    except (msgspec.DecodeError, RecursionError):
        return _Proposal()


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
