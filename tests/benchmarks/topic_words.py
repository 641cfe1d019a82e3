"""How well a topic's words fit together over the posts, and how different the topics' words are."""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from models.text import words
from models.week.posts import WeekPosts


def npmi(topics: Sequence[Sequence[str]], week: WeekPosts) -> float:
    """Mean normalised pointwise mutual information of the words of a topic, over the posts (Bouma 2009)."""
    wanted = {word for topic in topics for word in topic}
    bags = [
        wanted & {*words(post.text, (), ()), *text.casefold().split()}
        for post, text in zip(week.posts, week.texts, strict=True)
    ]
    pairs: Counter[tuple[str, str]] = Counter()
    single: Counter[str] = Counter()
    needed = {tuple(sorted((a, b))) for topic in topics for a in topic for b in topic if a < b}
    for bag in bags:
        single.update(bag)
        ordered = sorted(bag)
        pairs.update((a, b) for i, a in enumerate(ordered) for b in ordered[i + 1 :] if (a, b) in needed)
    values = []
    for topic in topics:
        own = []
        for i, a in enumerate(topic):
            for b in topic[i + 1 :]:
                both = pairs[min(a, b), max(a, b)] / len(bags)
                if both == 0:
                    own.append(-1.0)
                elif both == 1:
                    own.append(1.0)
                else:
                    apart = single[a] * single[b] / len(bags) ** 2
                    own.append(float(np.log(both / apart) / -np.log(both)))
        if own:
            values.append(float(np.mean(own)))
    return float(np.mean(values)) if values else 0.0


def diversity(topics: Sequence[Sequence[str]]) -> float:
    """Different words among all topics' words: 1 when no two topics share a word."""
    return len({word for topic in topics for word in topic}) / max(1, sum(map(len, topics)))
