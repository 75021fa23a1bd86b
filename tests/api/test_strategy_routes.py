"""``POST /api/v1/ml/generate-strategy``: plans that keep their constraints, on record."""

import copy

import pytest

from skywright.api.strategy_routes import EXAMPLE


@pytest.fixture
def body():
    return copy.deepcopy(EXAMPLE) | {"network": False}


def post(client, body):
    return client.post("/api/v1/ml/generate-strategy", json=body)


def test_a_plan_is_answered_and_on_record(client, body):
    told = post(client, body).json()
    (row,) = told["conjunctions"]
    assert row["solved"]
    assert row["recommended"]["pc_after"] <= 1e-6
    assert row["recommended"]["dv_total_m_s"] <= 0.5
    (found,) = client.get("/api/v1/ml/analyses").json()["analyses"]
    assert (found["id"], found["kind"]) == (told["analysis_id"], "generate-strategy")
    assert list(found["decision"]) == ["C1"]


def test_no_action_is_towards_another_object(client, body):
    (row,) = post(client, body).json()["conjunctions"]
    for plan in row["plans"]:
        assert plan["action"].split()[0] in {
            "in-track", "radial", "cross-track", "burn", "e/i-vector", "watch",
        }  # fmt: skip


def test_what_cannot_be_kept_is_named(client, body):
    body["constraints"] = {"max_dv_m_s": 1e-6}
    (row,) = post(client, body).json()["conjunctions"]
    assert not row["solved"]
    assert row["recommended"] is None
    assert row["binding_constraint"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda b: b["conjunctions"][0]["own"].update(state=[1.0]), "state"),
        (
            lambda b: b["conjunctions"][0]["own"].update(state=[7078000.0, 0, 0, 0, 5300, 5300]),
            "km",
        ),
        (
            lambda b: b["conjunctions"][0]["other"].update(
                covariance_rtn_km2=[[-1, 0, 0], [0, 1, 0], [0, 0, 1]]
            ),
            "C1",
        ),
        (
            lambda b: b["conjunctions"][0]["other"].update(
                covariance_rtn_km2=[[1, 0.5, 0], [0, 1, 0], [0, 0, 1]]
            ),
            "must be symmetric",
        ),
        (lambda b: b["constraints"].update(target_pc=2.0), "target_pc must be"),
        (lambda b: b["constraints"].update(blackouts_h=[[1.0, 2.0]]), "blackouts_h must be"),
        (lambda b: b.update(conjunctions=[]), "conjunctions"),
        (lambda b: b.update(target="other"), "target is not a field"),
    ],
)
def test_bad_bodies_are_refused_and_nothing_is_stored(client, body, change, said):
    change(body)
    answer = post(client, body)
    assert answer.status_code == 422
    assert said in answer.json()["error"]["message"]
    assert client.get("/api/v1/ml/analyses").json() == {"analyses": []}
