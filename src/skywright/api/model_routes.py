"""``/api/models``: what there is, putting it into use, taking it away."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from skywright.api.answers import answer
from skywright.api.bodies import check, read_json
from skywright.api.documented import answers, body
from skywright.api.services import caller_of, services_of
from skywright.foundry.serve.catalogue import list_models, show_model, told
from skywright.foundry.serve.deploying import Order, remove
from skywright.foundry.serve.reference import parse_reference
from skywright.security.permissions import Permission

router = APIRouter(tags=["models"])
_Model = Annotated[str, "name, name@version, name:version, name@champion or name@challenger"]


class DeployRequest(BaseModel):
    """How a version is put into use."""

    model_config = ConfigDict(extra="forbid")

    version: str | None = Field(
        default=None,
        description="Version; the one of the path, or the champion, if left out.",
        examples=["3f9a0c1d2e4b5a69"],
    )
    mode: Literal["single", "canary", "shadow", "ab"] | None = Field(
        default=None, description="As the recipe says if left out.", examples=["canary"]
    )
    fraction: float | None = Field(
        default=None, description="Share of the requests on trial.", examples=[0.1]
    )
    flags: dict[str, Any] = Field(
        default_factory=dict,
        description="log (none, sample, all), filter, watermark, cache, auto, alpha, margin.",
        examples=[{"log": "all"}],
    )
    override: bool = Field(
        default=False, description="Deploy although the gate kept it back; admin.", examples=[False]
    )
    reason: str = Field(
        default="", max_length=500, description="Why the gate is overridden.", examples=[""]
    )


class EndpointAnswer(BaseModel):
    """What an endpoint does."""

    model: str = Field(description="Name.", examples=["wheel-fault"])
    champion: str = Field(description="The version that answers.", examples=["3f9a0c1d2e4b5a69"])
    challenger: str | None = Field(description="The version on trial.", examples=[None])
    mode: str = Field(description="single, canary, shadow or ab.", examples=["single"])
    fraction: float = Field(description="Share of the requests on trial.", examples=[0.0])
    flags: dict[str, Any] = Field(description="What else it does.", examples=[{"log": "sample"}])


class ModelListed(BaseModel):
    """A model with its versions."""

    model_config = ConfigDict(extra="allow")

    name: str = Field(description="Name of the model.", examples=["neo-triage"])
    trained_here: bool = Field(
        description="The version shown was trained on this server.", examples=[False]
    )
    card: Any = Field(description="Facts of the version shown.", examples=[{}])
    version: str = Field(
        description="The version shown: the champion, else the newest.", examples=["shipped"]
    )
    kind: str = Field(description="How it is made.", examples=["lightgbm"])
    metric: Any = Field(
        description="Name and value of the metric that judges.",
        examples=[{"name": "auc", "value": 0.9}],
    )
    gate: str = Field(description="passed or kept back.", examples=["passed"])
    deployed: bool = Field(description="Whether the version shown is in use.", examples=[True])
    licence: str = Field(description="SPDX expression.", examples=["Apache-2.0"])
    created_at: str | None = Field(description="UTC.", examples=["2026-01-01T00:00:00.000+00:00"])
    endpoint: EndpointAnswer | None = Field(
        description="What answers under this name; null if nothing does.", examples=[None]
    )
    versions: list[dict[str, Any]] = Field(
        description="All versions, with aliases, gate and metrics.", examples=[[]]
    )


class ModelsListed(BaseModel):
    """All models."""

    models: list[ModelListed] = Field(description="By name.", examples=[[]])


class ModelShown(ModelListed):
    """A model with its trial."""

    trial: Any = Field(
        description="Counts and evidence of the trial under way, or of the last one.",
        examples=[None],
    )


class DeletedAnswer(BaseModel):
    """What is gone."""

    deleted: str = Field(description="name@version.", examples=["wheel-fault@3f9a0c1d2e4b5a69"])


_DEPLOY = TypeAdapter(DeployRequest)


@router.get(
    "/api/models",
    operation_id="listModels",
    summary="List all models with their versions and cards",
    responses=answers(ModelsListed),
)
async def get_models(request: Request) -> Response:
    """Shipped and trained here: versions, aliases, gate, metric, kind, licence, what is in use."""
    caller_of(request)
    services = services_of(request)
    return answer({"models": await services.work.call(list_models, services.serving.registry)})


@router.get(
    "/api/models/{model_id}",
    operation_id="getModel",
    summary="Show one model with its endpoint and its trial",
    responses=answers(ModelShown, 404),
)
async def get_model(request: Request, model_id: _Model) -> Response:
    """Show the champion, or the version that is named."""
    caller_of(request)
    services = services_of(request)
    reference = parse_reference(model_id)
    return answer(await services.work.call(show_model, services.serving.registry, reference))


@router.post(
    "/api/models/{model_id}/deploy",
    operation_id="deployModel",
    summary="Put a version into use or on trial",
    responses=answers(EndpointAnswer, 404, 409),
    openapi_extra=body(DeployRequest, example={"version": "3f9a0c1d2e4b5a69", "mode": "canary"}),
)
async def deploy_model(request: Request, model_id: _Model) -> Response:
    """Serve it alone (single), to a share of requests (canary, ab), or only to listen (shadow)."""
    caller = caller_of(request, Permission.DEPLOY)
    asked = check(_DEPLOY, await read_json(request))
    order = Order(reference=parse_reference(model_id), **asked.model_dump())
    services = services_of(request)
    return answer(told(await services.work.call_long(services.serving.deploy, order, caller)))


@router.delete(
    "/api/models/{model_id}",
    operation_id="deleteModel",
    summary="Delete the files of a version",
    responses=answers(DeletedAnswer, 404, 409),
)
async def delete_model(request: Request, model_id: _Model) -> Response:
    """Refused while it is in use; what it was made from stays on record."""
    caller = caller_of(request, Permission.DELETE_MODEL)
    services = services_of(request)
    reference = parse_reference(model_id)
    gone = await services.work.call(remove, services.serving.registry, reference, caller)
    return answer({"deleted": gone})


REQUESTS: list[type[BaseModel]] = [DeployRequest]
"""Bodies for the OpenAPI document."""
