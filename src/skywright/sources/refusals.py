"""Why a service did not give what was asked: the sentences of a fetcher."""

from __future__ import annotations

import json

import httpx

from skywright.errors import SourceError
from skywright.sources.budgets import in_words
from skywright.sources.state import SourceState

_LONGEST_WORDS = 300


def unknown_name(source: SourceState, address: str) -> SourceError:
    """Return the error of a host whose name nobody knows."""
    host = httpx.URL(address).host
    message = f"{source.title} cannot be asked: no address was found for {host}."
    hint = f"Check the network and the setting SKYWRIGHT_{source.url_setting.upper()}."
    return SourceError(message, hint=hint)


def later(source: SourceState, wait_s: float) -> SourceError:
    """Return the error of a service that wants to be left alone for longer than we wait."""
    message = f"{source.title} wants to be left alone for {in_words(wait_s)} ({source.rate_limit})."
    hint = "Ask again then; what was fetched so far is kept." + _token_hint(source)
    return SourceError(message, hint=hint)


def _token_hint(source: SourceState) -> str:
    if not source.access_setting:
        return ""
    return f" A token of your own goes into {source.token_variable()}: {source.access_from}."


def refuse_page(source: SourceState, body: bytes, headers: httpx.Headers) -> None:
    """Raise SourceError where a web page came instead of data."""
    start = body[:1000].lstrip().lower()
    is_feed = start.startswith((b"<?xml", b"<rss", b"<feed", b"<votable")) and b"<html" not in start
    if "text/html" in headers.get("Content-Type", "") or (start[:1] == b"<" and not is_feed):
        message = (
            f"{source.title} answered with a web page instead of data; it may be down for "
            "maintenance, or its address may have moved."
        )
        raise SourceError(message, hint=f"See {source.documentation}, or try again later.")


def refused(source: SourceState, address: str, status: int, body: bytes) -> SourceError:
    """Return the error of an answer with a status of refusal; passes its words on."""
    said = _said(body)
    told = f" and said: {said}" if said else ""
    where = address.partition("?")[0]
    message = f"{source.title} refused the request to {where} with HTTP {status}{told}."
    hint = f"Its description is at {source.documentation}."
    if status in {401, 403}:
        hint += _token_hint(source)
    return SourceError(message, hint=hint)


def _said(body: bytes) -> str:
    """Return the sentence of an answer that is an error, where one is found."""
    text = body[:_LONGEST_WORDS].decode("utf-8", "replace")
    try:
        payload = json.loads(body)
    except ValueError:
        return "" if "<" in text else " ".join(text.split()).rstrip(".")
    if isinstance(payload, dict) and isinstance(payload.get("error"), dict):
        payload = payload["error"]
    if not isinstance(payload, dict):
        return ""
    words = (payload.get(name) for name in ("message", "msg", "detail", "error"))
    return next((str(word).rstrip(".") for word in words if word), "")
