"""What the stages are built from."""

from pathlib import Path

from streams.runtime.pipeline import build_editor, build_week_close
from streams.settings import load_settings
from streams.system.metrics import Metrics
from tests.support.made_posts import FakeSend


async def test_the_editor_runs_beside_week_close_only_with_a_language_model(tmp_path: Path) -> None:
    """Without one the stage is what it was; a process that stands by starts nothing, and stopping ends both."""
    models: list[dict[str, object]] = [{}, {"llm_base_url": "http://127.0.0.1:9/v1", "llm_model": "tiny"}]
    for given in models:
        settings = load_settings(data_dir=tmp_path, kafka_bootstrap_servers="127.0.0.1:9", **given)
        assert (build_editor(settings, FakeSend(), Metrics()) is not None) == bool(given)
        stage = build_week_close(settings, FakeSend(), Metrics())
        assert stage.tick is not None
        assert stage.stop is not None
        await stage.tick(False)
        await stage.stop()
