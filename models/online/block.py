"""The posts since the centroids last moved: what waits to be added at the end of the block."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from models.online.config import OnlineConfig
from models.online.lexicon import Floats


@dataclass
class Block:
    """Running state of one block; its bounds are fixed by the stream, not by batches.

    limit: posts at which it ends. slots, at: topic and time of each post that will pull on its topic. rows: their
    vectors, as pieces of any height.
    """

    posts: int = 0
    limit: int = 0
    start: float = 0.0
    slots: list[int] = field(default_factory=list)
    at: list[float] = field(default_factory=list)
    rows: list[Floats] = field(default_factory=list)

    def over(self, at: float, config: OnlineConfig) -> bool:
        """Whether the block ends before a post of this time."""
        return self.posts > 0 and at - self.start >= config.block_seconds

    def full(self) -> bool:
        """Whether the block ends now."""
        return self.posts >= self.limit

    def reach(self, at: npt.NDArray[np.float64], start: int, topics: int, config: OnlineConfig) -> int:
        """End (exclusive) of the posts from `start` on that belong to this block; opens it when it is empty.

        The more `topics` are alive, the fewer posts of a block meet in one, and the longer it may be.
        """
        if self.posts == 0:
            self.start = float(at[start])
            self.limit = max(config.block_posts, int(config.block_share * topics))
        stop = min(len(at), start + self.limit - self.posts)
        late = np.flatnonzero(at[start:stop] - self.start >= config.block_seconds)
        return start + int(late[0]) if len(late) else stop

    def clear(self) -> None:
        """Begin the next one."""
        self.posts = 0
        self.slots, self.at, self.rows = [], [], []
