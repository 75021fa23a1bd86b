"""``POST /api/v1/ml/threat-analysis``: what objects do beside a satellite, on record."""

from __future__ import annotations

from datetime import UTC, datetime
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, TypeAdapter

from skywright.api.answers import json_bytes
from skywright.api.bodies import check, read_json
from skywright.api.documented import answers, body
from skywright.api.ml_schemas import (
    ELEMENT_SET,
    ElementSet,
    ThreatAnalysisAnswer,
    ThreatAnalysisRequest,
    TrackedObject,
)
from skywright.api.services import Services, caller_of, services_of
from skywright.errors import InputError, LimitError
from skywright.security.permissions import Permission
from skywright.store.analyses import Analysis, record_analysis

if TYPE_CHECKING:
    from skywright.ssa.threats.assess import Tracked

router = APIRouter(prefix="/api/v1/ml", tags=["space domain awareness"])

MOST_RECORDS = 5_000
"""Most element sets of one request."""

_BODY = TypeAdapter(ThreatAnalysisRequest)
_TIMES = ("epoch_utc", "received_utc")
_COLUMNS = tuple(name for name in ElementSet.model_fields if name not in _TIMES)
_NUMBERS = attrgetter(*_COLUMNS)
_EXAMPLE: dict[str, Any] = {
    "asset": {"object_id": "43613", "records": [ELEMENT_SET]},
    "objects": [
        {"object_id": "44628", "records": [{**ELEMENT_SET, "mean_anomaly_deg": 12.0}]},
    ],
}


@router.post(
    "/threat-analysis",
    operation_id="analyseThreats",
    summary="Tell what objects do beside a satellite",
    responses=answers(ThreatAnalysisAnswer, 413),
    openapi_extra=body(ThreatAnalysisRequest, example=_EXAMPLE),
)
async def threat_analysis(request: Request) -> Response:
    """Facts about behaviour, never intent; advice, and a person decides. Nothing sent is kept."""
    caller = caller_of(request, Permission.PREDICT)
    raw = await request.body()
    asked = check(_BODY, await read_json(request))
    records = len(asked.asset.records) + sum(len(one.records) for one in asked.objects)
    if records > MOST_RECORDS:
        message = f"The request holds {records} element sets; at most {MOST_RECORDS} are taken."
        raise TooManyRecordsError(message, hint="Send the last 64 sets of each object.")
    services = services_of(request)
    told = await services.work.call_long(_analysed, services, caller.name, asked, raw)
    return Response(told, media_type="application/json")


class TooManyRecordsError(LimitError):
    """More element sets than one request may hold."""

    code = "too_many_records"
    http_status = 413


def _analysed(services: Services, caller: str, asked: ThreatAnalysisRequest, raw: bytes) -> bytes:
    from skywright.ssa.threats.arms import answered
    from skywright.ssa.threats.trial import KIND, on_record

    planned = [burn.start_utc for burn in asked.asset.planned_burns]
    asset = _tracked(asked.asset, "asset", planned)
    objects = [_tracked(one, f"objects[{k}]") for k, one in enumerate(asked.objects)]
    at = _naive(asked.at_utc) or _newest(asked)
    answer = answered(asset, objects, at, explain=asked.explain)
    told, models, decision = on_record(answer)
    if answer.outcome is not None:
        services.serving.trials.observe(answer.outcome)
        services.serving.housekeeping.begin()
    analysis = Analysis(
        kind=KIND,
        subject=asked.asset.object_id,
        request=raw,
        answer=json_bytes(told),
        models=models,
        decision=decision,
    )
    name = record_analysis(services.database, caller, analysis)
    return json_bytes({"analysis_id": name, **told})


def _tracked(one: TrackedObject, place: str, planned: list[datetime] | None = None) -> Tracked:
    import numpy as np
    import polars as pl

    from skywright.ssa.threats.assess import Tracked

    epochs, received = (
        np.array([_naive(getattr(record, name)) for record in one.records], "datetime64[us]")
        for name in _TIMES
    )
    if (received < epochs).any():
        message = f"{place}.records: received_utc must not be before epoch_utc."
        raise InputError(message)
    numbers = np.array([_NUMBERS(record) for record in one.records], np.float64)
    columns = dict(zip(_COLUMNS, np.ascontiguousarray(numbers.T), strict=True))
    identity = np.zeros(len(epochs), np.int64)
    times = dict(zip(_TIMES, (epochs, received), strict=True))
    table = pl.DataFrame({"norad_id": identity, **times, **columns}, nan_to_null=False)
    burns = pl.DataFrame({"start_utc": [_naive(t) for t in planned]}) if planned else None
    return Tracked(one.object_id, table, one.cooperative, burns)


def _naive(moment: datetime | None) -> datetime | None:
    if moment is None or moment.tzinfo is None:
        return moment
    return moment.astimezone(UTC).replace(tzinfo=None)


def _newest(asked: ThreatAnalysisRequest) -> datetime:
    """Return when the last set of any object was received."""
    records = (record for one in (asked.asset, *asked.objects) for record in one.records)
    times = (_naive(record.received_utc or record.epoch_utc) for record in records)
    return max(time for time in times if time is not None)


REQUESTS: list[type[BaseModel]] = [ThreatAnalysisRequest]
"""Bodies for the OpenAPI document."""
