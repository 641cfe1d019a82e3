"""The archive of a Jetstream v2 host, over the events of a `Jetstream`: plans, blocks and whole segments.

Rows lie in blocks of `BLOCK`, blocks in segments of `SEGMENT`; the first segment is served whole, the others by block.
A plan names every block that has a row of the wanted people, so that blocks hold other people's rows too, and has one
segment a page.
"""

import hashlib
import struct
from typing import Any

import libipld
import zstandard
from aiohttp import web

from tests.support.source_servers.bluesky_network import Jetstream
from tests.support.source_servers.hosting import Faults, Stop, serve_app

KEY = "key-of-the-test"
BLOCK, SEGMENT = 5, 3
_KINDS = {"create": 1, "update": 2, "delete": 3, "identity": 4, "account": 5}
_HEADER = 256


class BlueskyArchive:
    """Faults of a request: "503", "429" (Retry-After 0), "cut" (half of the block)."""

    def __init__(self, network: Jetstream, *faults: str) -> None:
        self._network = network
        self.faults = Faults(*faults)
        self._fault = ""
        self.asked: list[str] = []
        self.plans: list[dict[str, Any]] = []

    async def start(self) -> tuple[int, Stop]:
        app = web.Application(middlewares=[self._checked])
        app.add_routes(
            [
                web.post("/xrpc/network.bsky.jetstream.planSnapshot", self._plan),
                web.get("/xrpc/network.bsky.jetstream.getBlock", self._block),
                web.get("/xrpc/network.bsky.jetstream.getSegment", self._segment),
            ]
        )
        return await serve_app(app)

    @web.middleware
    async def _checked(self, request: web.Request, handler: Any) -> web.StreamResponse:
        self.asked.append(request.path.rpartition(".")[2])
        if request.headers.get("Authorization") != f"Bearer {KEY}":
            return web.json_response({"error": "AuthRequired", "message": "no key"}, status=401)
        fault = self.faults.next()
        if fault.isdecimal():
            return web.json_response({"error": "no"}, status=int(fault), headers={"Retry-After": "0"})
        self._fault = fault
        answer: web.StreamResponse = await handler(request)
        return answer

    def _blocks(self) -> list[list[tuple[int, dict[str, Any]]]]:
        rows = list(enumerate(self._network.events, start=1))
        return [rows[start : start + BLOCK] for start in range(0, len(rows), BLOCK)]

    async def _plan(self, request: web.Request) -> web.Response:
        wanted = await request.json()
        self.plans.append(wanted)
        blocks = self._blocks()
        tip = wanted.get("beforeSeq") or len(self._network.events)
        segments = [range(start, min(start + SEGMENT, len(blocks))) for start in range(0, len(blocks), SEGMENT)]
        for number, places in enumerate(segments):
            first, last = blocks[places[0]][0][0], blocks[places[-1]][-1][0]
            if last <= wanted["afterSeq"] or first > tip:
                continue
            dids = set(wanted.get("dids") or [])
            hits = [place - places[0] for place in places if any(event["did"] in dids for _seq, event in blocks[place])]
            entry: dict[str, Any] = {
                "name": f"seg_{number}", "index": number, "minSeq": first, "maxSeq": last,
                "checksum": hashlib.sha256(str(number).encode()).hexdigest()[:16],
                "mode": "segment" if number == 0 else "blocks",
            }  # fmt: skip
            if number:
                entry["blocks"] = [{"first": hit, "last": hit} for hit in hits]
            return self._page([entry] if hits else [], last, tip)
        return self._page([], tip, tip)

    def _page(self, segments: list[dict[str, Any]], through: int, tip: int) -> web.Response:
        stats = {"blocksMatched": 0, "entries": len(segments), "segmentsExamined": 1, "segmentsMatched": len(segments)}
        through = min(through, tip)
        return web.json_response(
            {"plannedThroughSeq": through, "sealedTipSeq": tip, "segments": segments, "stats": stats}
        )

    async def _block(self, request: web.Request) -> web.Response:
        segment, place = int(request.query["segment"].partition("_")[2]), int(request.query["blockIndex"])
        return self._bytes(encoded(self._blocks()[segment * SEGMENT + place]))

    async def _segment(self, request: web.Request) -> web.Response:
        segment = int(request.query["name"].partition("_")[2])
        blocks = self._blocks()[segment * SEGMENT : (segment + 1) * SEGMENT]
        frames = [encoded(block) for block in blocks]
        header = bytearray(_HEADER)
        header[:4] = b"jss0"
        struct.pack_into("<QHII", header, 4, 1, 1, len(blocks), sum(map(len, blocks)))
        body = bytes(header) + b"".join(len(frame).to_bytes(8, "little") + frame for frame in frames)
        start, _dash, end = request.headers.get("Range", "bytes=0-").removeprefix("bytes=").partition("-")
        return self._bytes(body[int(start) : int(end or len(body)) + 1])

    def _bytes(self, body: bytes) -> web.Response:
        if self._fault == "cut":
            body = body[: len(body) // 2]
        return web.Response(body=body, content_type="application/octet-stream")


def encoded(rows: list[tuple[int, dict[str, Any]]]) -> bytes:
    """A block in the archive's columns: fixed ones, then the lengths' bytes."""
    columns = [_columns(seq, event) for seq, event in rows]
    fixed = zip(*(numbers for numbers, _blobs in columns), strict=True)
    data = struct.pack("<I", len(rows))
    for (name, values), letter in zip(enumerate(fixed), "QqqBBHBBI", strict=True):
        data += struct.pack(f"<{len(rows)}{letter}", *values) if name >= 0 else b""
    for blobs in zip(*(blobs for _numbers, blobs in columns), strict=True):
        data += b"".join(blobs)
    return zstandard.ZstdCompressor().compress(data)


def _columns(seq: int, event: dict[str, Any]) -> tuple[tuple[int, ...], tuple[bytes, ...]]:
    commit = event.get("commit") or {}
    kind = _KINDS[commit.get("operation") or event["kind"]]
    told = commit.get("record") if commit else {"seq": seq, "time": "2026-01-01T00:00:00Z", **event[event["kind"]]}
    payload = libipld.encode_dag_cbor(told) if told is not None else b""
    names = (commit.get("collection", ""), event["did"], commit.get("rkey", ""), commit.get("rev", ""))
    texts = tuple(name.encode() for name in names)
    blobs = (*texts, payload)
    return (seq, event["time_us"], 0, kind, *map(len, blobs)), blobs
