"""``/api/inference``: one row, many rows, and what was true."""

import pytest

from skywright.foundry.registry import Registry
from skywright.foundry.signature import Input
from skywright.settings import get_settings
from tests.serving import StandIn, add_model

ROW = {"x": 1.5, "mode": "a"}


@pytest.fixture
def registry(monkeypatch):
    kind = StandIn()
    monkeypatch.setattr("skywright.foundry.serve.opened.kind_named", lambda name: kind)
    made = Registry.of(get_settings())
    yield made
    made.database.close()


@pytest.fixture
def line(registry, tmp_path):
    return add_model(registry, tmp_path, bias=1.0)


def _message(answer):
    return answer.json()["error"]["message"]


def test_one_row_is_answered(client, line):
    told = client.post("/api/inference/line", json={"inputs": ROW}).json()
    assert told["output"] == {"value": 4.0}
    assert set(told) == {"model", "version", "variant", "prediction_id", "output", "latency_ms"}
    assert (told["model"], told["version"], told["variant"]) == ("line", line, "champion")


@pytest.mark.parametrize("name", ["line", "line@champion", "line@{}", "line:{}"])
def test_a_model_may_be_named_in_four_ways(client, line, name):
    answer = client.post(f"/api/inference/{name.format(line)}", json={"rows": [ROW]})
    assert answer.json()["output"] == {"value": 4.0}


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({}, "Give the row either as inputs or as rows."),
        ({"inputs": ROW, "rows": [ROW]}, "Give the row either as inputs or as rows."),
        ({"rows": [ROW, ROW]}, "rows holds 2 rows; this path answers one."),
        ({"inputs": {"x": "much", "mode": "a"}}, "inputs.x = 'much' is not allowed"),
        ({"inputs": {"x": 1}}, "inputs lacks mode."),
        ({"inputs": {**ROW, "xx": 1}}, "xx of inputs is not an input of this model."),
        ({"inputs": ROW, "row": 1}, "row is not a field of this request."),
        ({"inputs": [1]}, "inputs = [1] is not allowed"),
    ],
)
def test_a_body_that_does_not_fit_is_refused_in_a_sentence(client, line, body, told):
    answer = client.post("/api/inference/line", json=body)
    assert answer.status_code == 422
    assert _message(answer).startswith(told)


def test_not_a_number_is_refused_as_json_has_none(client, line):
    answer = client.post("/api/inference/line", content=b'{"inputs": {"x": NaN, "mode": "a"}}')
    assert answer.status_code == 422


def test_a_batch_tells_each_row(client, line):
    rows = [ROW, {"x": None}, {"x": 2, "mode": "b"}]
    told = client.post("/api/inference/line/batch", json={"rows": rows}).json()
    assert told["outputs"] == [{"value": 4.0}, None, {"value": 5.0}]
    assert told["errors"] == [
        {"row": 1, "message": "rows[1] lacks mode. Send null where a value is not known."}
    ]
    assert len(told["prediction_ids"]) == 3


def test_too_many_rows_are_refused_before_any_is_answered(client, line):
    answer = client.post("/api/inference/line/batch", json={"rows": [ROW] * 1001})
    assert answer.status_code == 413
    assert _message(answer) == "rows holds 1001 rows; it must hold at most 1000."


def test_a_fault_of_the_model_is_ours_and_shows_no_cause(client, line):
    answer = client.post("/api/inference/line", json={"inputs": {"x": 13, "mode": "a"}})
    assert answer.status_code == 500
    assert "bad luck" not in answer.text


def test_a_model_whose_kind_answers_no_rows_says_so(client, registry, tmp_path):
    (tmp_path / "bare").mkdir()
    (tmp_path / "bare" / "weights").write_bytes(b"1")
    registry.promote("bare", registry.add("bare", tmp_path / "bare", {"kind": "odd"}))
    answer = client.post("/api/inference/bare", json={"inputs": ROW})
    assert answer.status_code == 422
    assert "does not answer rows" in _message(answer)


def test_an_unknown_model_is_not_found(client):
    answer = client.post("/api/inference/nothing", json={"inputs": ROW})
    assert answer.status_code == 404


def test_the_truth_is_attached_once(client, registry, tmp_path):
    add_model(registry, tmp_path, "gate", limit=1.0)
    client.post("/api/models/gate/deploy", json={"flags": {"log": "all"}})
    asked = client.post("/api/inference/gate", json={"inputs": ROW}).json()
    body = {"prediction_id": asked["prediction_id"], "label": "high"}
    told = client.post("/api/inference/gate/feedback", json=body)
    assert told.json() == {**{k: body[k] for k in ("prediction_id",)}, "variant": "champion",
                           "reward": 1.0}  # fmt: skip
    assert client.post("/api/inference/gate/feedback", json=body).status_code == 409


def test_a_label_that_is_no_class_is_refused(client, registry, tmp_path):
    add_model(registry, tmp_path, "gate", limit=1.0)
    client.post("/api/models/gate/deploy", json={"flags": {"log": "all"}})
    asked = client.post("/api/inference/gate", json={"inputs": ROW}).json()
    for truth in ({"label": "medium"}, {}, {"label": "high", "reward": 1}, {"reward": 2}):
        body = {"prediction_id": asked["prediction_id"], **truth}
        assert client.post("/api/inference/gate/feedback", json=body).status_code == 422


def test_a_quota_is_told_with_the_time_to_wait(make_client, registry, tmp_path, monkeypatch):
    add_model(registry, tmp_path)
    monkeypatch.setenv("SKYWRIGHT_INFERENCE_QUOTA_PER_DAY", "3")
    get_settings.cache_clear()
    client = make_client(base_url="http://127.0.0.1", peer="127.0.0.1")
    many = {"rows": [ROW] * 3}
    assert client.post("/api/inference/line/batch", json=many).status_code == 200
    answer = client.post("/api/inference/line", json={"inputs": ROW})
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) > 0


def test_figures_count_rows_by_model(client, line):
    client.post("/api/inference/line", json={"inputs": ROW})
    text = client.get("/metrics").text
    labels = f'model="line",variant="champion",version="{line}"'
    assert f"skywright_inference_rows_total{{{labels}}} 1.0" in text


def test_a_text_that_the_filter_refuses_is_told_by_rule(client, registry, tmp_path):
    add_model(registry, tmp_path, "talk", inputs=(Input("text", "text"),))
    client.post("/api/models/talk/deploy", json={"flags": {"filter": True}})
    answer = client.post("/api/inference/talk", json={"inputs": {"text": "I want to make a bomb."}})
    assert answer.status_code == 422
    assert answer.json()["error"]["code"] == "filtered"
    assert 'reason="weapons"' in client.get("/metrics").text
