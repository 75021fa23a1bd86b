"""A body that may arrive in pieces, over several connections and several runs."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import httpx


class PartialBody:
    """A file that grows until the body is whole; resumed with Range where the server allows it.

    References
    ----------
    RFC 9110, sections 13.1.5 (If-Range) and 14 (Range Requests).
    """

    def __init__(self, folder: Path, address: str) -> None:
        key = hashlib.sha256(address.encode()).hexdigest()[:32]
        self._body = folder / f"{key}.part"
        self._about = folder / f"{key}.json"

    def headers(self) -> dict[str, str]:
        """Return what to ask for: the rest, if the body is still the same one; else nothing."""
        try:
            validator = json.loads(self._about.read_text(encoding="utf-8"))["validator"]
            size = self._body.stat().st_size
        except (OSError, ValueError, KeyError):
            return {}
        return {"Range": f"bytes={size}-", "If-Range": validator} if size and validator else {}

    def begin(self, headers: httpx.Headers) -> None:
        """Start a new body."""
        self._body.parent.mkdir(parents=True, exist_ok=True)
        self._body.write_bytes(b"")
        self._about.write_text(json.dumps({"validator": _validator(headers)}), encoding="utf-8")

    def go_on(self, headers: httpx.Headers) -> None:
        """Continue; a server that sends another range than asked for makes us start again."""
        start = headers.get("Content-Range", "").removeprefix("bytes ").partition("-")[0]
        if start != str(self._body.stat().st_size):
            self.discard()
            message = f"the server sent the range {headers.get('Content-Range')!r}"
            raise httpx.RemoteProtocolError(message)

    def add(self, chunk: bytes) -> None:
        """Append what arrived."""
        with self._body.open("ab") as file:
            file.write(chunk)

    def finish(self) -> bytes:
        """Return the whole body and forget the pieces."""
        content = self._body.read_bytes()
        self.discard()
        return content

    def discard(self) -> None:
        """Forget the pieces."""
        self._body.unlink(missing_ok=True)
        self._about.unlink(missing_ok=True)


def _validator(headers: httpx.Headers) -> str:
    """Return a strong validator, or nothing where ranges are not served."""
    if headers.get("Accept-Ranges", "") != "bytes":
        return ""
    etag = str(headers.get("ETag", ""))
    return etag if etag and not etag.startswith("W/") else str(headers.get("Last-Modified", ""))
