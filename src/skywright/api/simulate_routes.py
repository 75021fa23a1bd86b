"""``POST /api/simulate``: the "what if" of one object, at once or as a job with events."""

from __future__ import annotations

import threading
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import TypeAdapter

from skywright.api.answers import answer, json_bytes
from skywright.api.bodies import check, read_json
from skywright.api.documented import answers, body
from skywright.api.job_routes import shown
from skywright.api.jobs import Progress
from skywright.api.objects import read_elements
from skywright.api.schemas import JobAnswer, Simulation
from skywright.api.services import Services, caller_of, services_of
from skywright.api.work import Cancelled
from skywright.errors import InputError
from skywright.neo.simulate_request import SimulateRequest
from skywright.security.callers import Caller
from skywright.security.permissions import Permission

router = APIRouter(tags=["simulate"])
_REQUEST = TypeAdapter(SimulateRequest)

Stream = Annotated[
    bool, Query(description="Answer 202 with a job at once; its events tell the progress.")
]
Plot = Annotated[
    Literal["orbit", "approaches", "b_plane"] | None,
    Query(description="Answer one picture as PNG instead of numbers."),
]
ClientId = Annotated[
    str, Query(max_length=80, description="A newer request with the same id cancels an older one.")
]


@router.post(
    "/api/simulate",
    operation_id="simulate",
    summary="Change an orbit or a body and see what follows",
    responses={
        **answers(Simulation, 404, 409),
        202: {"model": JobAnswer, "description": "With stream=true: the job that was started."},
    },
    openapi_extra=body(SimulateRequest, example={"object": "Apophis", "years": 5}),
)
async def simulate(
    request: Request, stream: Stream = False, client_id: ClientId = "", plot: Plot = None
) -> Response:
    """Baseline against changed: MOID, approaches, target plane, impact probability, energy.

    Estimates by the line of variations and by Monte Carlo take seconds; ask for them with
    stream=true and follow the events. Nothing is stored otherwise.
    """
    caller = caller_of(request, Permission.START_SIMULATION)
    services = services_of(request)
    asked = check(_REQUEST, await read_json(request))
    _refuse_too_many_clones(asked, services)
    if asked.elements is not None:
        asked = asked.model_copy(update={"elements": read_elements(asked.elements)})
    name = client_id or asked.client_id
    client = (caller.name, name) if name else None
    if stream:
        return await _as_job(services, caller, asked, client)
    found = await services.work.call_cancellable(
        lambda stop: _simulated(asked, stop, plot), client, request
    )
    return Response(found, media_type="image/png" if plot else "application/json")


async def _as_job(
    services: Services, caller: Caller, asked: SimulateRequest, client: tuple[str, str] | None
) -> Response:
    def task(progress: Progress, cancelled: Cancelled) -> Any:
        return run_simulation(asked, progress, cancelled)

    stop: threading.Event = services.work.supersede(client)
    job = await services.jobs.start(
        "simulate", caller.name, asked.model_dump(exclude_defaults=True), task, stop
    )
    return answer(await shown(services, job), 202, {"location": f"/api/jobs/{job.id}"})


def run_simulation(
    asked: SimulateRequest, progress: Progress | None, cancelled: Cancelled
) -> dict[str, Any]:
    """Answer a checked request."""
    from skywright.neo.simulate import simulate as run

    return run(asked, progress=progress, cancelled=cancelled)


def _simulated(asked: SimulateRequest, cancelled: Cancelled, plot: str | None) -> bytes:
    found = run_simulation(asked, None, cancelled)
    if plot is None:
        return json_bytes(found)
    from skywright.neo.simulate_plots import png

    return png(plot, found)


def _refuse_too_many_clones(asked: SimulateRequest, services: Services) -> None:
    most = services.settings.max_clones
    if asked.clones > most:
        message = f"clones = {asked.clones} is not allowed: a request may ask for at most {most}."
        raise InputError(message, hint="Ask for fewer; the interval narrows with the root of them.")
