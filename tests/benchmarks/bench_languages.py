"""Stories that are told in several languages: how many end in one topic, with each encoder.

    python -m tests.benchmarks.bench_languages

The stories are invented and in stories_in_languages.txt: each is told by different people in two to four of English,
Spanish, German, French, Portuguese, Japanese and Chinese. Twelve stories a day, every post within half a day.
"""

import random
from pathlib import Path

import numpy as np
import numpy.typing as npt

from models.encoding.loading import load_encoder
from models.online.topic_model import PostBatch
from models.text import clean, spoken_words
from models.text.names import spellings
from models.text.pairs import word_pairs
from models.text.slight import has_few_words
from tests.benchmarks.bench_topics import alone, b_cubed
from tests.benchmarks.topic_baselines import METHODS
from tests.benchmarks.topic_streams import Stream

FILE = Path(__file__).with_name("stories_in_languages.txt")
ENCODERS = ("minilm/fp32", "multilingual/fp32")
METHODS_SHOWN = ("ours", "nearest centroid", "first story")
DAY = 86_400.0
A_DAY = 12  # stories


def told() -> list[list[tuple[str, str]]]:
    """The stories: language and text of each post."""
    blocks = FILE.read_text(encoding="utf-8").split("\n\n")[1:]
    return [[(line[:2], line[3:]) for line in block.strip().splitlines()] for block in blocks]


def stream(encoder: str, seed: int = 5) -> Stream:
    """The posts of all stories by time, as the product would see them."""
    rng = random.Random(seed)
    rows = [
        (1.9e9 + DAY * (story // A_DAY) + rng.random() * DAY / 2, story, text)
        for story, posts in enumerate(told())
        for _, text in posts
    ]
    rows.sort()
    texts = [clean(text, kind="original", links=[]) for _, _, text in rows]
    words = [spoken_words(text) for text in texts]
    posts = PostBatch(
        ids=[f"p{place}" for place in range(len(rows))],
        vectors=load_encoder(encoder, device="cpu").encode(texts).astype(np.float16).astype(np.float32),
        words=words,
        authors=[f"a{place}" for place in range(len(rows))],
        at=np.array([at for at, _, _ in rows], np.float64),
        related=[None] * len(rows),
        retweet=[False] * len(rows),
        pairs=[word_pairs(text) for text in texts],
        slight=[has_few_words(text, own) for text, own in zip(texts, words, strict=True)],
        walls=[0.0] * len(rows),
        spelled=[spellings(text) for text in texts],
    )
    return Stream("stories in languages", posts, np.array([story for _, story, _ in rows], np.int64))


def in_one(truth: npt.NDArray[np.int64], found: npt.NDArray[np.int64], *, pure: bool) -> float:
    """Share of the stories whose posts are all in one topic; `pure`: and no other story's."""
    stories = [found[truth == story] for story in np.unique(truth)]
    whole = [own for own in stories if len(set(own)) == 1]
    return len([own for own in whole if not pure or (found == own[0]).sum() == len(own)]) / len(stories)


def main() -> None:
    """Print the table as Markdown."""
    print("| encoder | method | stories in one topic | alone in it | B³ F1 | topics |\n|---|---|---|---|---|---|")
    for encoder in ENCODERS:
        posts = stream(encoder)
        for method in METHODS_SHOWN:
            found = alone(METHODS[method], posts)["end"]
            shares = [in_one(posts.truth, found, pure=pure) for pure in (False, True)]
            cells = [*(f"{share:.0%}" for share in shares), f"{b_cubed(posts.truth, found):.3f}", str(len(set(found)))]
            print(f"| {encoder} | {method} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
