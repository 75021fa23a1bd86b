"""``/api/models``: listed, shown, deployed, deleted."""

import pytest

from skywright.foundry.registry import Registry
from skywright.settings import get_settings
from tests.serving import StandIn, add_model


@pytest.fixture
def registry(monkeypatch):
    kind = StandIn()
    monkeypatch.setattr("skywright.foundry.serve.opened.kind_named", lambda name: kind)
    made = Registry.of(get_settings())
    yield made
    made.database.close()


def _listed(client):
    return {model["name"]: model for model in client.get("/api/models").json()["models"]}


def test_every_shipped_model_is_listed_by_name(client):
    models = client.get("/api/models").json()["models"]
    names = [model["name"] for model in models]
    assert names == sorted(names)
    assert {"neo-novelty", "neo-triage"} <= set(names)
    assert not any(model["trained_here"] for model in models)
    assert all(model["deployed"] and model["version"] == "shipped" for model in models)


def test_a_model_is_listed_before_and_after_it_is_in_use(client, registry, tmp_path):
    facts = {"metrics": {"auc": 0.9}, "recipe": {"metric": "auc"}, "licences": ["MIT"]}
    version = add_model(registry, tmp_path, promote=False, facts=facts)
    waiting = _listed(client)["line"]
    assert not waiting["deployed"]
    assert waiting["endpoint"] is None
    registry.promote("line", version)
    found = _listed(client)["line"]
    assert found["trained_here"]
    assert found["deployed"]
    assert found["card"]["metrics"] == {"auc": 0.9}
    assert found["metric"] == {"name": "auc", "value": 0.9}
    assert (found["kind"], found["gate"], found["licence"]) == ("stand-in", "passed", "MIT")
    assert found["versions"][0]["aliases"] == ["champion"]


def test_one_model_is_shown_with_endpoint_and_trial(client, registry, tmp_path):
    version = add_model(registry, tmp_path)
    shown = client.get("/api/models/line").json()
    assert shown["endpoint"]["champion"] == version
    assert shown["trial"] is None
    assert client.get(f"/api/models/line@{version}").json()["version"] == version


@pytest.mark.parametrize(
    ("name", "status"), [("nothing", 404), ("line@00", 404), ("Bad Name", 422)]
)
def test_a_model_that_is_not_there_is_told(client, registry, tmp_path, name, status):
    add_model(registry, tmp_path)
    answer = client.get(f"/api/models/{name}")
    assert answer.status_code == status
    assert answer.json()["error"]["message"].endswith(".")


def test_a_challenger_goes_on_trial(client, registry, tmp_path):
    old = add_model(registry, tmp_path, bias=1.0)
    new = add_model(registry, tmp_path, bias=2.0, promote=False)
    body = {"version": new, "mode": "canary", "fraction": 0.2, "flags": {"log": "all"}}
    told = client.post("/api/models/line/deploy", json=body)
    assert told.status_code == 200, told.text
    assert told.json()["champion"] == old
    assert told.json()["challenger"] == new
    assert told.json()["flags"]["log"] == "all"
    client.post("/api/inference/line", json={"inputs": {"x": 1, "mode": "a"}})
    assert _listed(client)["line"]["endpoint"]["mode"] == "canary"


def test_what_was_deployed_answers_the_next_request(client, registry, tmp_path):
    row = {"inputs": {"x": 0, "mode": "a"}}
    for bias in (1.0, 2.0, 3.0):
        version = add_model(registry, tmp_path, bias=bias, promote=False)
        client.post(f"/api/models/line@{version}/deploy", json={"mode": "single"})
        assert client.post("/api/inference/line", json=row).json()["output"] == {"value": bias}


def test_a_deployment_is_for_trainers_and_a_kept_back_model_for_admins(
    make_client, make_key, registry, tmp_path
):
    facts = {"gate": {"state": "kept back", "reason": "worse."}}
    version = add_model(registry, tmp_path, promote=False, facts=facts)
    body = {"version": version, "override": True, "reason": "the plan says so"}
    client = make_client()
    status = {}
    for role in ("analyst", "trainer", "admin"):
        headers = {"Authorization": f"Bearer {make_key(role, role).secret}"}
        answer = client.post("/api/models/line/deploy", json=body, headers=headers)
        status[role] = answer.status_code
    assert status == {"analyst": 403, "trainer": 403, "admin": 200}


def test_a_deployment_with_an_unknown_field_is_refused(client):
    answer = client.post("/api/models/neo-triage/deploy", json={"modus": "single"})
    assert answer.status_code == 422
    assert "modus" in answer.json()["error"]["message"]


def test_a_version_in_use_is_kept_and_another_deleted(client, registry, tmp_path):
    old = add_model(registry, tmp_path, bias=1.0)
    new = add_model(registry, tmp_path, bias=2.0)
    assert client.delete("/api/models/line").status_code == 409
    assert client.delete(f"/api/models/line@{new}").status_code == 409
    assert client.delete(f"/api/models/line@{old}").json() == {"deleted": f"line@{old}"}
    assert client.get(f"/api/models/line@{old}").status_code == 404
    assert client.delete("/api/models/neo-triage@shipped").status_code == 409
