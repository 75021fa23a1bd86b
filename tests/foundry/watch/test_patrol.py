"""The patrol: what it sees is on record, and a retraining job is asked for once."""

import json
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from sqlalchemy import insert
from typer.testing import CliRunner

from skywright.cli.main import app
from skywright.errors import NotFoundError
from skywright.foundry.jobs.job import JobRequest
from skywright.foundry.watch.patrol import Watcher, patrol, reports
from skywright.store.foundry_schema import predictions

NOW = datetime.now(UTC)
RECIPE = {
    "name": "wheel-fault",
    "kind": "sklearn",
    "data": "wheels@latest",
    "target": "fault",
    "evaluate": {"metrics": ["accuracy"]},
}
SIGNATURE = {
    "task": "binary",
    "target": "fault",
    "classes": ["no", "yes"],
    "inputs": [{"name": "speed", "type": "number"}, {"name": "load", "type": "number"}],
}


def rows_of(rng, rows, shift=0.0):
    speed, load = rng.normal(shift, 1, rows), rng.normal(0, 1, rows)
    fault = np.where(rng.uniform(size=rows) < 1 / (1 + np.exp(-2 * speed)), "yes", "no")
    return pl.DataFrame({"speed": speed, "load": load, "fault": fault})


def in_use(tmp_path, watch):
    """A model in use whose probabilities are exactly right."""
    watcher = Watcher.of()
    record = watcher.datasets.register_table(
        "wheels", rows_of(np.random.default_rng(1), 2000), source="file"
    )
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "signature.json").write_text(json.dumps(SIGNATURE), encoding="utf-8")
    facts = {
        "kind": "sklearn",
        "recipe": RECIPE | {"watch": watch},
        "data": {"dataset_id": record.id},
        "made_utc": NOW.isoformat(),
    }
    version = watcher.registry.add("wheel-fault", folder, facts)
    watcher.registry.promote("wheel-fault", version)
    return watcher, version


def ask(watcher, version, rows, labelled=0, hours_ago=1.0):
    """Put predictions on record, as an endpoint does."""
    made = []
    for k, row in enumerate(rows.to_dicts()):
        fault = row.pop("fault")
        p = 1 / (1 + np.exp(-2 * row["speed"]))
        answer = {"label": "yes" if p > 0.5 else "no", "probabilities": {"no": 1 - p, "yes": p}}
        made.append(
            {
                "id": f"{hours_ago}-{k}",
                "at": NOW.timestamp() - 3600 * hours_ago + k / 100,
                "name": "wheel-fault",
                "version": version,
                "variant": "champion",
                "caller": "local",
                "input_json": json.dumps(row),
                "output_json": json.dumps(answer),
                "latency_ms": 1.0,
                "label_json": json.dumps(fault) if k < labelled else None,
            }
        )
    with watcher.database.write() as connection:
        connection.execute(insert(predictions), made)


def test_a_quiet_model_is_reported_quiet_and_no_job_is_asked_for(tmp_path):
    watcher, version = in_use(tmp_path, {"drift": "psi > 0.2", "retrain": "weekly, or drift"})
    ask(watcher, version, rows_of(np.random.default_rng(2), 600), labelled=300)
    report = patrol(watcher, "wheel-fault", NOW)
    assert (report["alarm"], report["job_id"], report["inputs"]["drifted"]) == (False, None, [])
    assert report["delayed"]["labelled"] == 300
    assert report["estimated"]["trust"]["state"] == "good"
    assert watcher.queue.list() == []


def test_drift_is_named_and_asks_for_one_retraining_job(tmp_path):
    watcher, version = in_use(tmp_path, {"drift": "psi > 0.2", "retrain": "drift"})
    ask(watcher, version, rows_of(np.random.default_rng(2), 600, shift=1.0))
    first, second = (patrol(watcher, "wheel-fault", NOW) for _ in range(2))
    assert first["inputs"]["drifted"] == ["speed"]
    assert first["job_id"] == second["job_id"] == f"wheel-fault:retrain@{NOW:%Y-%m-%d}"
    (job,) = watcher.queue.list()
    assert (job.config["purpose"], job.config["reason"], job.owner) == ("retrain", "drift", "watch")
    assert job.config["data"] == watcher.datasets.find("wheels@latest").id


def test_an_open_job_of_the_same_model_is_enough(tmp_path):
    watcher, version = in_use(tmp_path, {"drift": "psi > 0.2", "retrain": "drift"})
    ask(watcher, version, rows_of(np.random.default_rng(2), 600, shift=1.0))
    open_job = watcher.queue.submit(JobRequest("wheel-fault", RECIPE, "local"))
    assert patrol(watcher, "wheel-fault", NOW)["job_id"] == open_job.id
    assert len(watcher.queue.list()) == 1


def test_trials_of_a_search_do_not_count_as_open(tmp_path):
    watcher, version = in_use(tmp_path, {"drift": "psi > 0.2", "retrain": "drift"})
    ask(watcher, version, rows_of(np.random.default_rng(2), 600, shift=1.0))
    watcher.queue.submit(
        JobRequest("wheel-fault", RECIPE, "local", purpose="trial", register=False)
    )
    assert patrol(watcher, "wheel-fault", NOW)["job_id"].startswith("wheel-fault:retrain@")


def test_a_schedule_that_is_due_asks_even_without_drift(tmp_path):
    watcher, _ = in_use(tmp_path, {"retrain": "weekly"})
    assert patrol(watcher, "wheel-fault", NOW)["retrain"] is None
    later = patrol(watcher, "wheel-fault", NOW + timedelta(days=8))
    assert (later["retrain"], later["job_id"] is not None) == ("weekly", True)


def test_a_cancelled_job_of_today_is_not_asked_for_again_today(tmp_path):
    watcher, version = in_use(tmp_path, {"drift": "ks > 0.1", "retrain": "drift"})
    ask(watcher, version, rows_of(np.random.default_rng(2), 600, shift=1.0))
    asked = patrol(watcher, "wheel-fault", NOW)["job_id"]
    watcher.queue.cancel(asked)
    assert patrol(watcher, "wheel-fault", NOW)["job_id"] == asked
    assert len(watcher.queue.list()) == 1


@pytest.mark.parametrize(
    "rule", ["psi > 0.2", "ks > 0.2", "c2st > 0.55", "cbpe < 0.85", "adwin > 0"]
)
def test_every_rule_sees_inputs_that_moved_to_where_the_model_is_unsure(tmp_path, rule):
    watcher, version = in_use(tmp_path, {"drift": rule})
    rng = np.random.default_rng(3)
    sure = rows_of(rng, 500, shift=2.5)
    ask(watcher, version, sure, hours_ago=20)
    unsure = rows_of(rng, 1500).with_columns(pl.col("speed") * 0.1)
    ask(watcher, version, unsure, hours_ago=2)
    assert patrol(watcher, "wheel-fault", NOW)["crossed"]


def test_few_predictions_say_nothing(tmp_path):
    watcher, version = in_use(tmp_path, {"drift": "psi > 0.2", "retrain": "drift"})
    ask(watcher, version, rows_of(np.random.default_rng(2), 10, shift=5.0))
    report = patrol(watcher, "wheel-fault", NOW)
    assert (report["alarm"], report["value"]) == (False, None)
    assert "10 predictions are too few" in report["notes"][0]


def test_old_predictions_and_those_of_other_versions_do_not_count(tmp_path):
    watcher, version = in_use(tmp_path, {"drift": "psi > 0.2"})
    ask(watcher, version, rows_of(np.random.default_rng(2), 100), hours_ago=24 * 8)
    ask(watcher, "another", rows_of(np.random.default_rng(2), 100))
    assert patrol(watcher, "wheel-fault", NOW)["rows"] == 0


def test_a_model_that_is_not_in_use_is_refused_and_nothing_is_written():
    watcher = Watcher.of()
    with pytest.raises(NotFoundError, match="no model 'nothing'"):
        patrol(watcher, "nothing", NOW)
    assert reports(watcher.database) == []


def test_the_command_line_runs_a_patrol_and_lists_it(tmp_path):
    watcher, version = in_use(tmp_path, {"drift": "psi > 0.2", "retrain": "drift"})
    ask(watcher, version, rows_of(np.random.default_rng(2), 600, shift=1.0))
    ran = CliRunner().invoke(app, ["watch", "run", "wheel-fault", "--json"])
    assert ran.exit_code == 0, ran.output
    assert json.loads(ran.stdout)["alarm"] is True
    listed = CliRunner().invoke(app, ["watch", "ls", "--json"])
    (row,) = json.loads(listed.stdout)["reports"]
    assert (row["alarm"], row["version"], row["job_id"][:19]) == (
        True,
        version,
        "wheel-fault:retrain",
    )
    assert "drifted: speed" in CliRunner().invoke(app, ["watch", "run", "wheel-fault"]).stdout
