"""Every error has one shape, and none tells what is inside."""

import pytest

from skywright.api import middleware
from skywright.errors import SkywrightError


def _error(response):
    assert response.headers["content-type"] == "application/json"
    assert set(response.json()) == {"error"}
    assert set(response.json()["error"]) == {"code", "message", "hint"}
    return response.json()["error"]


def test_an_unknown_path(client):
    response = client.get("/api/nothing")
    assert response.status_code == 404
    assert _error(response)["message"] == "There is no /api/nothing here."


def test_a_wrong_method_names_the_right_one(client):
    response = client.get("/api/predict")
    assert response.status_code == 405
    assert _error(response)["hint"] == "Use POST."


def test_a_bad_query_parameter(client):
    response = client.get("/api/neo?limit=0")
    assert response.status_code == 422
    assert _error(response)["message"].startswith("limit = '0' is not allowed: it should be")


def test_not_a_number_in_a_query(client):
    assert client.get("/api/neo?a_max=nan").status_code == 422


def test_a_fault_of_ours_shows_an_id_and_no_cause(client, apophis, monkeypatch):
    secret = ["secret path /etc"]

    def broken(objects):
        raise RuntimeError(*secret)

    monkeypatch.setattr("skywright.api.objects_routes.predict_all", broken)
    response = client.post("/api/predict", json=apophis)
    assert response.status_code == 500
    assert response.headers["x-request-id"] in _error(response)["hint"]
    assert "secret" not in response.text


def test_an_error_of_the_tree_keeps_its_status_and_code(client, apophis, monkeypatch):
    class OddError(SkywrightError):
        http_status = 409
        code = "odd"

    def refuse(objects):
        message = "no"
        raise OddError(message, hint="yes")

    monkeypatch.setattr("skywright.api.objects_routes.predict_all", refuse)
    response = client.post("/api/predict", json=apophis)
    assert response.status_code == 409
    assert _error(response) == {"code": "odd", "message": "no", "hint": "yes"}


def test_a_body_announced_too_large_is_not_read(client):
    headers = {"content-length": str(middleware.MAX_BODY_BYTES + 1)}
    response = client.post("/api/predict", content=b"{}", headers=headers)
    assert response.status_code == 413
    assert _error(response)["code"] == "too_large"


def test_a_body_that_turns_out_too_large_is_cut(client, monkeypatch):
    monkeypatch.setattr(middleware, "MAX_BODY_BYTES", 1000)
    response = client.post("/api/predict", content=iter([b"x" * 600] * 3))
    assert response.status_code == 413


def test_a_request_id_of_the_caller_is_kept_if_it_is_harmless(client):
    assert client.get("/health", headers={"x-request-id": "abc-12345"}).headers["x-request-id"] == (
        "abc-12345"
    )
    assert client.get("/health", headers={"x-request-id": "a b\tc"}).headers["x-request-id"] != (
        "a b\tc"
    )


@pytest.mark.parametrize("path", ["/health", "/api/nothing", "/api/predict"])
def test_every_answer_carries_an_id(client, path):
    assert client.get(path).headers["x-request-id"]
