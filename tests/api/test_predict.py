"""``POST /api/predict``: what comes in, what is refused, and in which words."""

import math

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from skywright.api.objects import ObjectIn, read_objects
from skywright.api.objects_routes import _by_kind

_NEEDED = ("epoch_jd_tdb", "e", "i_deg", "node_deg", "peri_deg")
pytestmark = pytest.mark.usefixtures("echo_predictions")


def _message(response):
    assert set(response.json()) == {"error"}
    assert set(response.json()["error"]) == {"code", "message", "hint"}
    return response.json()["error"]["message"]


def test_one_object_is_answered_by_one(client, apophis):
    response = client.post("/api/predict", json=apophis)
    assert response.json() == {"designation": "2004 MN4", "a": 0.9223}


def test_several_are_answered_in_their_order(client, apophis):
    objects = [{**apophis, "designation": str(k)} for k in range(1000)]
    response = client.post("/api/predict", json={"objects": objects})
    assert [row["designation"] for row in response.json()["objects"]] == [
        str(k) for k in range(1000)
    ]


def test_a_state_will_do_instead_of_elements(client):
    state = dict.fromkeys(("x_au", "y_au", "z_au", "vx_au_d", "vy_au_d", "vz_au_d"), 0.5)
    assert client.post("/api/predict", json={"epoch_jd_tdb": 2461000.5, **state}).status_code == 200


@pytest.mark.parametrize(
    ("change", "words"),
    [
        pytest.param({"e": -0.2}, "e = -0.2 is not allowed: it should be greater", id="e"),
        pytest.param({"i_deg": 181}, "i_deg = 181 is not allowed: it should be less", id="i"),
        pytest.param({"e": "0.2"}, "e = '0.2' is not allowed: it should be a valid number", id="s"),
        pytest.param({"e": None}, "e is missing.", id="null"),
        pytest.param({"epoch_jd_tdb": 61000.0}, "epoch_jd_tdb = 61000.0 is not allowed", id="mjd"),
        pytest.param({"a_au": None}, "a_au (or q_au) is missing.", id="size"),
        pytest.param({"covariance": [1] * 35}, "covariance holds 35 entries; it must", id="cov"),
        pytest.param({"condition_code": 12}, "condition_code = 12 is not allowed", id="code"),
        pytest.param({"h_mga": 19}, "h_mga is not a field. Did you mean h_mag?", id="typo"),
    ],
)
def test_bad_values_are_told_by_field_value_and_range(client, apophis, change, words):
    if "h_mga" in change:
        del apophis["h_mag"]
    response = client.post("/api/predict", json={**apophis, **change})
    assert response.status_code == 422
    assert words in _message(response)


@pytest.mark.parametrize("name", sorted(set(ObjectIn.__annotations__) - set(_NEEDED)))
def test_null_is_the_same_as_leaving_a_value_out(client, apophis, name):
    size = {"a_au": 0.9} if name == "q_au" else {"q_au": 0.7}
    with_null = read_objects({**apophis, **size, name: None})
    apophis.pop(name, None)
    assert with_null == read_objects({**apophis, **size})


def test_the_place_of_a_bad_object_is_told(client, apophis):
    objects = [apophis, apophis, {**apophis, "e": -1}]
    response = client.post("/api/predict", json={"objects": objects})
    assert _message(response).startswith("objects[2].e = -1 is not allowed")


def test_foreign_columns_are_left_alone(client, apophis):
    assert client.post("/api/predict", json={**apophis, "discovered_by": 1}).status_code == 200


def test_more_than_a_thousand_are_refused_with_both_numbers(client, apophis):
    response = client.post("/api/predict", json={"objects": [apophis] * 10_000})
    assert response.status_code == 422
    assert _message(response) == "objects holds 10000 entries; a request may hold at most 1000."


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_numbers_that_are_none_are_refused(client, apophis, text):
    body = client.build_request("POST", "/", json={**apophis, "e": 0.125}).content
    body = body.replace(b"0.125", text.encode())
    response = client.post("/api/predict", content=body)
    assert response.status_code == 422
    assert _message(response)


def test_a_flood_of_foreign_names_does_not_hold_up_the_server(client, apophis):
    flood = [{**apophis, **{f"h_mag_{k}_{j}": 1 for j in range(40)}} for k in range(1000)]
    assert client.post("/api/predict", json={"objects": flood}).status_code in {200, 422}


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"[" * 100_000, id="deep"),
        pytest.param(b'{"e": ' + b"9" * 5000 + b"}", id="digits"),
        pytest.param(b'{"designation": "\\ud800"}', id="half-a-letter"),
        pytest.param(b'{"e": 0.1, "e": -1}', id="twice"),
        pytest.param(b"\xff\xfe{", id="no-text"),
    ],
)
def test_what_breaks_parsers_is_refused(client, body):
    assert client.post("/api/predict", content=body).status_code == 422


@pytest.mark.parametrize("body", ["", "{", "[]", "null", "7", '"e"', '{"objects": 3}', "{}", "\0"])
def test_what_is_no_object_is_refused(client, body):
    response = client.post("/api/predict", content=body)
    assert response.status_code == 422
    assert _message(response)


def test_an_empty_list_is_refused(client):
    assert client.post("/api/predict", json={"objects": []}).status_code == 422


_JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["objects", "e", "a_au", "q_au", "i_deg", "covariance", "epoch_jd_tdb"])
            | st.text(max_size=8),
            inner,
            max_size=6,
        )
    ),
    max_leaves=20,
)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(value=_JSON, change=st.dictionaries(st.sampled_from(["e", "h_mag", "covariance"]), _JSON))
def test_no_body_makes_the_server_fail(client, apophis, value, change):
    import json

    for body in (value, {**apophis, **change}, {"objects": [apophis, change]}):
        response = client.post("/api/predict", content=json.dumps(body))
        assert response.status_code in {200, 422}


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(body=st.binary(max_size=200))
def test_no_bytes_make_the_server_fail(client, body):
    assert client.post("/api/predict", content=body).status_code in {200, 422}


def test_what_is_not_finite_is_null_in_an_answer(client, apophis, monkeypatch):
    import numpy as np

    rows = [{"a": math.nan, "b": np.float64("inf"), "c": np.int64(3), "d": np.bool_(True)}]
    monkeypatch.setattr("skywright.api.objects_routes.predict_all", lambda objects: rows)
    found = client.post("/api/predict", json=apophis).json()
    assert found == {"a": None, "b": None, "c": 3, "d": True}


def test_elements_and_states_may_be_mixed():
    calls = []

    def run(rows):
        calls.append(["e" in row for row in rows])
        return [{"x": row["x"]} for row in rows]

    rows = [{"x": 0, "e": 1}, {"x": 1}, {"x": 2, "e": 1}, {"x": 3}]
    assert _by_kind(run, rows) == [{"x": 0}, {"x": 1}, {"x": 2}, {"x": 3}]
    assert calls == [[False, False], [True, True]]
