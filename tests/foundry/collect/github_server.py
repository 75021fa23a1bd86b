"""GitHub's search on loopback: qualifiers, pages, the cap of 1,000, limits, and stumbles."""

import base64
import hashlib
import json
import re
import threading
from datetime import date, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

FIRST = date(2026, 5, 25)


def repository(number):
    """Return one of many: 1,400 of them have 1,500 stars exactly, the rest few neighbours."""
    stars = 1500 if number < 1400 else 1001 + (number - 1400) * 3
    pushed = FIRST + timedelta(days=number % 150)
    return {
        "id": number,
        "full_name": f"org/repo-{number}",
        "description": "It does something.",
        "stargazers_count": stars,
        "forks_count": 1,
        "open_issues_count": 2,
        "topics": ["ai", "python"],
        "language": "Python",
        "license": {"spdx_id": ("MIT", "GPL-3.0-only", "NOASSERTION")[number % 3]},
        "created_at": f"{date(2015, 1, 1) + timedelta(days=number)}T00:00:00Z",
        "pushed_at": f"{pushed}T12:00:00Z",
        "default_branch": "main",
        "size": 10,
        "archived": False,
        "html_url": f"https://github.com/org/repo-{number}",
    }


class GitHubServer:
    """A server in a thread; ``faults`` are answers given before the true one."""

    def __init__(self, count=2600):
        self.repositories = sorted(
            (repository(k) for k in range(count)), key=lambda r: (-r["stargazers_count"], r["id"])
        )
        self.asked, self.faults, self.incomplete = [], [], 0
        handler = type("Handler", (_Handler,), {"hub": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self):
        self._server.shutdown()
        self._server.server_close()

    def searches(self):
        return [line for line in self.asked if "/search/" in line]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # headers and content go apart: no wait between them

    def do_GET(self):
        parts = urlsplit(self.path)
        self.hub.asked.append(self.path)
        if self.hub.faults:
            fault = self.hub.faults.pop(0)
            if fault == "cut":
                self.close_connection = True
                self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")
                return
            status, headers, content = fault
            self.send(status, content, headers)
        elif parts.path == "/search/repositories":
            self.search({key: value[0] for key, value in parse_qs(parts.query).items()})
        elif parts.path.endswith("/readme"):
            content = base64.b64encode(b"# Read me\n").decode()
            self.tell({"content": content, "encoding": "base64"})
        elif parts.path.endswith("/releases"):
            self.tell([{"tag_name": "v1", "name": "one", "published_at": "2026-01-01"}])
        else:
            self.send(404, b"{}", {})

    def search(self, query):
        found = [one for one in self.hub.repositories if _fits(one, query["q"])]
        page, size = int(query["page"]), int(query["per_page"])
        if page * size > 1000:
            message = b'{"message": "Only the first 1000 search results are available"}'
            self.send(422, message, {})
            return
        incomplete = self.hub.incomplete > 0
        self.hub.incomplete -= incomplete
        items = [] if incomplete else found[(page - 1) * size : page * size]
        self.tell({"total_count": len(found), "incomplete_results": incomplete, "items": items})

    def tell(self, value):
        content = json.dumps(value).encode()
        etag = f'"{hashlib.sha256(content).hexdigest()}"'
        if self.headers.get("If-None-Match") == etag:
            self.hub.asked[-1] += " (304)"
            self.send(304, b"", {"ETag": etag})
        else:
            self.send(200, content, {"ETag": etag, "Content-Type": "application/json"})

    def send(self, status, content, headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if status != 304:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if status != 304:
            self.wfile.write(content)

    def log_message(self, *_):
        """Say nothing."""


def _fits(one, question):
    stars = re.search(r"stars:(>=)?(\d+)(?:\.\.(\d+))?", question)
    low, high = int(stars[2]), int(stars[3]) if stars[3] else 10**9
    topic = re.search(r"topic:(\S+)", question)
    language = re.search(r'language:(?:"([^"]+)"|(\S+))', question)
    return (
        low <= one["stargazers_count"] <= high
        and (not topic or topic[1] in one["topics"])
        and (not language or (language[1] or language[2]) == one["language"])
        and _within(question, "pushed", one["pushed_at"])
        and _within(question, "created", one["created_at"])
    )


def _within(question, name, moment):
    span = re.search(rf"{name}:(?:>=(\S+)|(\S+)\.\.(\S+))", question)
    if not span:
        return True
    first, last = span[1] or span[2], span[3] or "9999-12-31"
    return first <= moment[:10] <= last
