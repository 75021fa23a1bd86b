"""``/api/v1/ml``: rows through a model, and the advice that is on record."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from skywright.api.answers import answer, json_bytes
from skywright.api.bodies import check, read_json
from skywright.api.documented import answers, body
from skywright.api.inference_routes import InferenceBatchAnswer
from skywright.api.services import Services, caller_of, services_of
from skywright.errors import NotFoundError
from skywright.foundry.serve.choosing import Ask
from skywright.foundry.serve.reference import parse_reference
from skywright.security.permissions import Permission
from skywright.store.analyses import list_analyses, record_override

router = APIRouter(prefix="/api/v1/ml", tags=["space domain awareness"])


class MlPredictRequest(BaseModel):
    """Rows for a model."""

    model_config = ConfigDict(extra="forbid")

    model: str = Field(
        description="Name of the model, or name@version.",
        examples=["ssa-behaviour"],
        min_length=1,
        max_length=200,
    )
    rows: list[Any] = Field(
        description="Rows in the columns of the model's signature, up to SKYWRIGHT_MAX_OBJECTS.",
        examples=[[{"period_min": 98.1}]],
        min_length=1,
    )
    route_key: str | None = Field(
        default=None,
        max_length=200,
        description="Requests with the same key are answered by the same side of a trial.",
        examples=["operator-7"],
    )


class MlPredictAnswer(InferenceBatchAnswer):
    """The answers, and what the model learned from."""

    trained_on: dict[str, str] = Field(
        description="SHA-256 of each file or dataset that the version was trained on.",
        examples=[{"manoeuvres/tle_history.parquet": "7f83b1657ff1fc53"}],
    )
    trained_utc: str | None = Field(
        description="When the version was made, UTC.", examples=["2026-11-21T06:00:00+00:00"]
    )


class OverrideRequest(BaseModel):
    """What a person decided."""

    model_config = ConfigDict(extra="forbid")

    decision: str = Field(
        description="What is done: accepted, or what instead; at most 60 characters.",
        examples=["wait until the next message"],
        max_length=60,
    )
    reason: str = Field(
        description="Why, at most 2,000 characters.",
        examples=["The other operator announced a manoeuvre."],
        max_length=2000,
    )


class OverrideAnswer(BaseModel):
    """What was put on record."""

    analysis_id: str = Field(description="The analysis.", examples=["0f" * 16])
    at: str = Field(description="When, UTC.", examples=["2026-11-21T06:00:00+00:00"])
    decision: str = Field(description="As sent.", examples=["accepted"])
    reason: str = Field(description="As sent.", examples=["Agrees with our own screening."])


class _Decided(BaseModel):
    at: str = Field(description="When, UTC.", examples=["2026-11-21T06:00:00+00:00"])
    person: str = Field(description="Prefix of the key that was used.", examples=["a1b2c3d4"])
    decision: str = Field(description="What was decided.", examples=["accepted"])
    reason: str = Field(description="Why.", examples=["Agrees with our own screening."])


class AnalysisOnRecord(BaseModel):
    """One analysis as it is on record."""

    id: str = Field(description="Its id.", examples=["0f" * 16])
    at: str = Field(description="When, UTC.", examples=["2026-11-21T06:00:00+00:00"])
    caller: str = Field(description="Who asked.", examples=["local"])
    kind: str = Field(description="Which analysis.", examples=["threat-analysis"])
    subject: str = Field(description="Satellite or conjunction.", examples=["43613"])
    request_sha256: str = Field(description="Hash of what was sent.", examples=["ab" * 32])
    answer_sha256: str = Field(description="Hash of what was answered.", examples=["cd" * 32])
    models: dict[str, str] = Field(
        description="Versions that took part.", examples=[{"ssa-threats": "3f9a0c1d2e4b5a69"}]
    )
    decision: dict[str, Any] = Field(
        description="What was advised, in short.", examples=[{"44628": 2}]
    )
    overrides: list[_Decided] = Field(description="What people decided.", examples=[[]])


class AnalysesAnswer(BaseModel):
    """Analyses, the newest first."""

    analyses: list[AnalysisOnRecord] = Field(description="The newest first.")


class TrialAnswer(BaseModel):
    """How a challenger does."""

    version: str = Field(description="Of the challenger.", examples=["3f9a0c1d2e4b5a69"])
    mode: str = Field(
        description="shadow (it answers unseen), canary or ab (it answers about its assets).",
        examples=["ab"],
    )
    share: float = Field(description="Share of the assets that it answers about.", examples=[0.2])
    analyses: int = Field(
        description="Of the trial; in the shadow those that both answered.", examples=[120]
    )
    alarms_champion: int = Field(description="Objects it raised an alarm of.", examples=[9])
    alarms_challenger: int = Field(description="The same of the challenger.", examples=[4])
    verdict: str = Field(
        description="promote (it is better), keep (it is worse) or undecided.",
        examples=["undecided"],
    )
    acted: bool = Field(description="Whether the verdict was acted on.", examples=[False])
    reason: str = Field(description="Why the trial ended, if it did.", examples=[""])
    outcomes: int = Field(
        description="Analyses confirmed or dismissed; in canary and ab the first of each asset.",
        examples=[31],
    )
    difference: float | None = Field(
        description="Share of right answers, challenger less champion.", examples=[0.1]
    )
    interval: list[float] | None = Field(
        description="95 % interval of it that holds at every look.", examples=[[-0.1, 0.3]]
    )
    evidence_better: float = Field(description="Wealth of the bet that it is better.", examples=[4])
    evidence_worse: float = Field(description="Wealth of the bet that it is worse.", examples=[0.3])
    needed: float = Field(description="Wealth at which the test decides.", examples=[40.0])
    margin: float = Field(description="How much worse is still promoted.", examples=[0.0])


_PREDICT = TypeAdapter(MlPredictRequest)
_OVERRIDE = TypeAdapter(OverrideRequest)


@router.post(
    "/predict",
    operation_id="mlPredict",
    summary="Answer up to 1,000 rows with a named model",
    responses=answers(MlPredictAnswer, 404, 413),
    openapi_extra=body(
        MlPredictRequest, example={"model": "ssa-behaviour", "rows": [{"period_min": 98.1}]}
    ),
)
async def ml_predict(request: Request) -> Response:
    """Answer each row; a row that does not fit gets a sentence, the others their answer."""
    caller = caller_of(request, Permission.PREDICT)
    asked = check(_PREDICT, await read_json(request))
    services = services_of(request)
    ask = Ask(parse_reference(asked.model), caller.name, asked.route_key)
    told = await services.serving.answering.many(ask, asked.rows)
    return Response(
        await services.work.call(_with_origin, services, told), media_type="application/json"
    )


@router.get(
    "/analyses",
    operation_id="listAnalyses",
    summary="List what was advised, and what people decided",
    responses=answers(AnalysesAnswer),
)
async def analyses(
    request: Request,
    subject: Annotated[
        str | None, Query(max_length=100, description="Only of this satellite or conjunction.")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=1000, description="Most rows.")] = 100,
) -> Response:
    """Only hashes of requests and answers are kept; the decision is kept in short."""
    caller_of(request, Permission.READ)
    services = services_of(request)
    listed = partial(list_analyses, services.database, subject=subject, limit=limit)
    return answer({"analyses": await services.work.call(listed)})


@router.get(
    "/trial",
    operation_id="weighChallenger",
    summary="Weigh the threat detector on trial against the one in use",
    responses=answers(TrialAnswer, 404),
)
async def trial(request: Request) -> Response:
    """By the analyses that people confirmed or dismissed; a verdict is advice to promote or not."""
    caller_of(request, Permission.READ)
    services = services_of(request)
    return answer(await services.work.call(_weighed, services))


@router.post(
    "/analyses/{analysis_id}/override",
    operation_id="decideOnAnalysis",
    summary="Say what a person decided",
    responses=answers(OverrideAnswer, 404),
    openapi_extra=body(
        OverrideRequest, example={"decision": "accepted", "reason": "Agrees with our screening."}
    ),
)
async def override(request: Request, analysis_id: str) -> Response:
    """Decisions are only added; each is in the audit trail."""
    caller = caller_of(request, Permission.DECIDE)
    asked = check(_OVERRIDE, await read_json(request))
    services = services_of(request)
    said = (caller.name, analysis_id, asked.decision, asked.reason)
    return answer(await services.work.call(_overridden, services, *said))


def _overridden(
    services: Services, person: str, analysis_id: str, decision: str, reason: str
) -> dict[str, Any]:
    """Put a decision on record; in a trial it is evidence, which may end the trial."""
    from skywright.ssa.threats.arms import look_again
    from skywright.ssa.threats.trial import outcome_of

    told = record_override(services.database, person, analysis_id, decision, reason)
    outcome = outcome_of(services.database, analysis_id)
    if outcome is not None:
        services.serving.trials.observe(outcome)
        services.serving.trials.settle()
        services.serving.endpoints.expire(outcome.name)
        look_again()
    return told


def _weighed(services: Services) -> dict[str, Any]:
    from skywright.ssa.threats.assess import MODEL
    from skywright.ssa.threats.trial import weighed

    told = weighed(services.serving.registry, services.database)
    if told is None:
        message = f"No version of {MODEL} is on trial."
        hint = "Deploy one with mode shadow, canary or ab, or train with deploy.shadow = true."
        raise NotFoundError(message, hint=hint)
    return told


def _with_origin(services: Services, told: dict[str, Any]) -> bytes:
    version = None if told["version"] == "shipped" else str(told["version"])
    facts = services.serving.registry.facts(str(told["model"]), version) or {}
    data = facts.get("data") or {}
    origin = {"trained_on": data if isinstance(data, dict) else {"data": str(data)}}
    return json_bytes({**told, **origin, "trained_utc": facts.get("made_utc")})


REQUESTS: list[type[BaseModel]] = [MlPredictRequest, OverrideRequest]
"""Bodies for the OpenAPI document."""
