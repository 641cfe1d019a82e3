"""Ordered release: the order of batches that run at the same time."""

import asyncio

from streams.stages.ordered_release import OrderedRelease


async def settle() -> None:
    """Let all tasks run as far as they can."""
    for _ in range(10):
        await asyncio.sleep(0)


async def test_slots_are_released_in_order_and_a_failure_blocks_later_ones() -> None:
    """The order does not depend on which batch is ready first."""
    order, passed = OrderedRelease(), list[str]()
    first, second, third = order.slot(), order.slot(), order.slot()

    async def go(name: str, slot: object, error: bool = False) -> None:
        async with slot:  # type: ignore[attr-defined]
            passed.append(name)
            if error:
                raise ValueError(name)

    late = [asyncio.ensure_future(go("third", third)), asyncio.ensure_future(go("second", second, error=True))]
    await settle()
    assert passed == []
    await go("first", first)
    await settle()
    assert passed == ["first", "second"]
    assert not late[0].done()
    late[0].cancel()
    await asyncio.gather(*late, return_exceptions=True)
