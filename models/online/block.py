"""The posts since the last update of the centroids. They are added at the end of the block."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from models.online.config import OnlineConfig
from models.online.lexicon import Floats


@dataclass
class Block:
    """The running state of one block. Its bounds are set by the stream, not by batches."""

    posts: int = 0  # posts so far
    limit: int = 0  # number of posts at which it ends
    start: float = 0.0  # event time of the first post
    slots: list[int] = field(default_factory=list)  # topic of each waiting post
    at: list[float] = field(default_factory=list)  # time of each waiting post
    rows: list[Floats] = field(default_factory=list)  # vectors of the waiting posts, in pieces of any height

    def over(self, at: float, config: OnlineConfig) -> bool:
        """Whether the block ends before a post of this time."""
        return self.posts > 0 and at - self.start >= config.block_seconds

    def full(self) -> bool:
        """Whether the block ends now."""
        return self.posts >= self.limit

    def reach(self, at: npt.NDArray[np.float64], start: int, topics: int, config: OnlineConfig) -> int:
        """The end (exclusive) of the posts of this block, from `start` on. Opens an empty block.

        The more `topics` are alive, the fewer posts of a block share a topic, and the longer the block may be.

        Args:
            at: Times of the posts in seconds, float64.
            start: First post.
            topics: Number of live topics.
            config: Bounds of a block.
        """
        if self.posts == 0:
            self.start = float(at[start])
            self.limit = max(config.block_posts, int(config.block_share * topics))
        stop = min(len(at), start + self.limit - self.posts)
        late = np.flatnonzero(at[start:stop] - self.start >= config.block_seconds)
        return start + int(late[0]) if len(late) else stop

    def clear(self) -> None:
        """Start the next block."""
        self.posts = 0
        self.slots, self.at, self.rows = [], [], []
