"""What is asked of consumer groups, where the broker has not made its topic of offsets yet."""

from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka.errors import GroupCoordinatorNotAvailableError

from streams.kafka import lag
from streams.settings import load_settings


class FreshBroker:
    """Has no coordinator when it is first asked, and begins to make one."""

    asked = 0

    def __init__(self, **_: Any) -> None: ...

    async def start(self) -> None: ...

    async def close(self) -> None: ...

    async def describe_consumer_groups(self, groups: list[str]) -> list[Any]:
        FreshBroker.asked += 1
        if FreshBroker.asked == 1:
            raise GroupCoordinatorNotAvailableError
        return [SimpleNamespace(groups=[(0, groups[0], "", "", "", ["a member"])])]


async def test_a_fresh_broker_is_asked_again_for_the_members_of_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    """`toptopics status` right after `toptopics up` otherwise says that the broker does not tell."""
    monkeypatch.setattr(lag, "AIOKafkaAdminClient", FreshBroker)
    found = await lag.member_counts(load_settings(kafka_bootstrap_servers="127.0.0.1:1"), ["assign"])
    assert found == {"assign": 1}
