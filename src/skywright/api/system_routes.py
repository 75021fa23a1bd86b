"""Health, readiness, figures and the audit trail."""

from __future__ import annotations

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from skywright import __version__
from skywright.api.answers import answer
from skywright.api.documented import answers
from skywright.api.schemas import AuditPage, HealthAnswer, ReadyAnswer
from skywright.api.services import caller_of, services_of
from skywright.security.permissions import Permission
from skywright.store.audit import read_audit

router = APIRouter(tags=["system"])
_METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"


@router.get(
    "/health",
    operation_id="getHealth",
    summary="Tell that the process answers",
    responses=answers(HealthAnswer),
)
async def get_health(request: Request) -> Response:
    """Answer at once, without touching anything."""
    return answer({"status": "ok", "version": __version__})


@router.get(
    "/ready",
    operation_id="getReady",
    summary="Tell whether kernels and models are loaded",
    responses={**answers(ReadyAnswer), 503: {"model": ReadyAnswer, "description": "Not yet."}},
)
async def get_ready(request: Request) -> Response:
    """Answer 200 once they are; requests are served before, but the first ones wait."""
    warmth = services_of(request).warmth
    shown = {"ready": warmth.ready, "detail": warmth.detail}
    return answer(shown, 200 if warmth.ready else 503)


@router.get(
    "/metrics",
    operation_id="getMetrics",
    summary="Show figures for Prometheus",
    responses={
        **answers(str),
        200: {"content": {"text/plain": {}}, "description": "Prometheus text format."},
    },
)
async def get_metrics(request: Request) -> Response:
    """Show requests, their seconds, objects judged, jobs unfinished."""
    caller_of(request)
    return Response(services_of(request).metrics.text(), media_type=_METRICS_TYPE)


@router.get(
    "/api/audit",
    operation_id="listAudit",
    summary="Show who wrote what and when",
    responses=answers(AuditPage),
)
async def list_audit(
    request: Request,
    before: Annotated[int | None, Query(description="Rows older than this id.")] = None,
    limit: Annotated[int, Query(ge=1, le=1000, description="Most rows of a page.")] = 100,
) -> Response:
    """Return the newest writes first; for admins."""
    caller_of(request, Permission.READ_AUDIT)
    services = services_of(request)
    rows = await services.work.call(
        partial(read_audit, services.database, before=before, limit=limit)
    )
    more = rows[-1]["id"] if len(rows) == limit else None
    return answer({"rows": rows, "next_before": more})
