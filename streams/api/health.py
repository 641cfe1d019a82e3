"""Liveness, readiness, metrics. Readiness names the problem without secrets."""

from fastapi import APIRouter, Request
from starlette.responses import PlainTextResponse, Response

from streams.api import schemas
from streams.api.hub import troubles_of
from streams.api.openapi import answers, described
from streams.api.responses import respond
from streams.api.services import Services, Use
from streams.stages.table import STAGE_INPUTS
from streams.system.logs import get_logger
from streams.views.port import ViewUnavailableError

router = APIRouter(tags=["operation"])
log = get_logger(__name__)


@router.get("/healthz", response_class=PlainTextResponse, summary="Alive")
async def healthz() -> str:
    """The process answers. /readyz reports whether it can work."""
    return "ok\n"


@router.get("/api/communities", responses=described({"here": "ml", "names": ["climate", "ml"]}), summary="Communities")
async def list_communities(request: Request, use: Use) -> Response:
    """Those of this installation, and which one answers; "" for the installation's own people. Each asks for a token of
    its own.
    """
    return respond(request, {"here": use.base.removeprefix("/c/"), "names": use.communities})


@router.get("/readyz", responses=answers(schemas.Readiness), summary="Ready: Redis, broker, stages and lag")
async def readyz(request: Request, use: Use) -> Response:
    """503 unless Redis and the broker answer, and no stage is too far behind or stopped while posts wait."""
    checks = {"redis": "ok"}
    lag: dict[str, int] = {}
    runs: dict[str, bool] = {}
    try:
        await use.views.ping()
    except ViewUnavailableError:
        checks["redis"] = "does not answer"
    if use.stages is not None:
        try:
            stages = await use.stages()
        except Exception as error:  # noqa: BLE001 (any error of the broker's client means "not ready")
            log.warning("lag unknown: broker gives no answer", error=f"{type(error).__name__}: {error}")
            checks["kafka"] = "does not answer"
        else:
            checks["kafka"] = "ok"
            lag = {stage: state.waiting for stage, state in stages.items()}
            runs = {stage: state.running for stage, state in stages.items()}
            checks["stages"] = "; ".join(troubles_of(stages)) or "ok"
            behind = [stage for stage, records in lag.items() if records > use.limits.max_lag]
            checks["lag"] = f"behind: {', '.join(sorted(behind))}" if behind else "ok"
    ready = all(state == "ok" for state in checks.values())
    response = respond(request, schemas.Readiness(ready=ready, checks=checks, lag=lag, stages=runs), cache="no-store")
    if not ready:
        response.status_code = 503
    return response


@router.get("/metrics", response_class=PlainTextResponse, summary="Prometheus metrics")
async def metrics(use: Use) -> Response:
    """Prometheus' text format. It includes the lag of every stage, because a stopped stage cannot report its own."""
    await _export_lag(use)
    return Response(
        use.metrics.text(),
        media_type="text/plain; version=0.0.4; charset=utf-8",
        headers={"Cache-Control": "no-store"},
    )


async def _export_lag(use: Services) -> None:
    """Export the lag. Without an answer from the broker there is no number rather than an old one."""
    gauge, running = use.metrics.gauge("lag_records"), use.metrics.gauge("stage_running")
    gauge.clear()
    running.clear()
    if use.stages is None:
        return
    try:
        stages = await use.stages()
    except Exception as error:  # noqa: BLE001 (on any error of the broker's client the other metrics are served)
        log.warning("lag unknown: broker gives no answer", error=f"{type(error).__name__}: {error}")
        return
    for stage, state in stages.items():
        gauge.labels(stage=stage, topic=STAGE_INPUTS[stage].name).set(state.waiting)
        running.labels(stage=stage).set(state.running)
