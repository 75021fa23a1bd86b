"""``/api/neo`` on what a fresh install knows: notable objects and an invented population."""

import pytest

from skywright.api.objects import read_objects


@pytest.mark.parametrize("name", ["Apophis", "99942", "2004 MN4", "2004mn4", "(99942) Apophis"])
def test_an_object_is_found_by_any_of_its_names(client, name):
    row = client.get(f"/api/neo/{name}").json()
    assert row["designation"] == "2004 MN4"
    assert row["orbit_class"] == "ATE"


def test_an_unknown_name_is_answered_by_the_nearest(client):
    response = client.get("/api/neo/Apofis")
    assert response.status_code == 404
    assert "There is no object 'Apofis'" in response.json()["error"]["message"]
    assert "Apophis" in response.json()["error"]["hint"]


@pytest.mark.parametrize("name", ["%00", "..%2F..%2Fetc%2Fpasswd", "x" * 5000, "%F0%9F%8C%8D", "/"])
def test_strange_names_are_unknown_and_nothing_more(client, name):
    assert client.get(f"/api/neo/{name}").status_code in {404, 422}


def test_bounds_classes_and_hazard_are_kept(client):
    query = "class=aten&pha=true&h_max=22&moid_max=0.05&limit=1000"
    page = client.get(f"/api/neo?{query}").json()
    assert page["objects"]
    assert len(page["objects"]) == page["total"]
    for row in page["objects"]:
        assert row["orbit_class"] == "ATE"
        assert row["is_pha"]
        assert row["moid_au"] <= 0.05


@pytest.mark.parametrize(
    ("query", "hint"),
    [("clas=aten", "Did you mean class?"), ("moid=1", "Did you mean moid_"), ("x=1", "There are ")],
)
def test_a_filter_that_does_not_exist_is_refused(client, query, hint):
    response = client.get(f"/api/neo?{query}")
    assert response.status_code == 422
    assert hint in response.json()["error"]["hint"]


def test_pages_follow_one_another_in_order(client):
    first = client.get("/api/neo?sort=a_au&limit=30").json()
    second = client.get(f"/api/neo?sort=a_au&limit=30&cursor={first['next_cursor']}").json()
    sizes = [row["a_au"] for row in first["objects"] + second["objects"]]
    assert len(sizes) == 60
    assert sizes == sorted(sizes)


def test_a_row_of_the_catalogue_may_be_sent_back_as_it_is(client):
    rows = client.get("/api/neo?limit=1000").json()["objects"]
    objects, _ = read_objects({"objects": rows})
    assert len(objects) == 1000


def test_a_label_needs_an_object_of_the_catalogue(client):
    body = {"designation": "Apofis", "label": "pha"}
    assert client.post("/api/classifications", json=body).status_code == 404
    body["designation"] = "99942"
    assert client.post("/api/classifications", json=body).json()["designation"] == "2004 MN4"


def test_a_prediction_of_the_catalogue_agrees_with_it(client):
    row = client.get("/api/neo/Apophis").json()
    found = client.post("/api/predict", json=row).json()
    assert (found["orbit_class"], found["is_pha"]) == ("ATE", True)
    assert found["moid_au"] == pytest.approx(row["moid_au"], rel=0, abs=1e-9)
    assert 0 <= found["sentry_triage"] <= 1


def test_a_request_gives_the_same_answer_alone_and_among_others(client):
    rows = client.get("/api/neo?limit=60").json()["objects"]
    together = client.post("/api/predict", json={"objects": rows}).json()["objects"]
    alone = client.post("/api/predict", json=rows[7]).json()
    assert alone["designation"] == together[7]["designation"]
    for name in ("moid_au", "p_pha", "diameter_km_p50", "sentry_triage"):
        assert alone[name] == pytest.approx(together[7][name], rel=1e-6), name
