"""``/api/v1/ml``: rows through a model; advice on record and what people decided."""

import pytest

from skywright.foundry.registry import Registry
from skywright.settings import get_settings
from skywright.store.analyses import Analysis, record_analysis
from tests.serving import StandIn, add_model

ROW = {"x": 1.5, "mode": "a"}


@pytest.fixture
def line(monkeypatch, tmp_path):
    kind = StandIn()
    monkeypatch.setattr("skywright.foundry.serve.opened.kind_named", lambda name: kind)
    registry = Registry.of(get_settings())
    yield add_model(registry, tmp_path, bias=1.0)
    registry.database.close()


def test_rows_are_answered_with_the_version_and_its_data(client, line):
    told = client.post("/api/v1/ml/predict", json={"model": "line", "rows": [ROW] * 3}).json()
    assert told["outputs"] == [{"value": 4.0}] * 3
    assert told["version"] == line
    assert isinstance(told["trained_on"], dict)


def test_a_row_that_does_not_fit_is_told_by_its_place(client, line):
    body = {"model": "line", "rows": [ROW, {"x": "much", "mode": "a"}]}
    told = client.post("/api/v1/ml/predict", json=body).json()
    assert told["outputs"] == [{"value": 4.0}, None]
    assert [one["row"] for one in told["errors"]] == [1]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"rows": [ROW]}, "model is missing"),
        ({"model": "line", "rows": []}, "rows"),
        ({"model": "line", "rows": [ROW], "row": 1}, "row is not a field"),
    ],
)
def test_a_body_that_does_not_fit_is_a_sentence(client, line, body, said):
    answer = client.post("/api/v1/ml/predict", json=body)
    assert answer.status_code == 422
    assert said in answer.json()["error"]["message"]


def test_ten_thousand_rows_are_too_many(client, line):
    answer = client.post("/api/v1/ml/predict", json={"model": "line", "rows": [ROW] * 10_000})
    assert answer.status_code == 413


@pytest.fixture
def analysis(client):
    advice = Analysis("threat-analysis", "43613", b"{}", b"{}", {"ssa-threats": "abc"}, {"1": 2})
    return record_analysis(client.app.state.services.database, "local", advice)


def test_a_decision_is_found_beside_its_analysis(client, analysis):
    body = {"decision": "wait", "reason": "The neighbour announced its burn."}
    said = client.post(f"/api/v1/ml/analyses/{analysis}/override", json=body).json()
    assert (said["analysis_id"], said["decision"]) == (analysis, "wait")
    (found,) = client.get("/api/v1/ml/analyses", params={"subject": "43613"}).json()["analyses"]
    assert found["overrides"][0]["reason"] == body["reason"]


def test_an_analysis_that_is_not_there_is_told(client):
    body = {"decision": "wait", "reason": "Because."}
    answer = client.post("/api/v1/ml/analyses/nothing/override", json=body)
    assert answer.status_code == 404
    assert client.get("/api/v1/ml/analyses").json() == {"analyses": []}
