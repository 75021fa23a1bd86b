"""Structured log lines on standard error, each with the id of the request it belongs to."""

from __future__ import annotations

import logging
import sys
from collections.abc import MutableMapping
from contextvars import ContextVar
from typing import Any

import structlog

request_id: ContextVar[str] = ContextVar("skywright_request_id", default="")
"""Id of the request that this task answers; empty outside of requests."""

_CHATTY = ("alembic", "httpx", "httpcore", "matplotlib", "numba")


def configure_logging(level: str = "info", style: str = "auto") -> None:
    """Send every log line, the web server's included, through one format.

    Parameters
    ----------
    level : str
        Least severe level that is written: debug, info, warning or error.
    style : str
        ``json``, ``console``, or ``auto``: for reading on a terminal, JSON elsewhere.
    """
    readable = style == "console" or (style == "auto" and sys.stderr.isatty())
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_formatter(readable=readable))
    logging.basicConfig(handlers=[handler], level=level.upper(), force=True)
    for name in _CHATTY:
        logging.getLogger(name).setLevel(logging.WARNING)


def get_logger(name: str) -> structlog.stdlib.BoundLogger:
    """Return a logger whose lines carry ``name``; call it as ``log.info("event", field=value)``."""
    return structlog.stdlib.get_logger(name)


def _formatter(*, readable: bool) -> logging.Formatter:
    last: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
        if readable
        else structlog.processors.JSONRenderer()
    )
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=_SHARED,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, last],
    )


def _add_request_id(
    _logger: object, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    if current := request_id.get():
        event["request_id"] = current
    return event


_SHARED: list[structlog.typing.Processor] = [
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    _add_request_id,
    structlog.processors.format_exc_info,
]
# At import, since structlog left to itself writes to standard output, which belongs to answers.
structlog.configure(
    processors=[
        structlog.stdlib.filter_by_level,
        *_SHARED,
        structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
    ],
    logger_factory=structlog.stdlib.LoggerFactory(),
    wrapper_class=structlog.stdlib.BoundLogger,
)
