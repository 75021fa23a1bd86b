"""A real server on the loopback device that speaks as it is told."""

import threading
from collections import deque
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest

from skywright.settings import Settings
from skywright.sources.http import Fetcher
from skywright.store.blobs import BlobStore


@dataclass
class Reply:
    """What the server says next; ``cut`` closes the connection after so many bytes."""

    body: bytes | str = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    cut: int | None = None


class Provider(ThreadingHTTPServer):
    """Answers with its replies in order, the last one for ever; remembers every request."""

    daemon_threads = True

    def __init__(self):
        self.replies: deque[Reply] = deque()
        self.asked: list[tuple[str, dict[str, str], dict[str, str]]] = []
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"

    reply = staticmethod(Reply)

    def say(self, *replies):
        self.replies = deque(r if isinstance(r, Reply) else Reply(r) for r in replies)

    def handle_error(self, *_):
        """Stay quiet about connections that the test cut."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # headers and content go apart: no wait between them

    def do_GET(self):
        parts = urlsplit(self.path)
        query = {k: v[0] for k, v in parse_qs(parts.query).items()}
        self.server.asked.append((parts.path, query, dict(self.headers)))
        replies = self.server.replies
        reply = replies.popleft() if len(replies) > 1 else replies[0]
        self._send(reply)

    def _send(self, reply):
        body = reply.body.encode() if isinstance(reply.body, str) else reply.body
        status = reply.status
        headers = {"Content-Type": "application/json", **reply.headers}
        if headers.get("ETag") and self.headers.get("If-None-Match") == headers["ETag"]:
            status, body = 304, b""
        wanted = self.headers.get("Range", "")
        if wanted and headers.get("Accept-Ranges") == "bytes" and status == 200:
            start = int(wanted.removeprefix("bytes=").rstrip("-"))
            headers["Content-Range"] = f"bytes {start}-{len(body) - 1}/{len(body)}"
            status, body = 206, body[start:]
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body if reply.cut is None else body[: reply.cut])
        if reply.cut is not None:
            self.close_connection = True

    def log_message(self, *_):
        """Write nothing."""


@pytest.fixture
def provider():
    server = Provider()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def settings(provider):
    url = provider.url
    return Settings(
        sbdb_query_url=f"{url}/sbdb_query.api",
        sbdb_object_url=f"{url}/sbdb.api",
        cad_url=f"{url}/cad.api",
        sentry_url=f"{url}/sentry.api",
        neocc_url=url,
        mpc_url=url,
    )


@pytest.fixture
def waits():
    return []


@pytest.fixture
def fetcher(tmp_path, waits):
    with Fetcher(
        tmp_path / "raw", BlobStore(tmp_path / "blobs"), timeout_s=5.0, wait=waits.append
    ) as fetcher:
        yield fetcher
