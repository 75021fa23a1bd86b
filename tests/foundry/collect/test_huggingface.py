"""The Hub's routes on loopback: most downloaded first, cards where they may be kept."""

import hashlib
import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest

from skywright.errors import InputError, SourceError
from skywright.foundry.collect.huggingface import HuggingFaceWish, collect_huggingface
from skywright.foundry.data.datasets import Datasets
from skywright.orbits.threads import CancelledError
from skywright.settings import Settings
from skywright.store.database import Database

pytest.importorskip("huggingface_hub")

PAGE = 50
CARD = """---
license: {licence}
base_model: org/base
model-index:
- name: it
  results:
  - task: {{type: text-generation}}
    dataset: {{name: Sky, type: sky}}
    metrics: [{{type: accuracy, value: 0.5}}]
---
# A model
"""


def model(number):
    """The models of this Hub: fewer downloads the higher the number."""
    return {
        "id": f"org/model-{number:03d}",
        "modelId": f"org/model-{number:03d}",
        "author": "org",
        "downloads": 100_000 - 500 * number,
        "likes": 50 if number % 10 == 3 else 500,
        "pipeline_tag": "text-generation" if number % 2 else "image-classification",
        "library_name": "transformers" if number % 3 else "timm",
        "tags": ["license:apache-2.0" if number % 4 else "license:cc-by-nc-4.0"],
        "config": {"model_type": "llama" if number % 2 else "vit"},
        "gated": "auto" if number == 5 else False,
        "createdAt": "2026-01-02T03:04:05.000Z",
        "lastModified": "2026-02-02T03:04:05.000Z",
        "cardData": {"base_model": "org/base"},
    }


class Hub(BaseHTTPRequestHandler):
    """Speaks the routes that the library calls; ``server.faults`` makes it stumble."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # headers and content go apart: no wait between them

    def do_GET(self):
        self.answer(body=True)

    def do_HEAD(self):
        self.answer(body=False)

    def answer(self, *, body):
        path, query = urlsplit(self.path).path, parse_qs(urlsplit(self.path).query)
        self.server.asked.append(f"{self.command} {path}")
        if self.server.faults:
            self.send(self.server.faults.pop(0), b"{}", {}, body=body)
        elif path == "/api/models":
            self.page(query, body=body)
        elif found := re.fullmatch(r"/(org/model-(\d+))/resolve/main/README.md", path):
            self.card(int(found[2]), body=body)
        else:
            headers = {"X-Error-Code": "RepoNotFound", "X-Error-Message": "Not here"}
            self.send(404, b"{}", headers, body=body)

    def page(self, query, *, body):
        task = query.get("pipeline_tag", [None])[0]
        found = [model(k) for k in range(180) if task in {None, model(k)["pipeline_tag"]}]
        first = int(query.get("cursor", ["0"])[0])
        headers = {"Content-Type": "application/json"}
        if first + PAGE < len(found):
            rest = re.sub(r"&?cursor=\d+", "", urlsplit(self.path).query)
            host = self.headers["Host"]
            link = f"http://{host}/api/models?{rest}&cursor={first + PAGE}"
            headers["Link"] = f'<{link}>; rel="next"'
        self.send(200, json.dumps(found[first : first + PAGE]).encode(), headers, body=body)

    def card(self, number, *, body):
        if number == 5:
            headers = {"X-Error-Code": "GatedRepo", "X-Error-Message": "Ask first"}
            return self.send(403, b"{}", headers, body=body)
        if number == 7:
            headers = {"X-Error-Code": "EntryNotFound", "X-Error-Message": "No card"}
            return self.send(404, b"{}", headers, body=body)
        licence = model(number)["tags"][0].partition(":")[2]
        content = CARD.format(licence=licence).encode()
        headers = {
            "X-Repo-Commit": "a" * 40,
            "ETag": f'"{hashlib.sha1(content).hexdigest()}"',
            "Accept-Ranges": "bytes",
        }
        return self.send(200, content, headers, body=body)

    def send(self, status, content, headers, *, body):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if body:
            self.wfile.write(content)

    def log_message(self, *_):
        """Say nothing."""


@pytest.fixture
def hub():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    server.asked, server.faults, server.daemon_threads = [], [], True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def settings(hub, tmp_path):
    host, port = hub.server_address
    return Settings(huggingface_url=f"http://{host}:{port}", data_dir=tmp_path / "sky")


def rows_of(settings, record):
    database = Database.of(settings)
    datasets = Datasets.of(settings, database)
    rows = datasets.read(datasets.find(record.id)).to_dicts()
    database.close()
    return rows


def test_the_list_is_left_where_downloads_fall_below_the_bound(settings, hub):
    wish = HuggingFaceWish(more_than_downloads=60_000, cards=False)
    record, told = collect_huggingface(settings, "models", wish)
    rows = rows_of(settings, record)
    expected = [k for k in range(80) if model(k)["likes"] > 100]
    assert [row["id"] for row in rows] == [model(k)["id"] for k in expected]
    assert told["models"] == len(expected)
    pages = [line for line in hub.asked if line == "GET /api/models"]
    assert len(pages) == 2, "of four pages only those were asked for that could hold one"


def test_tasks_libraries_and_types_narrow_it_down(settings):
    wish = HuggingFaceWish(
        tasks=("text-generation",), libraries=("transformers",), model_types=("llama",), cards=False
    )
    record, _ = collect_huggingface(settings, "models", wish)
    rows = rows_of(settings, record)
    assert {(r["task"], r["library"], r["model_type"]) for r in rows} == {
        ("text-generation", "transformers", "llama")
    }


def test_a_card_is_kept_where_its_licence_allows_and_its_results_always(settings):
    record, told = collect_huggingface(settings, "models", HuggingFaceWish(limit=10))
    rows = {row["id"]: row for row in rows_of(settings, record)}
    assert told["cards"] == {"kept": 5, "licence": 3, "gated": 1, "missing": 1}
    kept = rows["org/model-001"]
    assert kept["card"].startswith("---")
    assert json.loads(kept["results"])[0] == {
        "task": "text-generation",
        "dataset": "Sky",
        "split": None,
        "metric": "accuracy",
        "value": 0.5,
    }
    assert rows["org/model-004"]["card"] is None, "no commercial use: not ours to pass on"
    assert json.loads(rows["org/model-004"]["results"])
    assert rows["org/model-005"]["card_state"] == "gated"
    assert rows["org/model-007"]["card_state"] == "missing"


def test_a_broken_collection_goes_on_without_asking_for_cards_again(settings, hub):
    wish, asked = HuggingFaceWish(limit=8), []

    def stop():
        asked.append(1)
        return len(asked) > 13

    with pytest.raises(CancelledError):
        collect_huggingface(settings, "models", wish, cancelled=stop)
    before = [line for line in hub.asked if line.startswith("GET /org")]
    assert 0 < len(before) < 8
    record, _ = collect_huggingface(settings, "models", wish)
    after = [line for line in hub.asked if line.startswith("GET /org")]
    assert len(after) == len(set(after))
    assert len({row["id"] for row in rows_of(settings, record)}) == record.num_samples == 8


def test_a_hub_that_fails_is_a_sentence_and_leaves_no_dataset(settings, hub, monkeypatch):
    monkeypatch.setattr("huggingface_hub.utils._http.time.sleep", lambda _: None)
    hub.faults = [500] * 20
    with pytest.raises(SourceError, match="Hugging Face Hub"):
        collect_huggingface(settings, "models", HuggingFaceWish(cards=False))
    database = Database.of(settings)
    assert Datasets.of(settings, database).list() == []
    database.close()


@pytest.mark.parametrize(
    "wish", [{"tasks": ("a b",)}, {"libraries": ("x;y",)}, {"limit": 0}, {"more_than_likes": -1}]
)
def test_a_wrong_wish_is_refused_before_anything_is_asked(settings, hub, wish):
    with pytest.raises(InputError):
        collect_huggingface(settings, "models", HuggingFaceWish(**wish))
    assert hub.asked == []


def test_what_fits_nobody_is_told(settings):
    with pytest.raises(InputError, match="No model of the Hugging Face Hub fits"):
        collect_huggingface(settings, "models", HuggingFaceWish(more_than_downloads=10**9))
