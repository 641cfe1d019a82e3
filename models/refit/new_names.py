"""Names that the stream did not know: "CodeNet", "Vertex AI", in the mouths of three people and in like words.

Clustering by meaning puts a small story now here and now there: among "AI writes code" this time, next to a cloud's
prices when a tenth of the posts is missing. Its name stays where it is. What the weeks before spoke of is not new
(`models.digest.known_names`); without weeks before, nothing is known and nothing can be told to be new. Posts that are
mostly hashtags count when their sentence has the name.
"""

from collections.abc import Sequence, Set

from models.events import Tweet
from models.refit.bursting_names import Names, Own, alike
from models.refit.voices import voice_of

PEOPLE = 3  # who say it or pass it on
VOICES = 2  # of whom so many have words of their own
COHERENT = 0.4  # mean cosine (of `own_part`) of the posts to each other
TOLD_ALIKE = 0.5  # of posts so few that they make a topic only with what repeats them


def new_names(
    posts: Sequence[Tweet],
    holders: Names,
    own: Own,
    taken: Set[int],
    bearers: Sequence[Sequence[str]],
    known: Set[str],
    least_posts: int,
) -> list[list[int]]:
    """The posts of each such name, as ascending indices into the `n` `posts` (distinct ones); none in two.

    holders: as `holders_of_names`. own: float64 (n, dimensions), as `features.own_part`. taken: posts of an event
    already. bearers: of each post the author of it and of everything that repeats it. known: names of the weeks before.
    least_posts: repetitions included.
    """
    if not known:
        return []
    found: list[list[int]] = []
    gone = set(taken)
    for name in sorted(holders, key=lambda name: (-len(holders[name]), name)):
        if name in known:
            continue
        held = [index for index in holders[name] if index not in gone]
        together = alike(own, posts, held, COHERENT if len(held) >= least_posts else TOLD_ALIKE)
        said = [author for index in together for author in bearers[index]]
        voices = {voice_of(posts[index]) for index in together}
        if len(said) >= least_posts and len(set(said)) >= PEOPLE and len(voices) >= VOICES:
            found.append(together)
            gone.update(together)
    return found
