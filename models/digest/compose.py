"""Computes the digest of a closed week: refit, rank, match, write. Pure: equal inputs give equal bytes (law 2).

Inputs: the canonical week (`WeekPosts`), the digest of the previous week, the curated influencers, the settings, the
library versions, and optional titles of link targets. Output: a `Digest` of at most `max_entries` stories in three
forms (`ranking.forms`) and at most `max_words`; every sentence cites posts of the week.

WeekPosts -> refit (themes) ──────────────────────────┐
          -> units -> ranked (stories) -> forms -> matched with last week's -> written

There is no clock, no set order and no `hash()`: lists are sorted with ids as the last key, and floats are rounded
before comparison. Titles fetched from the network change over time. Without `resources` a digest uses only the content
of the posts, and a replay gives the same bytes; with them, the manifest's `resources_hash` lists them as an input.
"""

import hashlib
from collections.abc import Mapping, Sequence

import msgspec
import orjson

from models.digest.cited import addresses, cited_posts, entries_in
from models.digest.inputs import Inputs
from models.digest.lesson import week_topics
from models.digest.section import brief, section, themed_list, within_budget
from models.events import (
    Brief,
    Digest,
    DigestTopic,
    Influencer,
    Link,
    Manifest,
    Statistics,
    TopicIdentity,
    TopicKind,
)
from models.events.week_topics import WeekTopics
from models.events.wire import content_hash
from models.ranking.continuity import match, status_of
from models.ranking.forms import Forms, forms
from models.ranking.identities import MAX_TOPICS, Found, identities
from models.ranking.influence import influence
from models.ranking.publishers import publishers
from models.ranking.selection import ranked
from models.ranking.vocabulary import NO_PAST, Past, past_of, vocabulary, with_week
from models.refit.story import Continuity, RankedStory, Refit, Story, Theme
from models.refit.units import find_units
from models.week.config import DigestConfig
from models.week.posts import WeekPosts
from models.week.progress import StepProgress
from models.wording.change import faded
from models.wording.statements import tellable
from models.wording.summary import headline, overview_line
from models.wording.titles import group_name


def build_week(
    week: WeekPosts,
    *,
    previous: Digest | None,
    influencers: Sequence[Influencer],
    config: DigestConfig,
    versions: Mapping[str, str],
    resources: Mapping[str, Link] | None = None,
    progress: StepProgress | None = None,
) -> tuple[Digest, WeekTopics]:
    """Return the digest of `week`, and the WeekTopics for the live topics.

    Args:
        week: posts of a closed week.
        previous: digest of the previous week, if there is one.
        influencers: the curated people.
        config: the settings.
        versions: library versions, for the manifest.
        resources: URL in a post -> its target.
        progress: called as `progress(step, share done)` from the same thread.
    """
    from models.refit.bertopic_refit import refit  # imported here because BERTopic takes seconds to import

    report = progress or (lambda step, share: None)
    found = refit(week, config, progress=progress)
    report("finding stories", 0.9)
    units = find_units(week, found.duplicate_of)
    report("ranking", 0.93)
    past = past_of(previous)
    words = vocabulary(week, publishers(week.posts), past)
    scores = influence(week, influencers)
    values = {author: score.value for author, score in scores.items()}
    inputs = Inputs(week, previous, influencers, config, versions, resources or {}, values)
    best = ranked(week, units, words, scores, config, lambda post: tellable([post], inputs.usage))
    continued = match(found.themes, week, previous, config, "theme")
    themes = [Theme(**vars(one), **vars(known)) for one, known in zip(found.themes, continued, strict=True)]
    stories = _known(best.stories, match(best.stories, week, previous, config, "story"), found, themes)
    chosen = forms(week, stories[: best.told])
    report("writing", 0.96)
    others, past = stories[best.told :], with_week(past, words)
    digest = write_digest(inputs, found, chosen, others, themes=themes, found=best.found, past=past)
    taught = week_topics(digest, week, [*themes, *chosen.stories()])
    report("done", 1.0)
    return digest, taught


def write_digest(
    inputs: Inputs,
    refit: Refit,
    chosen: Forms,
    others: Sequence[Story] = (),
    *,
    themes: Sequence[Theme] = (),
    found: int = 0,
    past: Past = NO_PAST,
) -> Digest:
    """Return the digest of stories that are ranked and matched.

    Args:
        inputs: all other inputs of the digest.
        refit: the refit's result.
        chosen: the stories to publish, by form.
        others: unpublished stories that stories of the next week may continue.
        themes: its themes with their ids.
        found: number of stories in the week, published or not.
        past: the vocabulary of the weeks up to now.
    """
    week, previous = inputs.week, inputs.previous
    before = {identity.id: identity for identity in previous.identities} if previous else {}
    titles: set[str] = set()  # case folded: no two entries have the same
    sections = []
    for story in chosen.sections:
        if topic := section(inputs, story, before.get(story.previous_id or ""), titles):
            sections.append(topic)
            titles.add(topic.label.casefold())
    lists = [_themed_list(inputs, kind, stories) for kind, stories in chosen.lists]
    briefs: list[Brief] = []
    for story in chosen.briefs:
        if line := brief(inputs, story, titles):
            briefs.append(line)
            titles.add(line.label.casefold())
    theme_of = {story.id: story.theme for story in chosen.sections}
    topics = [msgspec.structs.replace(topic, theme=theme_of.get(topic.id)) for topic in (*sections, *lists) if topic]
    ids = [post.id for post in week.posts]
    opening = len(headline(topics, briefs, ids).text.split())
    topics, briefs = within_budget(topics, briefs, inputs.config.max_words - opening)
    digest = Digest(
        week=str(week.week),
        start=week.week.start,
        end=week.week.end,
        timezone=week.week.timezone,
        headline=headline(topics, briefs, ids),
        overview=[overview_line(topic, comparable=previous is not None) for topic in topics],
        topics=topics,
        faded=faded(previous, topics, week.posts),
        statistics=_statistics(inputs, refit, found, topics, briefs),
        identities=_identities(inputs, refit, themes, [*chosen.stories(), *others], topics, briefs),
        manifest=_manifest(inputs),
        briefs=briefs,
        past_words=dict(past.words),
        past_people=past.people,
    )
    return msgspec.structs.replace(digest, repeats=_repeats(digest, week), addresses=addresses(digest, week.posts))


def _repeats(digest: Digest, week: WeekPosts) -> dict[str, str]:
    cited = cited_posts(digest)
    retweets = (post for post in week.posts if post.kind == "retweet" and post.id in cited)
    return {post.id: post.related_id for post in retweets if post.related_id is not None}


def _known(
    stories: Sequence[RankedStory], continued: Sequence[Continuity], found: Refit, themes: Sequence[Theme]
) -> list[Story]:
    """Return `stories` with what they continue, and with the id of the theme that most of their posts belong to."""
    places = [found.theme_of(story.distinct) for story in stories]
    return [
        Story(**vars(story), **vars(known), theme=None if place is None else themes[place].id)
        for story, known, place in zip(stories, continued, places, strict=True)
    ]


def _themed_list(inputs: Inputs, kind: TopicKind, stories: Sequence[Story]) -> DigestTopic | None:
    """Return the list of a kind; its id is the kind, so that a reader finds it again every week."""
    last = next((topic for topic in inputs.previous.topics if topic.id == kind), None) if inputs.previous else None
    posts = sum(len(story.members) for story in stories)
    return themed_list(
        inputs,
        kind,
        kind,
        stories,
        status="new" if last is None else status_of(posts, last.posts),
        previous_id=None if last is None else last.id,
        previous_posts=0 if last is None else last.posts,
        score=max(story.score for story in stories),
    )


def _identities(
    inputs: Inputs,
    refit: Refit,
    themes: Sequence[Theme],
    stories: Sequence[Story],
    topics: Sequence[DigestTopic],
    briefs: Sequence[Brief],
) -> list[TopicIdentity]:
    week = inputs.week
    told = {topic.id: topic.label for topic in topics} | {line.id: line.label for line in briefs}
    entries = told.keys() | {item.id for topic in topics for item in topic.items}
    themes = themes[:MAX_TOPICS]  # the largest: no others are kept, and naming thousands takes minutes
    everything: list[Theme | Story] = [*themes, *stories]
    named = dict(told)
    taken = set(map(str.casefold, told.values()))
    for one in everything:
        if one.id not in named:
            posts = [week.posts[index] for index in one.distinct.tolist()]
            named[one.id] = group_name(posts, [word for word, _ in one.words], inputs.usage, taken)
            taken.add(named[one.id].casefold())
    found = [Found(story, "theme", named[story.id]) for story in themes]
    found += [Found(story, "story", named[story.id]) for story in stories]
    return identities(week, found, entries, inputs.previous)


def _statistics(
    inputs: Inputs, refit: Refit, found: int, topics: Sequence[DigestTopic], briefs: Sequence[Brief]
) -> Statistics:
    posts = inputs.week.posts
    originals = refit.duplicate_of.tolist()
    distinct = [index for index, original in enumerate(originals) if index == original]
    retweets = sum(post.kind == "retweet" for post in posts)
    repeats = sum(index != original and posts[index].kind != "retweet" for index, original in enumerate(originals))
    outliers = sum(int(refit.topic_of[index]) < 0 for index in distinct)
    return Statistics(
        posts=len(posts),
        originals=len(distinct),
        retweets=retweets,
        near_duplicates=repeats,
        people=len({post.author_id for post in posts}),
        deleted=inputs.week.deleted,
        topics_found=found,
        topics_published=entries_in(topics, briefs),
        outlier_share=round(outliers / len(distinct), 4) if distinct else 0.0,
        themes=len(refit.themes),
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
