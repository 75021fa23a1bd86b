"""Jobs: how they are, their events, and their end."""

from __future__ import annotations

import json
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse

from skywright.api.answers import answer
from skywright.api.documented import answers
from skywright.api.schemas import JobAnswer
from skywright.api.services import Services, caller_of, services_of
from skywright.errors import NotFoundError
from skywright.security.callers import Caller
from skywright.security.permissions import Permission
from skywright.store.jobs import JobRecord

router = APIRouter(tags=["jobs"])


@router.get(
    "/api/jobs/{job_id}",
    operation_id="getJob",
    summary="Show a job, with its result when it is done",
    responses=answers(JobAnswer, 404),
)
async def get_job(request: Request, job_id: str) -> Response:
    """Status, progress, and the result or the error."""
    services = services_of(request)
    job = await _own(services, caller_of(request), job_id, Permission.SEE_OTHERS)
    return answer(await shown(services, job))


@router.get(
    "/api/jobs/{job_id}/events",
    operation_id="watchJob",
    summary="Follow a job by server-sent events",
    responses={
        **answers(JobAnswer, 404),
        200: {
            "content": {
                "text/event-stream": {"example": 'event: progress\ndata: {"done":300}\n\n'}
            },
            "description": "Events: status, progress (stage, done, of), then one of result, error "
            "or cancelled; comments in between keep the connection.",
        },
    },
)
async def watch_job(request: Request, job_id: str) -> Response:
    """Progress as it comes, then the result; the stream ends with the job."""
    services = services_of(request)
    await _own(services, caller_of(request), job_id, Permission.SEE_OTHERS)
    headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
    return StreamingResponse(
        services.jobs.events(job_id), media_type="text/event-stream", headers=headers
    )


@router.delete(
    "/api/jobs/{job_id}",
    operation_id="cancelJob",
    summary="Cancel a job",
    responses=answers(JobAnswer, 404),
)
async def cancel_job(request: Request, job_id: str) -> Response:
    """Ask it to stop; it ends between two slices of work. A job that has ended stays as it is."""
    services = services_of(request)
    await _own(services, caller_of(request), job_id, Permission.CANCEL_OTHERS)
    return answer(await shown(services, await services.jobs.cancel(job_id)))


async def shown(services: Services, job: JobRecord) -> dict[str, Any]:
    """Return a job as the API shows it."""
    result = await services.jobs.result(job)
    return {
        "id": job.id,
        "kind": job.kind,
        "status": job.status,
        "created_at": job.created_at,
        "finished_at": job.finished_at,
        "progress": services.jobs.progress(job.id),
        "error": json.loads(job.error_json) if job.error_json else None,
        "events": f"/api/jobs/{job.id}/events",
        "result": json.loads(result) if result else None,
    }


async def _own(services: Services, caller: Caller, job_id: str, others: Permission) -> JobRecord:
    """Return a job of the caller's; those of others need ``others``, and are hidden without it."""
    job = await services.jobs.find(job_id)
    if job.owner != caller.name and not caller.may(others):
        message = f"There is no job {job_id[:64]!r}."
        raise NotFoundError(message, hint="A job's id is in the answer that started it.")
    return job
