"""The libraries that a refit does not load, and the code that it keeps compiled."""

import importlib
import subprocess
import sys

import pytest

from models.refit.light_bertopic import UNUSED, bertopic_class

PROGRAM = """
import sys
from models.refit.light_bertopic import UNUSED, bertopic_class, ctfidf, no_reduction
bertopic_class(), ctfidf(), no_reduction()
print([name for name in UNUSED if name in sys.modules])
import umap
print(bool(umap.umap_.smooth_knn_dist.stats.cache_path))
import plotly
print(plotly.__name__)
"""


@pytest.fixture(scope="module")
def said() -> list[str]:
    """What PROGRAM prints in a new process, which has loaded nothing yet."""
    done = subprocess.run([sys.executable, "-c", PROGRAM], check=True, capture_output=True, text=True)
    return done.stdout.splitlines()


def test_bertopic_comes_without_what_writes_and_draws(said: list[str]) -> None:
    """A later import of them still works."""
    assert (said[0], said[2]) == ("[]", "plotly")


def test_umaps_loops_are_kept_once_they_are_compiled(said: list[str]) -> None:
    """In a folder, if one is writable."""
    assert said[1] == "True"


def test_what_is_loaded_already_stays() -> None:
    """A process that has loaded the package keeps it, here this one."""
    plotly = importlib.import_module("plotly")
    bertopic_class()
    assert sys.modules["plotly"] is plotly
    assert "plotly" in UNUSED
