"""The posts since the centroids last moved: what waits to be added at the end of the block."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from models.online_config import OnlineConfig
from models.online_evidence import Floats


@dataclass
class Waiting:
    """One post that will pull on its topic."""

    slot: int
    vector: Floats
    at: float


@dataclass
class Block:
    """Running state of one block; its bounds are fixed by the stream, not by batches."""

    posts: int = 0
    start: float = 0.0
    waiting: list[Waiting] = field(default_factory=list)

    def add(self, slot: int, vector: Floats, at: float, new: bool) -> None:
        """Keep a post for the end of the block. `new`: it founded the topic and is in its sums already."""
        if not new:
            self.waiting.append(Waiting(slot, vector, at))

    def over(self, at: float, config: OnlineConfig) -> bool:
        """Whether the block ends before a post of this time."""
        return self.posts > 0 and at - self.start >= config.block_seconds

    def full(self, config: OnlineConfig) -> bool:
        """Whether the block ends now."""
        return self.posts >= config.block_posts

    def reach(self, at: npt.NDArray[np.float64], start: int, config: OnlineConfig) -> int:
        """End (exclusive) of the posts from `start` on that belong to this block; opens it when it is empty."""
        if self.posts == 0:
            self.start = float(at[start])
        stop = min(len(at), start + config.block_posts - self.posts)
        late = np.flatnonzero(at[start:stop] - self.start >= config.block_seconds)
        return start + int(late[0]) if len(late) else stop
