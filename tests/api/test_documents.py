"""The OpenAPI document, the figures, and that importing the package costs nothing."""

import subprocess
import sys
from pathlib import Path

import pytest

_PLAN = {
    ("post", "/api/simulate"),
    ("post", "/api/predict"),
    ("get", "/api/neo/{designation}"),
    ("get", "/api/neo"),
    ("post", "/api/anomalies"),
    ("post", "/api/classifications"),
    ("get", "/api/jobs/{job_id}/events"),
}


@pytest.fixture
def document(client):
    return client.get("/openapi.json").json()


def _operations(document):
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield (method, path), operation


def test_every_planned_path_is_there(document):
    assert {place for place, _ in _operations(document)} >= _PLAN


def test_operation_names_are_chosen_by_hand_and_unique(document):
    names = [operation["operationId"] for _, operation in _operations(document)]
    assert len(set(names)) == len(names)
    assert all(name.isalpha() and name[0].islower() for name in names)


def test_every_operation_tells_its_errors_in_one_shape(document):
    for place, operation in _operations(document):
        schema = operation["responses"]["422"]["content"]["application/json"]["schema"]
        assert schema == {"$ref": "#/components/schemas/ErrorAnswer"}, place


def test_every_post_describes_its_body(document):
    for (method, path), operation in _operations(document):
        if method == "post" and not path.endswith("/stop"):  # nothing is to be said beside
            content = operation["requestBody"]["content"]
            told = content.get("application/json") or content["application/x-ndjson"]
            assert told["schema"], path


def test_every_reference_leads_somewhere(document):
    known = document["components"]["schemas"]

    def walk(value):
        if isinstance(value, dict):
            if isinstance(value.get("$ref"), str):
                assert value["$ref"].removeprefix("#/components/schemas/") in known
            for inner in value.values():
                walk(inner)
        elif isinstance(value, list):
            for inner in value:
                walk(inner)

    walk(document)


@pytest.mark.parametrize("name", ["ObjectIn", "Prediction", "ErrorDetail", "LabelRequest"])
def test_every_field_has_a_description_and_an_example(document, name):
    for field, schema in document["components"]["schemas"][name]["properties"].items():
        assert schema.get("description"), field
        assert "examples" in schema or field.startswith("covariance"), field


def test_quantities_carry_their_unit(document):
    fields = document["components"]["schemas"]["ObjectIn"]["properties"]
    for suffix, unit in (("_au", "[au]"), ("_deg", "[deg]"), ("_km", "[km]"), ("_tdb", "[JD TDB]")):
        named = [name for name in fields if name.endswith(suffix)]
        assert named
        assert all(unit in fields[name]["description"] for name in named), suffix


def test_figures_count_requests_by_template(client, apophis, echo_predictions):
    client.post("/api/predict", json=apophis)
    client.get("/api/jobs/nothing")
    client.get("/anything/at/all")
    text = client.get("/metrics").text
    assert 'skywright_requests_total{method="POST",path="/api/predict",status="200"} 1.0' in text
    assert 'path="/api/jobs/{job_id}",status="404"' in text
    assert 'path="unmatched",status="404"' in text
    assert 'skywright_objects_total{task="predict"} 1.0' in text


def test_a_cold_server_says_that_it_is_not_ready(client):
    response = client.get("/ready")
    assert response.status_code == 503
    assert response.json() == {"ready": False, "detail": "not started"}


def test_importing_the_package_loads_no_framework():
    heavy = "{'fastapi', 'numpy', 'sqlalchemy'}"
    code = f"import sys, skywright.api; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_building_the_application_writes_nothing(tmp_path, make_client):
    make_client()
    assert not (tmp_path / "skywright").exists()


def test_every_operation_is_in_the_manual(document):
    page = (Path(__file__).parents[2] / "docs" / "api.md").read_text(encoding="utf-8")
    for (method, path), _ in _operations(document):
        assert f"{method.upper()} {path}" in page
