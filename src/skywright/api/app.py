"""The application: services, routes, errors, and what surrounds them."""

from __future__ import annotations

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from skywright import __version__
from skywright.api import (
    chat_routes,
    chat_schemas,
    collect_training_routes,
    completions_routes,
    conversation_routes,
    inference_routes,
    job_routes,
    knowledge_routes,
    label_routes,
    ml_routes,
    model_routes,
    neo_routes,
    simulate_routes,
    strategy_routes,
    system_routes,
    threat_routes,
    training_routes,
)
from skywright.api.answers import answer, error_answer, error_body
from skywright.api.bodies import sentence
from skywright.api.documented import install_openapi
from skywright.api.idempotency import Idempotency
from skywright.api.middleware import Surround
from skywright.api.objects_routes import REQUESTS, anomalies_router, objects_router
from skywright.api.schemas import LabelRequest
from skywright.api.services import make_services
from skywright.api.training_schemas import TrainingRequest
from skywright.api.warmth import lifespan
from skywright.errors import InputError
from skywright.neo.simulate_request import SimulateRequest
from skywright.settings import Settings, get_settings

_DESCRIPTION = (
    "Near-Earth objects, from public data to an answer. Angles are degrees, lengths au or km as "
    "the name says, dates Julian dates in TDB, frames the mean ecliptic and equinox of J2000. "
    'Every error is {"error": {"code", "message", "hint"}}.'
)


def build(settings: Settings | None = None) -> FastAPI:
    """Build the application; see ``skywright.api.create_app``."""
    services = make_services(settings or get_settings())
    app = FastAPI(
        title="skywright",
        version=__version__,
        lifespan=lifespan,
        docs_url=None,  # the stock pages load scripts from elsewhere; a server may have no network
        redoc_url=None,
    )
    app.state.services = services
    app.include_router(objects_router(services))
    app.include_router(anomalies_router())
    for module in (
        simulate_routes,
        job_routes,
        neo_routes,
        label_routes,
        system_routes,
        training_routes,
        collect_training_routes,
        model_routes,
        inference_routes,
        ml_routes,
        threat_routes,
        strategy_routes,
        conversation_routes,  # before chat: its fixed paths come first
        chat_routes,
        knowledge_routes,
        completions_routes,
    ):
        app.include_router(module.router)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(RequestValidationError, _bad_parameter)
    app.add_middleware(Idempotency, database=services.database)
    form = services.settings.max_upload_mb + 1 << 20  # a form is a little larger than its file
    app.add_middleware(
        Surround,
        doorkeeper=services.doorkeeper,
        metrics=services.metrics,
        limits={
            collect_training_routes.UPLOAD_PATH: form,
            knowledge_routes.DOCUMENTS_PATH: form,
        },
    )
    requests: list[type[BaseModel]] = [
        *REQUESTS,
        *collect_training_routes.REQUESTS,
        *inference_routes.REQUESTS,
        *ml_routes.REQUESTS,
        *threat_routes.REQUESTS,
        *strategy_routes.REQUESTS,
        *model_routes.REQUESTS,
        *chat_schemas.REQUESTS,
        *completions_routes.REQUESTS,
        SimulateRequest,
        LabelRequest,
        TrainingRequest,
    ]
    install_openapi(app, requests, _DESCRIPTION)
    return app


async def _http_error(request: Request, error: Exception) -> Response:
    """Say what the framework refuses (unknown paths and methods) in our shape."""
    assert isinstance(error, HTTPException)  # noqa: S101  (registered for this type only)
    headers = dict(error.headers or {})
    path, method = request.url.path[:100], request.method[:20]
    if error.status_code == 404:
        body = error_body("no_path", f"There is no {path} here.", "GET /openapi.json lists all.")
    elif error.status_code == 405:
        allowed = next((v for k, v in headers.items() if k.lower() == "allow"), "another method")
        body = error_body("method", f"{path} does not answer {method}.", f"Use {allowed}.")
    else:
        body = error_body("http", str(error.detail))
    return answer(body, error.status_code, headers)


async def _bad_parameter(request: Request, error: Exception) -> Response:
    """Say what is wrong with a path or query parameter."""
    assert isinstance(error, RequestValidationError)  # noqa: S101  (registered for this type only)
    return error_answer(InputError(sentence(error.errors()[0])))
