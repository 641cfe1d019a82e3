"""One closed week -> its digest: refit, match, rank, select, write. Pure: equal inputs give equal bytes (law 2).

In: the canonical week (`WeekPosts`), the digest of the week before, the curated influencers, the settings, the library
versions, and what is known of link targets beyond the posts' own payload. Out: a `Digest` of at most 8 sections,
readable in three minutes (`max_words`), fewer or none in a poor week; every sentence cites posts of the week.

No clock, no set order, no `hash()`: lists are sorted with ids as the last key, floats are rounded before they decide.
Titles of link targets fetched from the network change over time. Without `resources` a digest uses only what the posts
carry, and a replay gives the same bytes; with them, the manifest's `resources_hash` names them as one of the inputs.
"""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import orjson

from models.digest.cited import addresses, cited_posts
from models.digest.inputs import Inputs, Progress
from models.digest.lesson import week_topics
from models.digest.section import section, within_budget
from models.events import Digest, DigestTopic, Influencer, Link, Manifest, Statistics, TopicIdentity
from models.events.week_topics import WeekTopics
from models.events.wire import content_hash
from models.ranking.continuity import match
from models.ranking.identities import identities
from models.ranking.influence import influence
from models.ranking.known_names import known_names
from models.ranking.ranking import rank, select
from models.ranking.story_core import cores
from models.ranking.story_facts import week_words
from models.refit.story import Refit, Story
from models.week.config import DigestConfig
from models.week.posts import WeekPosts
from models.wording.change import faded
from models.wording.label import Label, labels
from models.wording.summary import headline, overview_line


def build_digest(week: WeekPosts, **inputs: Any) -> Digest:
    """The digest of `week`; `inputs` as in `build_week`."""
    return build_week(week, **inputs)[0]


def build_week(
    week: WeekPosts,
    *,
    previous: Digest | None,
    influencers: Sequence[Influencer],
    config: DigestConfig,
    versions: Mapping[str, str],
    resources: Mapping[str, Link] | None = None,
    progress: Progress | None = None,
) -> tuple[Digest, WeekTopics]:
    """The digest of `week`, and what the live topics learn from the week.

    `resources`: URL as it stands in a post -> its target. `progress(step, share done)`.
    """
    from models.refit.bertopic_refit import refit  # BERTopic takes seconds to import

    report = progress or (lambda step, share: None)
    known = frozenset(previous.known_names) if previous is not None else frozenset()
    found = refit(week, config, known=known, progress=progress)
    report("matching topics", 0.9)
    vocabulary = week_words(week, found.stories)
    stories = match(cores(found.stories, week, vocabulary, config), week, previous, config)
    scores = influence(week, influencers)
    report("ranking", 0.93)
    ranked = rank(stories, week, scores, previous, config)
    report("writing", 0.96)
    values = {author: score.value for author, score in scores.items()}
    inputs = Inputs(week, previous, influencers, config, versions, resources or {}, values)
    names = known_names(week, vocabulary, previous)
    digest = write_digest(inputs, found, ranked, select(ranked, config), names)
    taught = week_topics(digest, week, ranked)
    report("done", 1.0)
    return digest, taught


def write_digest(
    inputs: Inputs,
    found: Refit,
    ranked: Sequence[Story],
    published: Sequence[Story],
    names: Mapping[str, int] | None = None,
) -> Digest:
    """The digest of topics that are found, matched and ranked; `published` are its sections in order. `names`: known
    from now on."""
    week = inputs.week
    chosen = list(published)
    shown = {story.id for story in chosen}
    others = [story for story in ranked if story.id not in shown]
    titles = labels(week, [*chosen, *others], background=_distinct(found))
    known = {identity.id: identity for identity in inputs.previous.identities} if inputs.previous else {}
    sections = [section(inputs, story, known.get(story.previous_id or "")) for story in chosen]
    topics, _ = within_budget([topic for topic in sections if topic is not None], [], inputs.config.max_words)
    everything = dict(zip([story.id for story in (*chosen, *others)], titles, strict=True))
    digest = Digest(
        week=str(week.week),
        start=week.week.start,
        end=week.week.end,
        timezone=week.week.timezone,
        headline=headline(topics, [], [post.id for post in week.posts]),
        overview=[overview_line(topic, comparable=inputs.previous is not None) for topic in topics],
        topics=topics,
        faded=faded(inputs.previous, topics, week.posts),
        statistics=_statistics(inputs, found, ranked, topics),
        identities=_identities(inputs, ranked, everything, topics),
        manifest=_manifest(inputs),
        known_names=dict(names or {}),
    )
    return msgspec.structs.replace(digest, repeats=_repeats(digest, week), addresses=addresses(digest, week.posts))


def _repeats(digest: Digest, week: WeekPosts) -> dict[str, str]:
    cited = cited_posts(digest)
    retweets = (post for post in week.posts if post.kind == "retweet" and post.id in cited)
    return {post.id: post.related_id for post in retweets if post.related_id is not None}


def _distinct(found: Refit) -> list[int]:
    return [index for index, original in enumerate(found.duplicate_of.tolist()) if index == original]


def _identities(
    inputs: Inputs, ranked: Sequence[Story], titles: Mapping[str, Label], topics: Sequence[DigestTopic]
) -> list[TopicIdentity]:
    first = {topic.id for topic in topics}
    return identities(inputs.week, ranked, {key: label.text for key, label in titles.items()}, first, inputs.previous)


def _statistics(inputs: Inputs, found: Refit, ranked: Sequence[Story], topics: Sequence[DigestTopic]) -> Statistics:
    posts = inputs.week.posts
    distinct = _distinct(found)
    retweets = sum(post.kind == "retweet" for post in posts)
    repeats = sum(
        index != original and posts[index].kind != "retweet"
        for index, original in enumerate(found.duplicate_of.tolist())
    )
    outliers = sum(int(found.topic_of[index]) < 0 for index in distinct)
    excluded: dict[str, int] = {}
    for reason in sorted(story.excluded for story in ranked if story.excluded is not None):
        excluded[reason] = excluded.get(reason, 0) + 1
    return Statistics(
        posts=len(posts),
        originals=len(distinct),
        retweets=retweets,
        near_duplicates=repeats,
        people=len({post.author_id for post in posts}),
        deleted=inputs.week.deleted,
        topics_found=len(ranked),
        topics_published=len(topics),
        outlier_share=round(outliers / len(distinct), 4) if distinct else 0.0,
        excluded=excluded,
    )


def _manifest(inputs: Inputs) -> Manifest:
    used = {link.url for post in inputs.week.posts for link in post.links}
    resources = {url: inputs.resources[url] for url in sorted(used & set(inputs.resources))}
    influencers = sorted(inputs.influencers, key=lambda influencer: influencer.id)
    return Manifest(
        slice_hash=inputs.week.slice_hash,
        records=len(inputs.week),
        encoder=inputs.week.encoder,
        settings_hash=inputs.config.digest(),
        versions=dict(sorted(inputs.versions.items())),
        previous_hash=content_hash(inputs.previous) if inputs.previous is not None else None,
        influencers_hash=_hash(influencers) if influencers else None,
        resources_hash=_hash(resources) if resources else None,
    )


def _hash(value: object) -> str:
    plain = msgspec.to_builtins(value)
    return hashlib.sha256(orjson.dumps(plain, option=orjson.OPT_SORT_KEYS)).hexdigest()
