"""What the stages are built from."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from models.encoding.hash_encoder import HashEncoder
from streams.redis_store.embed_cache import MemoryEmbedCache
from streams.runtime.pipeline import build_editor, build_embed, build_week_close
from streams.settings import load_settings
from streams.system.metrics import Metrics
from tests.support.made_posts import FakeSend, record, tweet


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


async def test_a_text_of_two_communities_is_encoded_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One encoder and one cache serve all of them, and each result goes to its own community."""
    encoded: list[str] = []

    class Counting(HashEncoder):
        def encode(self, texts: Any) -> npt.NDArray[np.float32]:
            encoded.extend(texts)
            return super().encode(texts)

    monkeypatch.setattr("models.encoding.loading.load_encoder", lambda *_, **__: Counting(64))
    monkeypatch.setattr("streams.redis_store.redis_embed_cache.create_embed_cache", lambda *_, **__: MemoryEmbedCache())
    settings = load_settings(data_dir=tmp_path, communities="ml,bio")
    send = FakeSend()
    stage = build_embed(settings, send, Metrics())
    assert [topic.name for topic in stage.handlers] == ["tweets", "ml.tweets", "bio.tweets"]
    for topic, handle in stage.handlers.items():
        await handle([record(tweet(1), topic=topic.name)])
    assert len(encoded) == 1
    assert [sent.topic for sent in send.sent] == ["tweets.embedded", "ml.tweets.embedded", "bio.tweets.embedded"]
    assert len({sent.value for sent in send.sent}) == 1
