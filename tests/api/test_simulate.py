"""``POST /api/simulate`` with the physics behind it."""

import time

import pytest

pytestmark = pytest.mark.slow

# JPL close-approach service, solution 220: 2029-Apr-13 21:46, 0.000254 au = 38,011 km from the
# Earth's centre (38,013 km in some print); the figure asked of this package is 38,011 within 5 km.
_APOPHIS_2029_KM = 38_011.0


def test_apophis_passes_in_2029(client):
    found = client.post("/api/simulate", json={"object": "Apophis", "years": 5}).json()
    passage = next(row for row in found["baseline"]["approaches"] if row["body"] == "earth")
    assert passage["calendar_tdb"].startswith("2029-04-13T21:4")
    assert passage["dist_km"] == pytest.approx(_APOPHIS_2029_KM, rel=0, abs=5)


def test_an_unknown_object_is_answered_by_the_nearest_names(client):
    response = client.post("/api/simulate", json={"object": "Apofis"})
    assert response.status_code == 404
    assert "Apophis" in response.json()["error"]["hint"]


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({"elements": {"e": 0.1}}, id="few"),
        pytest.param({"elements": {"e": "NaN", "a_au": 1}}, id="text"),
        pytest.param({"elements": {"a_au": [1, 2], "e": {}}}, id="nested"),
        pytest.param({"object": "Apophis", "set": {"e": -1}}, id="e"),
        pytest.param({"object": "Apophis", "set": {"i_deg": 999}}, id="i"),
        pytest.param({"object": "Apophis", "start": "yesterday"}, id="date"),
        pytest.param({"object": "Apophis", "start": "3000-01-01"}, id="far"),
        pytest.param({"object": "Apophis", "delta_v": [0, 1, 0], "at": "9999"}, id="at"),
    ],
)
def test_bad_requests_are_refused_in_a_sentence(client, body):
    response = client.post("/api/simulate", json=body)
    assert response.status_code == 422, response.text[:300]
    assert response.json()["error"]["message"]


def test_monte_carlo_is_cancelled_between_two_slices(client):
    body = {"object": "Apophis", "years": 100, "clones": 100_000}
    job = client.post("/api/simulate?stream=true", json=body).json()
    path = f"/api/jobs/{job['id']}"
    deadline = time.monotonic() + 120
    while client.get(path).json()["progress"] is None:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    client.delete(path)
    while client.get(path).json()["status"] == "running":
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert client.get(path).json()["status"] == "cancelled"


def test_picture_is_answered_as_png(client):
    body = {"object": "Apophis", "start": "2029-01-01", "years": 1}
    found = client.post("/api/simulate?plot=b_plane", json=body)
    assert found.status_code == 200
    assert found.headers["content-type"] == "image/png"
    assert found.content.startswith(b"\x89PNG")


def test_picture_that_does_not_exist_is_a_sentence(client):
    found = client.post("/api/simulate?plot=moon", json={"object": "Apophis"})
    assert found.status_code == 422
    assert "b_plane" in found.json()["error"]["message"] + found.json()["error"]["hint"]
