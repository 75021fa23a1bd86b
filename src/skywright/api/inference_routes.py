"""``POST /api/inference``: rows in, answers of a deployed model out."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from skywright.api.answers import answer, json_bytes
from skywright.api.bodies import check, read_json
from skywright.api.documented import answers, body
from skywright.api.services import caller_of, services_of
from skywright.errors import InputError
from skywright.foundry.serve.choosing import Ask
from skywright.foundry.serve.reference import parse_reference
from skywright.security.permissions import Permission

router = APIRouter(tags=["inference"])
_ROW: dict[str, Any] = {"temperature_c": 21.5, "mode": "nominal"}
_KEY = Field(
    default=None,
    max_length=200,
    description="Requests with the same key are answered by the same side of a trial.",
    examples=["operator-7"],
)


class InferenceRequest(BaseModel):
    """One row."""

    model_config = ConfigDict(extra="forbid")

    inputs: dict[str, Any] | None = Field(
        default=None, description="Column to value; null is not known.", examples=[_ROW]
    )
    rows: list[Any] | None = Field(
        default=None, description="The same row as a list of one.", examples=[[_ROW]]
    )
    route_key: str | None = _KEY


class InferenceBatchRequest(BaseModel):
    """Many rows."""

    model_config = ConfigDict(extra="forbid")

    rows: list[Any] = Field(description="Rows, up to SKYWRIGHT_MAX_OBJECTS.", examples=[[_ROW]])
    route_key: str | None = _KEY


class FeedbackRequest(BaseModel):
    """What was true, or what an answer was worth."""

    model_config = ConfigDict(extra="forbid")

    prediction_id: str = Field(
        description="From the answer.", examples=["p3f9a0c1d2e4b5a6978c0d1e2"]
    )
    label: str | int | float | bool | None = Field(
        default=None, description="The true class, number or text.", examples=["fault"]
    )
    reward: float | None = Field(
        default=None,
        description="Instead of a label: what the answer was worth, 0 to 1.",
        examples=[1.0],
    )


class _Answered(BaseModel):
    model: str = Field(description="Name of the model.", examples=["wheel-fault"])
    version: str = Field(description="The version that answered.", examples=["3f9a0c1d2e4b5a69"])
    variant: str = Field(
        description="champion, challenger, or pinned if the version was named.",
        examples=["champion"],
    )
    latency_ms: float = Field(description="Time in the endpoint [ms].", examples=[0.8])


class InferenceAnswer(_Answered):
    """The answer to one row."""

    prediction_id: str | None = Field(
        description="For feedback; null if the answer was not put on record.",
        examples=["p3f9a0c1d2e4b5a6978c0d1e2"],
    )
    output: dict[str, Any] = Field(
        description="label and probabilities, value, action, or text.",
        examples=[{"label": "fault", "probabilities": {"fault": 0.9, "nominal": 0.1}}],
    )


class RowError(BaseModel):
    """Why a row has no answer."""

    row: int = Field(description="Its place, from 0.", examples=[3])
    message: str = Field(description="What is wrong with it.", examples=["rows[3] lacks mode."])


class InferenceBatchAnswer(_Answered):
    """The answers to many rows, in their order."""

    outputs: list[dict[str, Any] | None] = Field(
        description="null where a row has an error.", examples=[[{"value": 1.5}]]
    )
    errors: list[RowError] = Field(description="Rows without an answer.", examples=[[]])
    prediction_ids: list[str | None] = Field(
        description="For feedback; null where nothing was put on record.", examples=[[None]]
    )


class FeedbackAnswer(BaseModel):
    """What the feedback was understood as."""

    prediction_id: str = Field(description="As sent.", examples=["p3f9a0c1d2e4b5a6978c0d1e2"])
    variant: str = Field(description="Which side had answered.", examples=["champion"])
    reward: float = Field(description="What the answer was worth, 0 to 1.", examples=[1.0])


_ONE = TypeAdapter(InferenceRequest)
_MANY = TypeAdapter(InferenceBatchRequest)
_FEEDBACK = TypeAdapter(FeedbackRequest)
_Model = Annotated[str, "name, name@version, name:version, name@champion or name@challenger"]


@router.post(
    "/api/inference/{model_id}",
    operation_id="infer",
    summary="Answer one row with a model",
    responses=answers(InferenceAnswer, 404, 413),
    openapi_extra=body(InferenceRequest, example={"inputs": _ROW}),
)
async def infer(request: Request, model_id: _Model) -> Response:
    """Check the row against the model's signature and answer it.

    Requests that wait for the same version are answered in one call. The content filter, where the
    endpoint has it on, goes by rules and guarantees nothing.
    """
    caller = caller_of(request, Permission.PREDICT)
    asked = check(_ONE, await read_json(request))
    reference = parse_reference(model_id)
    ask = Ask(reference, caller.name, asked.route_key)
    return answer(await services_of(request).serving.answering.one(ask, _only_row(asked)))


@router.post(
    "/api/inference/{model_id}/batch",
    operation_id="inferBatch",
    summary="Answer many rows with a model",
    responses=answers(InferenceBatchAnswer, 404, 413),
    openapi_extra=body(InferenceBatchRequest, example={"rows": [_ROW]}),
)
async def infer_batch(request: Request, model_id: _Model) -> Response:
    """Answer each row; a row that does not fit gets a sentence, the others their answer."""
    caller = caller_of(request, Permission.PREDICT)
    asked = check(_MANY, await read_json(request))
    ask = Ask(parse_reference(model_id), caller.name, asked.route_key)
    services = services_of(request)
    told = await services.serving.answering.many(ask, asked.rows)
    return Response(await services.work.call(json_bytes, told), media_type="application/json")


@router.post(
    "/api/inference/{model_id}/feedback",
    operation_id="giveFeedback",
    summary="Say what was true",
    responses=answers(FeedbackAnswer, 404, 409),
    openapi_extra=body(
        FeedbackRequest, example={"prediction_id": "p3f9a0c1d2e4b5a6978c0d1e2", "label": "fault"}
    ),
)
async def give_feedback(request: Request, model_id: _Model) -> Response:
    """Attach the truth to a prediction on record; in a trial it is evidence."""
    caller_of(request, Permission.LABEL)
    asked = check(_FEEDBACK, await read_json(request))
    services = services_of(request)
    name = parse_reference(model_id).name

    def take() -> dict[str, Any]:
        return services.serving.feedback.take(
            name, asked.prediction_id, label=asked.label, reward=asked.reward
        )

    return answer(await services.work.call(take))


def _only_row(asked: InferenceRequest) -> Any:
    """Return the row, however it was given."""
    if (asked.inputs is None) == (asked.rows is None):
        message = "Give the row either as inputs or as rows."
        raise InputError(message, hint='A body is such as {"inputs": {"column": 1.5}}.')
    if asked.rows is None:
        return asked.inputs
    if len(asked.rows) != 1:
        message = f"rows holds {len(asked.rows)} rows; this path answers one."
        raise InputError(message, hint="Send many to /api/inference/{model_id}/batch.")
    return asked.rows[0]


REQUESTS: list[type[BaseModel]] = [InferenceRequest, InferenceBatchRequest, FeedbackRequest]
"""Bodies for the OpenAPI document."""
