"""The libraries that a refit does not load, and the code that it keeps compiled. Each test uses a new process."""

import subprocess
import sys


def said(program: str) -> str:
    """The output of `program`."""
    return subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout.strip()


def test_bertopic_comes_without_what_writes_and_draws() -> None:
    """A later import of them still works."""
    program = (
        "import sys; from models.refit.light_bertopic import UNUSED, bertopic_class, ctfidf, no_reduction\n"
        "bertopic_class(), ctfidf(), no_reduction()\n"
        "print([name for name in UNUSED if name in sys.modules])\n"
        "import plotly; print(plotly.__name__)"
    )
    assert said(program).split("\n") == ["[]", "plotly"]


def test_what_is_loaded_already_stays() -> None:
    """A process that has loaded the package keeps it."""
    program = (
        "import sys, plotly; from models.refit.light_bertopic import bertopic_class\n"
        "bertopic_class(); print(sys.modules['plotly'] is plotly)"
    )
    assert said(program) == "True"


def test_umaps_loops_are_kept_once_they_are_compiled() -> None:
    """In a folder, if one is writable."""
    program = (
        "from models.refit.light_bertopic import umap_class; umap_class()\n"
        "import umap; print(bool(umap.umap_.smooth_knn_dist.stats.cache_path))"
    )
    assert said(program) == "True"
