"""``POST /api/predict`` and ``POST /api/anomalies``: objects in, judgements out, nothing stored."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Request, Response
from pydantic import Field, TypeAdapter

from skywright.api.answers import answer, json_bytes
from skywright.api.bodies import check, read_json
from skywright.api.documented import answers, body
from skywright.api.objects import EXAMPLE, read_objects
from skywright.api.schemas import (
    Anomalies,
    AnomaliesRequest,
    Anomaly,
    ObjectsRequest,
    Prediction,
    Predictions,
)
from skywright.api.services import Services, caller_of, services_of
from skywright.foundry.serve.batching import Batcher, Rows
from skywright.security.permissions import Permission

_FEW = 50  # up to here, objects of several requests are answered in one call
_CONTAMINATION = TypeAdapter(
    Annotated[float, Field(gt=0, le=0.5, strict=True, allow_inf_nan=False)]
)


def predict_all(objects: Rows) -> Rows:
    """Predict a list of checked objects."""
    from skywright.neo.assess import predict

    return _by_kind(predict, objects)


def score_all(objects: Rows, contamination: float) -> Rows:
    """Score a list of checked objects."""
    from skywright.neo.anomalies import score_objects

    return _by_kind(partial(score_objects, contamination=contamination), objects)


def _by_kind(run: Callable[[Rows], Rows], objects: Rows) -> Rows:
    """Call once for elements and once for states, as a table holds one of the two."""
    states = [k for k, row in enumerate(objects) if "e" not in row]
    if not states or len(states) == len(objects):
        return run(objects)
    elements = [k for k, row in enumerate(objects) if "e" in row]
    answers_by_place = dict(zip(states, run([objects[k] for k in states]), strict=True))
    answers_by_place.update(zip(elements, run([objects[k] for k in elements]), strict=True))
    return [answers_by_place[k] for k in range(len(objects))]


def objects_router(services: Services) -> APIRouter:
    """Return the routes; predictions of several small requests share a call."""
    router = APIRouter(tags=["objects"])

    async def together(objects: Rows) -> Rows:
        return await services.work.call(predict_all, objects)

    batcher = Batcher(together)

    @router.post(
        "/api/predict",
        operation_id="predict",
        summary="Classify one object or up to 1,000",
        responses=answers(Prediction | Predictions, 413),
        openapi_extra=body(ObjectsRequest, example={"objects": [EXAMPLE]}),
    )
    async def predict(request: Request) -> Response:
        """Orbit class, PHA and its probability, diameter, MOID and Sentry triage.

        The body is one object, answered by one prediction, or {"objects": [...]}, answered by
        {"objects": [...]} in the same order.
        """
        caller_of(request, Permission.PREDICT)
        objects, one = read_objects(await read_json(request))
        found = await (batcher(objects) if len(objects) <= _FEW else together(objects))
        services.metrics.objects.labels("predict").inc(len(objects))
        return answer(found[0] if one else {"objects": found})

    return router


def anomalies_router() -> APIRouter:
    """Return the route of the unusual."""
    router = APIRouter(tags=["objects"])

    @router.post(
        "/api/anomalies",
        operation_id="scoreAnomalies",
        summary="Say how unusual objects are, and why",
        responses=answers(Anomaly | Anomalies, 413),
        openapi_extra=body(AnomaliesRequest, example={"objects": [EXAMPLE], "contamination": 0.01}),
    )
    async def anomalies(request: Request) -> Response:
        """Novelty percentile, named oddities, an explanation and the features that stand out."""
        caller_of(request, Permission.PREDICT)
        services = services_of(request)
        data = await read_json(request)
        contamination = _read_contamination(data)
        objects, one = read_objects(data)
        found = await services.work.call_long(_scored, objects, contamination)
        services.metrics.objects.labels("anomalies").inc(len(objects))
        return Response(found[1] if one else found[0], media_type="application/json")

    return router


def _scored(objects: Rows, contamination: float) -> tuple[bytes, bytes]:
    found = score_all(objects, contamination)
    return json_bytes({"objects": found}), json_bytes(found[0])


def _read_contamination(data: Any) -> float:
    """Take the contamination out of a body, so that what is left is objects."""
    value = data.pop("contamination", 0.01) if isinstance(data, dict) else 0.01
    return check(_CONTAMINATION, value)


REQUESTS = [ObjectsRequest, AnomaliesRequest]
"""Bodies for the OpenAPI document."""
