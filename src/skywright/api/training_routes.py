"""``/api/training/jobs``: submitted, listed, followed, stopped."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import TypeAdapter

from skywright.api.answers import answer, json_bytes
from skywright.api.bodies import check, read_json
from skywright.api.documented import answers, body
from skywright.api.services import Services, caller_of, services_of
from skywright.api.training_schemas import (
    TrainingJobAnswer,
    TrainingJobsAnswer,
    TrainingLogAnswer,
    TrainingRequest,
)
from skywright.errors import AccessError, InputError, NotFoundError
from skywright.security.callers import Caller
from skywright.security.permissions import Permission
from skywright.security.roles import Role

if TYPE_CHECKING:
    from skywright.foundry.jobs.job import Job
    from skywright.foundry.recipe import Recipe

router = APIRouter(tags=["training"])
_REQUEST = TypeAdapter(TrainingRequest)
_LOOK_EVERY_S = 0.5
_COMMENT_EVERY = 30
_ENDED = frozenset({"completed", "failed", "cancelled", "parked"})
_EXAMPLE = {
    "recipe": {"name": "wheel-fault", "kind": "lightgbm", "target": "fault"},
    "data": "wheel-telemetry@latest",
}


@router.post(
    "/api/training/jobs",
    operation_id="createTrainingJob",
    summary="Train a model",
    status_code=201,
    responses=answers(TrainingJobAnswer, 404, 409, status=201, text="The job, on record."),
    openapi_extra=body(TrainingRequest, example=_EXAMPLE),
)
async def create_training_job(request: Request) -> Response:
    """Put a job on record; a worker takes it, and its gate decides whether the model is used."""
    caller = caller_of(request, Permission.TRAIN)
    services = services_of(request)
    asked = check(_REQUEST, await read_json(request))
    job = await services.work.call(_submit, services, caller, asked)
    return answer(shown(job), 201, {"location": f"/api/training/jobs/{job.id}"})


@router.get(
    "/api/training/jobs",
    operation_id="listTrainingJobs",
    summary="List training jobs, the newest first",
    responses=answers(TrainingJobsAnswer),
)
async def list_training_jobs(
    request: Request,
    status: Annotated[str | None, Query(description="Only those of this status.")] = None,
    limit: Annotated[int, Query(ge=1, le=1000, description="Most jobs.")] = 100,
) -> Response:
    """Return the caller's own jobs, or all of them to those who may see them."""
    caller, services = caller_of(request), services_of(request)
    jobs = await services.work.call(
        partial(services.workplace().queue.list, status=status, limit=limit)
    )
    seen = [job for job in jobs if job.owner == caller.name or caller.may(Permission.SEE_OTHERS)]
    return answer({"jobs": [shown(job) for job in seen]})


@router.get(
    "/api/training/jobs/{job_id}",
    operation_id="getTrainingJob",
    summary="Show a training job",
    responses=answers(TrainingJobAnswer, 404),
)
async def get_training_job(request: Request, job_id: str) -> Response:
    """Status, attempts, and the result or the error."""
    services = services_of(request)
    return answer(shown(await _own(services, caller_of(request), job_id, Permission.SEE_OTHERS)))


@router.delete(
    "/api/training/jobs/{job_id}",
    operation_id="cancelTrainingJob",
    summary="Cancel a training job",
    responses=answers(TrainingJobAnswer, 404),
)
async def cancel_training_job(request: Request, job_id: str) -> Response:
    """Stop it in the middle of whatever it does; a job that has ended stays as it is."""
    caller, services = caller_of(request), services_of(request)
    await _own(services, caller, job_id, Permission.CANCEL_OTHERS)
    queue = services.workplace().queue
    return answer(shown(await services.work.call(queue.cancel, job_id, caller.name)))


@router.get(
    "/api/training/jobs/{job_id}/logs",
    operation_id="getTrainingLog",
    summary="Read or follow the log of a training job",
    responses={
        **answers(TrainingLogAnswer, 404),
        200: {
            "model": TrainingLogAnswer,
            "content": {"text/event-stream": {"example": 'id: 3\nevent: log\ndata: {"line":3}\n'}},
            "description": "The lines so far; with Accept: text/event-stream they are sent as they "
            "come, each with its number as the event's id, and the job itself at the end.",
        },
    },
)
async def get_training_log(
    request: Request,
    job_id: str,
    after: Annotated[int, Query(ge=0, description="Lines beyond this number.")] = 0,
    last_event_id: Annotated[str | None, Header(description="Where a stream broke off.")] = None,
) -> Response:
    """Return lines of the log, or stream them until the job ends."""
    services = services_of(request)
    job = await _own(services, caller_of(request), job_id, Permission.SEE_OTHERS)
    if "text/event-stream" in request.headers.get("accept", ""):
        first = int(last_event_id) if last_event_id and last_event_id.isdecimal() else after
        headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
        stream = _followed(services, job.id, first)
        return StreamingResponse(stream, media_type="text/event-stream", headers=headers)
    lines = await services.work.call(partial(services.workplace().queue.log, job.id, after=after))
    last = lines[-1]["line"] if lines else after
    return answer({"job_id": job.id, "status": job.status, "lines": lines, "next_after": last})


def shown(job: Job) -> dict[str, Any]:
    """Return a job as the API shows it."""
    names = ("id", "name", "base_model", "training_method", "status", "config", "created_at")
    more = ("started_at", "completed_at", "attempt", "failures", "result", "error")
    told = {name: getattr(job, name) for name in (*names, *more)}
    return told | {"logs": f"/api/training/jobs/{job.id}/logs"}


async def _followed(services: Services, job_id: str, after: int) -> AsyncIterator[bytes]:
    """Yield lines as they come, a comment now and then, and the job when it has ended."""
    queue, looks = services.workplace().queue, 0
    while True:
        job = await services.work.call(queue.find, job_id)
        for line in await services.work.call(partial(queue.log, job_id, after=after)):
            after = line["line"]
            yield b"id: %d\nevent: log\ndata: %b\n\n" % (after, json_bytes(line))
        if job.status in _ENDED:
            yield b"event: job\ndata: " + json_bytes(shown(job)) + b"\n\n"
            return
        looks += 1
        if looks % _COMMENT_EVERY == 0:
            yield b": still here\n\n"
        await asyncio.sleep(_LOOK_EVERY_S)


async def _own(services: Services, caller: Caller, job_id: str, others: Permission) -> Job:
    """Return a job of the caller's; those of others need ``others``, and are hidden without it."""
    job = await services.work.call(services.workplace().queue.find, job_id)
    if job.owner != caller.name and not caller.may(others):
        message = f"There is no training job {job_id[:64]!r}."
        raise NotFoundError(message)
    return job


def _submit(services: Services, caller: Caller, asked: TrainingRequest) -> Job:
    from skywright.foundry.training import Ask, submit

    recipe = _recipe_of(asked)
    if recipe.run.env and caller.role < Role.ADMIN:
        message = "run.env installs packages on the server, which needs the role admin."
        raise AccessError(message, hint="Ask an admin to submit it, or leave run.env out.")
    ask = Ask(
        recipe,
        data=asked.data,
        seed=asked.seed,
        owner=caller.name,
        after=asked.after,
        priority=asked.priority,
        paths=False,
    )
    return submit(services.workplace(), ask)


def _recipe_of(asked: TrainingRequest) -> Recipe:
    """Put the recipe together from the ways in which it may be given."""
    from skywright.foundry.recipe import load_recipe, parse_recipe, recipe_of

    if isinstance(asked.recipe, dict):
        given = dict(asked.recipe)
    elif "=" in asked.recipe:
        given = parse_recipe(asked.recipe, "of the request").model_dump(
            mode="json", exclude_unset=True
        )
    elif asked.recipe:
        _refuse_path(asked.recipe)
        given = load_recipe(asked.recipe).model_dump(mode="json", exclude_unset=True)
    else:
        given = {}
    given |= asked.config
    if asked.name:
        given["name"] = asked.name
    params = dict(given.get("params", {}))
    params |= {"base": asked.base_model} if asked.base_model else {}
    params |= {"method": asked.training_method} if asked.training_method else {}
    if params:
        given["params"] = params
    return recipe_of(given, str(given.get("name", "of the request")))


def _refuse_path(name: str) -> None:
    """Refuse files of the server: a recipe that ships is asked for by its name alone."""
    if name.endswith(".toml") or "/" in name:
        message = f"recipe = {name[:100]!r} is a path; a recipe that ships is named without one."
        raise InputError(message, hint="Send your own recipe as TOML text or as an object.")
