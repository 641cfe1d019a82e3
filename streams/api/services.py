"""The objects that routes use, and how they get them."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import Depends, Request

from models.week.week import Week
from streams.api.hub import Hub, StageCheck
from streams.api.limits import ApiLimits
from streams.api.tokens import Tokens
from streams.clock import Clock, system_clock
from streams.system.metrics import Metrics
from streams.views.board import Board
from streams.views.port import ViewReader


@dataclass
class Services:
    """The objects of one app."""

    views: ViewReader
    board: Board
    hub: Hub
    metrics: Metrics
    limits: ApiLimits
    stages: StageCheck | None  # None without a broker
    tokens: Tokens | None  # None when every request is allowed
    public_url: str | None = None  # the address under which readers reach the service
    base: str = ""  # path under which it is served
    communities: list[str] = field(default_factory=list)  # those that are served beside it
    timezone: str = "UTC"  # of the weeks
    lateness: timedelta = timedelta(hours=24)  # how late a post may arrive and still be in its week's digest
    clock: Clock = system_clock
    kept: tuple[int | None, int, datetime | None] | None = None  # version of the board; its people, and since when

    def due_at(self) -> datetime:
        """When the digest of the present week can be made: the newest post's week, else this one, and its lateness."""
        week = Week.of(self.board.newest or self.clock(), self.timezone)
        return week.end + self.lateness

    def address(self, request: Request) -> str:
        """Whole addresses begin with it: the public one, else what this request was sent to."""
        return self.public_url or f"{request.url.scheme}://{request.url.netloc}{self.base}"


def services_of(request: Request) -> Services:
    """The objects of the request's app."""
    services: Services = request.app.state.services
    return services


Use = Annotated[Services, Depends(services_of)]
