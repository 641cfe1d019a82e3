"""Only a stage acknowledges events. Faust's own code must not."""

from pathlib import Path
from typing import Any

from faust.types.tuples import ConsumerMessage

from streams.runtime.faust_app import StageEvent, create_app
from streams.settings import load_settings
from streams.stages.stage import Stage
from streams.system.metrics import Metrics


class _Consumer:
    """Records what is acknowledged."""

    def __init__(self) -> None:
        self.acknowledged: list[int] = []

    def ack(self, message: ConsumerMessage) -> bool:
        self.acknowledged.append(message.offset)
        return True


def test_faust_skips_an_event_without_acknowledging_it(tmp_path: Path) -> None:
    """Without its compiled extension, Faust calls `ack` on events that arrive during a rebalance."""
    settings = load_settings(kafka_bootstrap_servers="127.0.0.1:1", data_dir=tmp_path)
    app = create_app(settings, "embed", lambda *_: Stage("embed", {}), Metrics())
    consumer: Any = _Consumer()
    app.consumer = consumer
    message: Any = ConsumerMessage("tweets", 0, 7, 0.0, 0, {}, b"k", b"v", None)
    message.incref()
    event = app.create_event(b"k", b"v", {}, message)
    assert isinstance(event, StageEvent)
    assert not event.ack()
    assert consumer.acknowledged == []
    assert event.acknowledge()
    assert consumer.acknowledged == [7]
