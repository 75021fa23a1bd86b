"""``POST /api/v1/ml/generate-strategy``: plans for the operator's own satellite, on record."""

from __future__ import annotations

import math
from typing import Any

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, TypeAdapter

from skywright.api.answers import json_bytes
from skywright.api.bodies import check, read_json
from skywright.api.documented import answers, body
from skywright.api.ml_schemas import ConjunctionIn, Side, StrategyAnswer, StrategyRequest
from skywright.api.services import Services, caller_of, services_of
from skywright.errors import InputError
from skywright.security.permissions import Permission
from skywright.store.analyses import Analysis, record_analysis

router = APIRouter(prefix="/api/v1/ml", tags=["space domain awareness"])

EXAMPLE: dict[str, Any] = {
    "conjunctions": [
        {
            "conjunction_id": "C1",
            "own": {
                "state": [7078.0, 0.0, 0.0, 0.0, 5.3, 5.3],
                "covariance_rtn_km2": [[1e-4, 0, 0], [0, 0.02, 0], [0, 0, 1e-4]],
            },
            "other": {
                "state": [7078.05, 0.1, 0.1, 0.0, -5.3, 5.3],
                "covariance_rtn_km2": [[4e-4, 0, 0], [0, 0.5, 0], [0, 0, 4e-4]],
            },
            "hard_body_radius_m": 15.0,
            "time_to_tca_s": 43200.0,
        }
    ],
    "constraints": {"max_dv_m_s": 0.5},
}
"""A body that is answered."""

_BODY = TypeAdapter(StrategyRequest)
_PAIRS = {"rr": (0, 0), "tt": (1, 1), "nn": (2, 2), "rt": (0, 1), "rn": (0, 2), "tn": (1, 2)}
_ROUNDING = 1e-9


@router.post(
    "/generate-strategy",
    operation_id="generateStrategy",
    summary="Plan what an operator may do about conjunctions",
    responses=answers(StrategyAnswer, 413),
    openapi_extra=body(StrategyRequest, example=EXAMPLE),
)
async def generate_strategy(request: Request) -> Response:
    """Every action is on the own satellite or on information; each burn is flown before it is told.

    Nothing is commanded: a person approves.
    """
    caller = caller_of(request, Permission.PREDICT)
    raw = await request.body()
    asked = check(_BODY, await read_json(request))
    services = services_of(request)
    told = await services.work.call_long(_planned, services, caller.name, asked, raw)
    return Response(told, media_type="application/json")


def _planned(services: Services, caller: str, asked: StrategyRequest, raw: bytes) -> bytes:
    import polars as pl

    from skywright.ssa.model_facts import facts_of
    from skywright.ssa.strategy.constraints import Constraints
    from skywright.ssa.strategy.encounters import from_table
    from skywright.ssa.strategy.propose import in_short, propose

    given = asked.constraints.model_dump()
    given["lead_revolutions"] = tuple(given["lead_revolutions"])
    given["blackouts_h"] = tuple(given["blackouts_h"])
    limits = Constraints(**{key: value for key, value in given.items() if value is not None})
    table = pl.DataFrame([_row(k, one) for k, one in enumerate(asked.conjunctions)])
    told = propose(from_table(table), limits, network=asked.network)
    models = [facts_of("ssa-strategy")] if asked.network else []
    answer = {"conjunctions": told, "models": models}
    first = asked.conjunctions[0]
    analysis = Analysis(
        kind="generate-strategy",
        subject=first.asset or first.conjunction_id,
        request=raw,
        answer=json_bytes(answer),
        models={one["name"]: str(one["version"]) for one in models},
        decision={one["conjunction_id"]: in_short(one) for one in told},
    )
    name = record_analysis(services.database, caller, analysis)
    return json_bytes({"analysis_id": name, **answer})


def _row(place: int, one: ConjunctionIn) -> dict[str, Any]:
    return {
        "id": one.conjunction_id,
        "asset": one.asset,
        "hard_body_radius_km": one.hard_body_radius_m * 1e-3,
        "time_to_tca_s": math.inf if one.time_to_tca_s is None else one.time_to_tca_s,
        **_side("p", one.own, f"conjunctions[{place}].own"),
        **_side("s", one.other, f"conjunctions[{place}].other"),
    }


def _side(letter: str, side: Side, name: str) -> dict[str, float]:
    matrix = side.covariance_rtn_km2
    if any(len(row) != 3 for row in matrix):
        message = f"{name}.covariance_rtn_km2 must be three rows of three numbers."
        raise InputError(message)
    for i, j in ((0, 1), (0, 2), (1, 2)):
        scale = math.sqrt(abs(matrix[i][i] * matrix[j][j])) + 1e-30
        if abs(matrix[i][j] - matrix[j][i]) > _ROUNDING * scale:
            message = f"{name}.covariance_rtn_km2 must be symmetric: [{i}][{j}] is not [{j}][{i}]."
            raise InputError(message)
    axes = ("x_km", "y_km", "z_km", "vx_km_s", "vy_km_s", "vz_km_s")
    states = dict(zip((f"{letter}_j2k_{axis}" for axis in axes), side.state, strict=True))
    return states | {f"{letter}_c_{p}_km2": matrix[i][j] for p, (i, j) in _PAIRS.items()}


REQUESTS: list[type[BaseModel]] = [StrategyRequest]
"""Bodies for the OpenAPI document."""
