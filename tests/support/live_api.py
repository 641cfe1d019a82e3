"""The HTTP service on the view in memory, for tests."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
from fastapi import FastAPI
from pydantic import SecretStr

from streams.api.app import create_api
from streams.api.limits import ApiLimits
from streams.settings import load_settings
from streams.views.memory import MemoryViews
from tests.support.view_examples import assignment, digest, event


async def filled() -> MemoryViews:
    """Two topics, one of which absorbed a third, and a digest."""
    views = MemoryViews()
    speech = [
        assignment(f"s{i}", "T1", author=f"a{i}", hours=-i, text="wav2vec speech models", links=["https://a.example/p"])
        for i in range(5)
    ]
    bias = [assignment(f"b{i}", "T2", author=f"b{i}", hours=-i, text="image cropping bias") for i in range(3)]
    old = assignment("o1", "T3", author="c", hours=-2, text="speech recognition")
    await views.apply_assignments([*speech, *bias, old])
    await views.apply_topic_events(
        [
            event("born", "T1", label="Speech without labels", keywords=["speech", "wav2vec"], hours=-4),
            event("born", "T2", label="Image cropping", keywords=["bias"], hours=-2),
            event("merged", "T1", other_ids=["T3"], label="Speech without labels", hours=-1),
        ]
    )
    await views.put_digest(digest("2021-W17"), [("revision", b"2"), ("made_at", b"2021-05-04T00:00:00Z")])
    return views


@asynccontextmanager
async def client(
    views: MemoryViews, *, token: str | None = None, limits: ApiLimits | None = None, **options: Any
) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a running app. The transport's `.app` is the app."""
    settings = load_settings(api_token=SecretStr(token) if token else None)
    app = create_api(settings, views, limits=limits, **options)
    async with running(app) as open_client:
        yield open_client


@asynccontextmanager
async def running(app: FastAPI, host: str = "127.0.0.1") -> AsyncIterator[httpx.AsyncClient]:
    """The app with its lifespan, so that the board is filled."""
    async with app.router.lifespan_context(app):
        hub = app.state.services.hub
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app, raise_app_exceptions=False), base_url=f"http://{host}"
        ) as open_client:
            for _ in range(200):
                if hub.connected:
                    break
                await open_client.get("/healthz")
            yield open_client
