"""Training over HTTP: submitted, followed, stopped; wrong requests leave nothing behind."""

import json

import polars as pl
import pytest

RECIPE = {
    "name": "wheel-fault",
    "kind": "sklearn",
    "target": "fault",
    "params": {"estimator": "logistic_regression"},
}


def rows_of(client):
    """Put rows on record, as an upload or a collector does."""
    datasets = client.app.state.services.workplace().datasets
    speed = [k / 10 - 10 for k in range(200)]
    frame = pl.DataFrame({"speed": speed, "fault": [int(x > 0) for x in speed]})
    return datasets.register_table("wheel-telemetry", frame, source="user").named


@pytest.fixture
def dataset(client):
    return rows_of(client)


def queue_of(client):
    return client.app.state.services.workplace().queue


def post(client, **body):
    return client.post("/api/training/jobs", json=body)


def test_a_job_is_on_record_with_the_columns_of_the_plan(client, dataset):
    answer = post(client, recipe=RECIPE, data=dataset)
    assert answer.status_code == 201
    job = answer.json()
    assert answer.headers["location"] == f"/api/training/jobs/{job['id']}"
    assert (job["name"], job["training_method"], job["status"]) == (
        "wheel-fault",
        "full",
        "pending",
    )
    assert client.get(f"/api/training/jobs/{job['id']}").json() == job
    assert client.get("/api/training/jobs").json()["jobs"] == [job]


def test_a_recipe_may_be_text_parts_or_the_name_of_one_that_ships(client, dataset):
    text = 'name = "wheel-fault"\nkind = "sklearn"\ntarget = "fault"\n'
    assert post(client, recipe=text, data=dataset).status_code == 201
    parts = {"kind": "llm", "target": "", "params": {"epochs": 1}}
    told = post(
        client,
        name="talker",
        base_model="tiny",
        training_method="lora",
        config=parts,
        data=dataset,
    ).json()
    assert (told["base_model"], told["training_method"]) == ("tiny", "lora")
    shipped = post(client, recipe="neo-albedo", data=dataset)
    assert shipped.status_code == 422
    assert "needs catalogue/" in shipped.json()["error"]["message"]


@pytest.mark.parametrize(
    ("body", "status", "sentence"),
    [
        ({"recipe": RECIPE | {"speed": 1}}, 422, "wrong key speed"),
        ({"recipe": RECIPE | {"target": "gone"}}, 422, "no column 'gone'"),
        ({"recipe": RECIPE | {"kind": "oracle"}}, 404, "no kind 'oracle'"),
        ({"recipe": RECIPE, "data": "../../etc/passwd"}, 404, "no dataset"),
        ({"recipe": RECIPE | {"data": "/etc/passwd"}, "data": ""}, 404, "no dataset"),
        ({"recipe": "/etc/recipe.toml"}, 422, "is a path"),
        ({"recipe": RECIPE, "after": ["nobody"]}, 404, "no training job 'nobody'"),
        ({"recipe": RECIPE | {"name": "x'; DROP TABLE models; --"}}, 422, "wrong key name"),
        ({"recipe": RECIPE, "speed": 3}, 422, "speed"),
        ({}, 422, "wrong key"),
    ],
)
def test_a_wrong_request_is_a_sentence_and_leaves_no_job(client, dataset, body, status, sentence):
    answer = client.post("/api/training/jobs", json={"data": dataset} | body)
    assert answer.status_code == status
    assert sentence in answer.json()["error"]["message"]
    assert client.get("/api/training/jobs").json() == {"jobs": []}


def test_a_job_is_cancelled(client, dataset):
    job = post(client, recipe=RECIPE, data=dataset).json()
    assert client.delete(f"/api/training/jobs/{job['id']}").json()["status"] == "cancelled"
    assert client.delete(f"/api/training/jobs/{job['id']}").json()["status"] == "cancelled"
    assert client.delete("/api/training/jobs/nobody").status_code == 404


def test_the_log_is_read_from_any_line(client, dataset):
    job = post(client, recipe=RECIPE, data=dataset).json()
    claimed = _claimed(client)
    queue_of(client).note(claimed, ["one", "two", "three"], [])
    log = client.get(f"/api/training/jobs/{job['id']}/logs?after=1").json()
    assert [line["text"] for line in log["lines"]] == ["two", "three"]
    assert (log["status"], log["next_after"]) == ("running", 3)


def test_the_log_is_followed_to_the_end_and_from_where_it_broke_off(client, dataset):
    job = post(client, recipe=RECIPE, data=dataset).json()
    claimed = _claimed(client)
    queue_of(client).note(claimed, ["one", "two"], [])
    queue_of(client).complete(claimed, {"version": "abc"})
    headers = {"accept": "text/event-stream", "last-event-id": "1"}
    text = client.get(f"/api/training/jobs/{job['id']}/logs", headers=headers).text
    first, last, _ = text.split("\n\n")
    assert first.startswith("id: 2\nevent: log\n")
    assert json.loads(first.partition("data: ")[2])["text"] == "two"
    assert json.loads(last.partition("data: ")[2])["status"] == "completed"


@pytest.mark.slow
def test_a_worker_of_the_server_trains_and_the_endpoint_answers(client, monkeypatch):
    monkeypatch.setattr("skywright.api.warmth._STEPS", (("nothing", lambda: None),))
    with client:
        job = post(client, recipe=RECIPE, data=rows_of(client)).json()
        headers = {"accept": "text/event-stream"}
        text = client.get(f"/api/training/jobs/{job['id']}/logs", headers=headers).text
        ended = json.loads(text.strip().split("\n\n")[-1].partition("data: ")[2])
        assert (ended["status"], ended["error"]) == ("completed", None)
        assert ended["result"]["gate"] == "passed"
        answer = client.post("/api/inference/wheel-fault", json={"inputs": {"speed": 5.0}}).json()
        assert answer["output"]["label"] == "1"


def _claimed(client):
    from skywright.foundry.jobs.job import Slots

    return queue_of(client).claim("w", 60.0, Slots(cpus=8))
