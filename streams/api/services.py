"""What the routes work with, and how they get it."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Request

from streams.api.hub import Hub
from streams.api.limits import ApiLimits
from streams.system.metrics import Metrics
from streams.views.board import Board
from streams.views.port import ViewReader

# stage -> records that it is behind; raises when the broker does not answer
LagCheck = Callable[[], Awaitable[Mapping[str, int]]]


@dataclass
class Services:
    """One per app. `maps`: window -> (version of the board, the last map), so that the next one does not flip."""

    views: ViewReader
    board: Board
    hub: Hub
    metrics: Metrics
    limits: ApiLimits
    lag: LagCheck | None
    token: str | None
    public_url: str | None = None  # the address under which readers reach the service
    maps: dict[str, tuple[int | None, dict[str, tuple[float, float]]]] = field(default_factory=dict)

    def address(self, request: Request) -> str:
        """Whole addresses begin with it: the public one, else what this request was sent to."""
        return self.public_url or f"{request.url.scheme}://{request.url.netloc}"


def services_of(request: Request) -> Services:
    """The app's."""
    services: Services = request.app.state.services
    return services


Use = Annotated[Services, Depends(services_of)]
