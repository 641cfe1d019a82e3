"""Memory is bounded by bytes, whatever the size of the records."""

import asyncio

from streams.back_pressure import ByteRoom


async def test_who_finds_the_room_full_waits_until_others_leave() -> None:
    """And then enters; a null value needs no room."""
    room = ByteRoom(10)
    assert await room.enter(b"123456") == b"123456"
    assert await room.enter(None) is None
    waiting = asyncio.create_task(room.enter(b"78901"))
    await asyncio.sleep(0.01)
    assert not waiting.done()
    room.leave([b"123456", None])
    assert await asyncio.wait_for(waiting, 5) == b"78901"


async def test_what_is_larger_than_the_room_goes_alone() -> None:
    """It would wait for ever otherwise."""
    room = ByteRoom(10)
    assert await room.enter(b"x" * 11)
    waiting = asyncio.create_task(room.enter(b"1"))
    await asyncio.sleep(0.01)
    assert not waiting.done()
    room.leave([b"x" * 11])
    assert await asyncio.wait_for(waiting, 5) == b"1"
