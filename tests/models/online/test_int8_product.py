"""The library behind the exact products."""

import subprocess
import sys

import numpy as np

from models.online.int8_product import PAYS, WIDE, Work


def test_torch_is_loaded_when_the_products_have_taken_as_long_as_loading_it() -> None:
    """A month of 11,002 posts among 700 topics is far from it; a stream of 1,000 posts/s reaches it in minutes."""
    post, topics = np.zeros((1, 384), np.int8), np.zeros((700, 384), np.int8)
    small = Work()
    assert not any(small.pays(np.zeros((64, 384), np.int8), topics) for _ in range(11_002 // 64))
    busy = Work()
    second = np.zeros((1_000, 384), np.int8)
    turns = next(turn for turn in range(1_000_000) if busy.pays(second, topics))
    assert turns < 600
    assert len(topics) >= WIDE
    assert busy.pays(post, topics), "it stays"
    assert turns * second.shape[0] * topics.size < PAYS


def test_a_small_circle_of_topics_never_loads_torch() -> None:
    """It would take two seconds and 200 MB of every assign process."""
    program = "import sys; from models.online.factory import prepare; prepare(); print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "False"
