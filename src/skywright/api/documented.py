"""How routes are described: request bodies that we read ourselves, and the errors each may give."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from skywright.api.schemas import ErrorAnswer

_REFERENCE = "#/components/schemas/{model}"
_MEANINGS = {
    401: "No key, or not a good one.",
    403: "The caller's role is too low, or there are no keys and the caller is not local.",
    404: "There is no such thing; the message names the nearest.",
    409: "A newer request took the place of this one.",
    413: "The body is too large.",
    422: "A value is not allowed.",
    429: "Too many requests; Retry-After says how long to wait.",
    500: "A fault of the server; the request id finds it in the log.",
}


def body(*models: type[BaseModel], example: dict[str, Any] | None = None) -> dict[str, Any]:
    """Describe a request body as any of some models."""
    choices: list[dict[str, Any]] = [
        {"$ref": _REFERENCE.format(model=model.__name__)} for model in models
    ]
    schema = choices[0] if len(choices) == 1 else {"anyOf": choices}
    content: dict[str, Any] = {"schema": schema}
    if example is not None:
        content["example"] = example
    return {"requestBody": {"required": True, "content": {"application/json": content}}}


def body_or_form(
    model: type[BaseModel], fields: Iterable[str], example: dict[str, Any]
) -> dict[str, Any]:
    """Describe a request body as a model, or as a form with a file and some fields."""
    described = body(model, example=example)
    properties = {"file": {"type": "string", "format": "binary"}}
    properties |= {name: {"type": "string"} for name in fields}
    form = {"type": "object", "required": ["file"], "properties": properties}
    described["requestBody"]["content"]["multipart/form-data"] = {"schema": form}
    return described


def answers(model: Any, *errors: int, status: int = 200, text: str = "") -> dict[Any, Any]:
    """Describe the answer of a route, and its errors beside those that every route has."""
    described: dict[Any, Any] = {status: {"model": model, "description": text or "The answer."}}
    for code in sorted({401, 403, 422, 429, 500, *errors}):
        described[code] = {"model": ErrorAnswer, "description": _MEANINGS[code]}
    return described


def install_openapi(app: FastAPI, requests: list[type[BaseModel]], description: str) -> None:
    """Make ``app.openapi()`` include the bodies that routes read themselves."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _document(app, requests, description)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def _document(app: FastAPI, requests: list[type[BaseModel]], description: str) -> dict[str, Any]:
    document = get_openapi(
        title=app.title, version=app.version, description=description, routes=app.routes
    )
    _, extra = models_json_schema(
        [(model, "validation") for model in requests], ref_template=_REFERENCE
    )
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for name, schema in extra.get("$defs", {}).items():
        schemas.setdefault(name, schema)
    schemas.pop("HTTPValidationError", None)
    schemas.pop("ValidationError", None)
    components["securitySchemes"] = {
        "key": {"type": "http", "scheme": "bearer", "description": "An API key, sky_..."}
    }
    document["security"] = [{"key": []}, {}]  # none is needed on this machine while there are none
    return document
