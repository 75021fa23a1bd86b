"""``/api/classifications``: stored under a pseudonym, exported, erased, over a restart too."""

import pytest

from skywright.errors import NotFoundError


@pytest.fixture(autouse=True)
def catalogue(monkeypatch):
    """Know one object only."""

    def known(name):
        if name != "Apophis":
            message = f"There is no object {name!r}; the nearest names are Apophis."
            raise NotFoundError(message)
        return "2004 MN4"

    monkeypatch.setattr("skywright.api.label_routes.known_designation", known)


def _post(client, **body):
    return client.post("/api/classifications", json={"designation": "Apophis", **body})


def test_a_label_is_stored_without_the_name_of_the_person(client, tmp_path):
    response = _post(client, label="PHA", user="Alice Example", comment="radar")
    assert response.status_code == 201
    assert response.json()["designation"] == "2004 MN4"
    assert response.json()["person"].startswith("u_")
    client.app.state.services.database.close()
    for path in (tmp_path / "skywright").rglob("*"):
        assert not path.is_file() or b"alice example" not in path.read_bytes().lower()


def test_a_person_may_take_everything_and_erase_it(client):
    _post(client, label="pha", user="alice")
    _post(client, label="aten", user="alice")
    _post(client, label="pha", user="bob")
    taken = client.get("/api/classifications?user=alice").json()
    assert [row["label"] for row in taken["labels"]] == ["pha", "aten"]
    assert client.delete("/api/classifications?user=alice").json()["erased"] == 2
    assert client.get("/api/classifications?user=alice").json()["labels"] == []
    assert len(client.get("/api/classifications?user=bob").json()["labels"]) == 1


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        pytest.param({"label": "dangerous"}, 422, "There is no label 'dangerous'", id="label"),
        pytest.param({"label": "pha", "designation": "Apofis"}, 404, "nearest", id="unknown"),
        pytest.param({"label": "pha", "mood": 1}, 422, "mood is not a field", id="field"),
        pytest.param({"label": 7}, 422, "label = 7 is not allowed", id="type"),
        pytest.param({"label": "pha", "comment": "x" * 3000}, 422, "comment =", id="long"),
    ],
)
def test_bad_input_stores_nothing(client, body, status, words):
    response = _post(client, **body)
    assert response.status_code == status
    assert words in response.json()["error"]["message"]
    assert client.get("/api/audit").json()["rows"] == []


def test_labels_are_there_after_a_restart(make_client):
    _post(make_client(), label="pha", user="alice")
    assert make_client().get("/api/classifications?user=alice").json()["labels"][0]["label"] == (
        "pha"
    )


def test_users_behind_different_keys_are_different_people(client, make_key):
    people = set()
    for _ in range(2):
        headers = {"authorization": f"Bearer {make_key('analyst').secret}"}
        body = {"designation": "Apophis", "label": "pha", "user": "alice"}
        response = client.post("/api/classifications", json=body, headers=headers)
        people.add(response.json()["person"])
    assert len(people) == 2
