"""Answers as JSON: plain numbers, NaN as null, and one shape for every error."""

from __future__ import annotations

import math
from typing import Any

from pydantic_core import to_json
from starlette.responses import Response

from skywright.errors import SkywrightError
from skywright.logs import request_id
from skywright.security.limits import RateLimitError

_JSON = "application/json"


def json_bytes(value: Any) -> bytes:
    """Encode plain values and NumPy ones; NaN and infinity, which JSON lacks, become null."""
    return to_json(value, inf_nan_mode="null", fallback=_plain)


def answer(value: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """Return a JSON response."""
    return Response(json_bytes(value), status, headers=headers, media_type=_JSON)


def error_body(code: str, message: str, hint: str = "") -> dict[str, dict[str, str]]:
    """Return the one shape of an error."""
    return {"error": {"code": code, "message": message, "hint": hint}}


def error_answer(error: SkywrightError) -> Response:
    """Turn an error of our tree into its response."""
    headers = {}
    if isinstance(error, RateLimitError):
        headers["retry-after"] = str(math.ceil(error.retry_after_s))
    elif error.http_status == 429:
        headers["retry-after"] = "1"
    if error.http_status == 401:
        headers["www-authenticate"] = "Bearer"
    return answer(error_body(error.code, error.message, error.hint), error.http_status, headers)


def fault_answer() -> Response:
    """Answer for a fault of ours: the id finds it in the log, the cause is not shown."""
    message = "Something went wrong inside the server."
    hint = f"Tell the operator the request id {request_id.get() or 'of the X-Request-Id header'}."
    return answer(error_body("internal", message, hint), 500)


def _plain(value: Any) -> Any:
    """Turn NumPy scalars and arrays, and everything else with a text, into plain values."""
    return value.tolist() if hasattr(value, "tolist") else str(value)
