"""``POST /api/v1/ml/threat-analysis``: typed, on record, refused in a sentence."""

import copy

import pytest

from skywright.foundry.registry import CHALLENGER, Registry, in_use
from skywright.settings import get_settings
from skywright.ssa.threats.assess import MODEL
from tests.ssa.detection.test_residuals import satellite

FIELDS = (
    "epoch_utc", "mean_motion_rev_day", "eccentricity", "inclination_deg", "raan_deg", "argp_deg",
    "mean_anomaly_deg", "bstar",
)  # fmt: skip


def records(table, shift_deg=0.0):
    rows = table.select(FIELDS).to_dicts()
    return [
        row | {
            "epoch_utc": row["epoch_utc"].isoformat(),
            "mean_anomaly_deg": row["mean_anomaly_deg"] + shift_deg,
        }
        for row in rows
    ]  # fmt: skip


@pytest.fixture(scope="module")
def sets():
    return records(satellite(days=30, noise_m=0.3))


@pytest.fixture
def body(sets):
    shifted = [{**row, "mean_anomaly_deg": row["mean_anomaly_deg"] + 4.0} for row in sets]
    return {
        "asset": {"object_id": "A1", "records": copy.deepcopy(sets)},
        "objects": [{"object_id": "B1", "records": shifted}],
    }


def post(client, body):
    return client.post("/api/v1/ml/threat-analysis", json=body)


def test_an_assessment_is_answered_and_on_record(client, body):
    told = post(client, body).json()
    assert told["objects"][0]["object"] == "B1"
    assert told["models"][0]["name"] == "ssa-threats"
    (row,) = client.get("/api/v1/ml/analyses", params={"subject": "A1"}).json()["analyses"]
    assert row["id"] == told["analysis_id"]
    assert row["decision"] == {"B1": told["objects"][0]["level"]}
    assert "epoch" not in str(row)


def test_a_thousand_records_are_taken(client, body, sets):
    body["objects"] = [{"object_id": str(k), "records": sets} for k in range(1000 // len(sets))]
    assert len(post(client, body).json()["objects"]) == 1000 // len(sets)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda b: b["asset"]["records"][0].update(eccentricity=1.2), "eccentricity = 1.2"),
        (lambda b: b["asset"]["records"][0].update(mean_motion_rev_day=14340.0), "less than 20"),
        (lambda b: b["asset"]["records"][0].pop("bstar"), "bstar is missing"),
        (lambda b: b["asset"]["records"][0].update(epoch_utc="soon"), "epoch_utc = 'soon'"),
        (lambda b: b["asset"].update(records=[]), "records"),
        (lambda b: b.update(objects=[]), "objects"),
        (lambda b: b.update(frame="MARS"), "frame is not a field"),
        (lambda b: b.update(at_utc="2020-01-01T00:00"), "No element set of the asset A1"),
        (
            lambda b: b["asset"]["records"][0].update(received_utc="2001-01-01T00:00"),
            "received_utc must not be before epoch_utc",
        ),
    ],
)
def test_bad_bodies_are_refused_and_nothing_is_stored(client, body, change, said):
    change(body)
    answer = post(client, body)
    assert answer.status_code == 422
    assert said in answer.json()["error"]["message"]
    assert client.get("/api/v1/ml/analyses").json() == {"analyses": []}


def test_ten_thousand_records_are_too_many(client, body, sets):
    body["objects"] = [{"object_id": str(k), "records": sets * 5} for k in range(67)]
    answer = post(client, body)
    assert answer.status_code == 413
    assert "at most 5000" in answer.json()["error"]["message"]


def test_not_a_number_is_refused(client):
    answer = client.post("/api/v1/ml/threat-analysis", content=b'{"asset": NaN}')
    assert answer.status_code == 422


@pytest.fixture
def challenger():
    """A copy of the detector in use, on trial."""
    registry = Registry.of(get_settings())
    version = registry.add(MODEL, in_use(MODEL), {"kind": MODEL})
    registry.promote(MODEL, version, CHALLENGER)
    return version


def test_a_challenger_answers_unseen_and_is_weighed_by_decisions(client, body, challenger):
    told = post(client, body).json()
    assert "challenger" not in told
    (row,) = client.get("/api/v1/ml/analyses").json()["analyses"]
    level = told["objects"][0]["level"]
    assert row["decision"] == {"B1": level, "@challenger": {"B1": level}}
    where = f"/api/v1/ml/analyses/{told['analysis_id']}/override"
    client.post(where, json={"decision": "dismissed", "reason": "Nothing came of it."})
    weighed = client.get("/api/v1/ml/trial").json()
    assert (weighed["version"], weighed["outcomes"]) == (challenger, 1)
    assert (weighed["mode"], weighed["verdict"]) == ("shadow", "undecided")


def test_without_a_challenger_there_is_nothing_to_weigh(client):
    told = client.get("/api/v1/ml/trial")
    assert told.status_code == 404
    assert "No version of ssa-threats is on trial" in told.text
