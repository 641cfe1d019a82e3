"""What a topic is about in the end: its posts without the stragglers that density swept in.

A cluster of short posts is a story with neighbours ("SN15 has landed" with "a hotel in space"). The core is found by a
sign, which is a word, a phrase or a link of the topic's own that most people take up, and by closeness to the posts
that hold it: these, and those about as close to their middle. A topic whose people agree on no sign keeps the posts
near its middle. Everything that a reader sees of a topic, and next week's matching, is about its core; whether it is
junk is judged by the whole.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from models.ranking.story_facts import WeekWords, own_words
from models.refit.closeness import as_close
from models.refit.story import Story
from models.week.config import DigestConfig
from models.week.posts import WeekPosts

LEAST_PEOPLE = 3  # who share a sign, for it to be the topic's
LEAST_VOICES = 2  # who say it in words of their own
UNNAMED = 0.6  # worth of a sign that is a common word, beside a name or a link


def cores(stories: Sequence[Story], week: WeekPosts, vocabulary: WeekWords, config: DigestConfig) -> list[Story]:
    """`stories` in their order, each with the members, distinct posts and centroid of its core.

    A core too small for a topic (posts, repeats included, and people of the settings) is none: that story stays whole,
    and so does a named event.
    """
    made = [story if story.event else _core(story, week, vocabulary) for story in stories]
    return [core if _is_enough(core, week, config) else story for core, story in zip(made, stories, strict=True)]


def _is_enough(core: Story, week: WeekPosts, config: DigestConfig) -> bool:
    people = {week.posts[index].author_id for index in core.members.tolist()}
    return len(core.members) >= config.min_topic_posts and len(people) >= config.min_topic_people


def _core(story: Story, week: WeekPosts, vocabulary: WeekWords) -> Story:
    signed = np.isin(story.distinct, _holders_of_the_sign(story, week, vocabulary))
    vectors = vocabulary.own_vectors(week, story)
    kept = story.distinct[signed | as_close(vectors[signed] if signed.any() else vectors, vectors)]
    centroid = week.vectors[kept].astype(np.float64).mean(axis=0)
    bearers = story.bearers()
    members = np.array(sorted(index for post in kept for index in bearers[int(post)]), dtype=np.int64)
    original = {index: int(post) for post in kept for index in bearers[int(post)]}
    return replace(
        story,
        members=members,
        distinct=kept,
        centroid=(centroid / max(float(np.linalg.norm(centroid)), 1e-9)).astype(np.float32),
        repeated=np.array([original[index] for index in members.tolist()], dtype=np.int64),
        around=story,
    )


def _holders_of_the_sign(story: Story, week: WeekPosts, vocabulary: WeekWords) -> list[int]:
    """The distinct posts that hold the word, phrase or link of the topic's own that most people take up."""
    bearers = story.bearers()
    holders: dict[str, list[int]] = defaultdict(list)
    own = own_words(story, vocabulary)
    for index in bearers:
        links = {f"link {link.url}" for link in week.posts[index].links}
        for sign in own.intersection(vocabulary.of_post[index]) | links:
            holders[sign].append(index)
    best, chosen = 0.0, ""
    for sign in sorted(holders):
        voices = {week.posts[index].author_id for index in holders[sign]}
        people = {week.posts[bearer].author_id for index in holders[sign] for bearer in bearers[index]}
        if len(people) >= LEAST_PEOPLE and len(voices) >= LEAST_VOICES:
            known = sign.startswith("link ") or vocabulary.spelling.is_name(sign)
            worth = (len(people) + len(voices)) * (1.0 if known else UNNAMED)
            if worth > best:
                best, chosen = worth, sign
    return holders[chosen] if chosen else []
