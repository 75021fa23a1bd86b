"""A server on loopback that speaks the REST interface of a Pinecone index."""

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import numpy as np


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # headers and content go apart: no wait between them

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        held = self.server.namespaces.setdefault(body["namespace"], {})
        if self.path == "/vectors/upsert":
            if len(body["vectors"]) > 1_000:
                return self._tell(400, {"message": "too many vectors"})
            held |= {one["id"]: one for one in body["vectors"]}
            return self._tell(200, {"upsertedCount": len(body["vectors"])})
        if self.path == "/vectors/delete":
            for id_ in list(held) if body.get("deleteAll") else body["ids"]:
                held.pop(id_, None)
            return self._tell(200, {})
        if self.path == "/query":
            return self._tell(200, {"matches": _nearest(held.values(), body)})
        return self._tell(404, {"message": "no such path"})

    def do_GET(self):
        parts = urlsplit(self.path)
        asked = parse_qs(parts.query)
        held = self.server.namespaces.get(asked["namespace"][0], {})
        if parts.path == "/vectors/fetch":
            return self._tell(200, {"vectors": {k: held[k] for k in asked["ids"] if k in held}})
        ids = sorted(held)
        start = int(asked.get("paginationToken", ["0"])[0])
        stop = start + int(asked["limit"][0])
        page = {"vectors": [{"id": id_} for id_ in ids[start:stop]]}
        if stop < len(ids):
            page["pagination"] = {"next": str(stop)}
        return self._tell(200, page)

    def _tell(self, status, value):
        if self.headers["Api-Key"] != "secret":
            status, value = 401, {"message": "Invalid API key"}
        content = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        pass


def _nearest(held, body):
    wanted = body.get("filter", {}).get("collection", {}).get("$eq")
    passing = [one for one in held if wanted in {None, one["metadata"]["collection"]}]
    scored = [{"id": one["id"], "score": float(np.dot(one["values"], body["vector"]))}
              for one in passing]  # fmt: skip
    return sorted(scored, key=lambda one: -one["score"])[: body["topK"]]


@contextmanager
def running_pinecone():
    """Yield the address of a server whose key is ``secret``."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.namespaces = {}
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
