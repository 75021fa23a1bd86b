"""The search for parameters: trials are jobs, poor ones are stopped, a broken-off one goes on."""

import json
import math
from dataclasses import dataclass, field, replace

import numpy as np
import polars as pl
import pytest
from pydantic import ValidationError
from typer.testing import CliRunner

from skywright.cli.main import app
from skywright.errors import ConflictError, InputError, NotFoundError
from skywright.foundry.jobs.job import Job, JobRequest, Slots
from skywright.foundry.jobs.queue import Queue
from skywright.foundry.jobs.workplace import Workplace
from skywright.foundry.recipe import recipe_of
from skywright.foundry.recipe_sections import Dimension
from skywright.foundry.tune import Search, distributions, more_is_better, search
from skywright.foundry.tuning import set_aside, tuned
from skywright.store.database import Database

optuna = pytest.importorskip("optuna")

RECIPE = {
    "name": "wheel-fault",
    "kind": "sklearn",
    "target": "fault",
    "params": {"estimator": "logistic_regression"},
    "evaluate": {"metrics": ["accuracy"]},
    "tune": {
        "trials": 12,
        "curve": "valid_loss",
        "space": {
            "rate": {"low": 1e-4, "high": 1.0, "log": True},
            "leaves": {"low": 2, "high": 64},
        },
    },
}


@dataclass
class Bench:
    """A queue whose jobs are a formula: accuracy falls with the distance of rate from 0.01."""

    steps: int = 0
    jobs: dict[str, Job] = field(default_factory=dict)
    asked: list[JobRequest] = field(default_factory=list)

    def submit(self, request):
        if request.job_id in self.jobs:
            raise ConflictError(request.job_id)
        self.asked.append(request)
        self.jobs[request.job_id] = job_of(request, "pending")
        return self.jobs[request.job_id]

    def find(self, job_id):
        if job_id not in self.jobs:
            raise NotFoundError(job_id)
        return self.jobs[job_id]

    def cancel(self, job_id, by="local"):
        self.jobs[job_id] = job_of(self.request(job_id), "cancelled")
        return self.jobs[job_id]

    def metrics(self, job_id, name=None):
        """Each look is one step further."""
        distance = distance_of(self.request(job_id))
        self.seen = getattr(self, "seen", {})
        self.seen[job_id] = done = self.seen.get(job_id, 0) + 1
        if done >= self.steps:
            self.run(job_id)
        return [{"step": k, "name": name, "value": 1 + distance, "attempt": 1} for k in range(done)]

    def run(self, job_id):
        request = self.request(job_id)
        accuracy = 1 - distance_of(request) / 10
        self.jobs[job_id] = job_of(request, "completed", {"metrics": {"accuracy": accuracy}})

    def request(self, job_id):
        return next(one for one in self.asked if one.job_id == job_id)


def distance_of(request):
    return abs(math.log10(request.recipe["params"]["rate"]) + 2)


def job_of(request, status, result=None):
    plain = dict.fromkeys(Job.__slots__, "") | {
        "id": request.job_id,
        "status": status,
        "config": {"recipe": request.recipe},
        "needs": Slots(),
        "result": result,
    }
    return Job(**plain)


def wanted(**tune):
    return Search(recipe_of(RECIPE | {"tune": RECIPE["tune"] | tune}, "test"), "part", "whole")


def test_the_search_comes_near_the_best_and_trains_the_model_with_it(tmp_path):
    bench = Bench()
    found = search(bench, tmp_path, wanted(trials=30), runner=bench.run, poll_s=0)
    assert abs(math.log10(found.best_params["rate"]) + 2) < 0.5
    assert (len(found.trials), found.metric) == (30, "accuracy")
    final = bench.asked[-1]
    assert (final.job_id, final.purpose, final.register) == (found.job_id, "train", True)
    assert final.data == "whole"
    assert final.recipe["params"] == {"estimator": "logistic_regression", **found.best_params}


def test_a_trial_is_an_ordinary_job_that_registers_nothing(tmp_path):
    bench = Bench()
    search(bench, tmp_path, wanted(trials=1), runner=bench.run, poll_s=0)
    trial = bench.asked[0]
    assert (trial.purpose, trial.register, trial.data) == ("trial", False, "part")
    assert "tune" not in trial.recipe
    assert recipe_of(trial.recipe, "trial").params["estimator"] == "logistic_regression"


def test_the_tpe_sampler_beats_chance_on_the_same_number_of_trials(tmp_path):
    best = {}
    for sampler in ("tpe", "random"):
        bench = Bench()
        for seed in range(5):
            recipe = recipe_of(
                RECIPE | {"seed": seed, "tune": RECIPE["tune"] | {"sampler": sampler}}, "test"
            )
            found = search(
                bench, tmp_path, Search(recipe, "p", trials=25), runner=bench.run, poll_s=0
            )
            best.setdefault(sampler, []).append(1 - found.best_value)
    assert np.mean(best["tpe"]) < np.mean(best["random"])


@pytest.mark.parametrize("sampler", ["random", "cmaes"])
def test_the_other_samplers_work_too(tmp_path, sampler):
    pytest.importorskip("cmaes")
    bench = Bench()
    found = search(bench, tmp_path, wanted(trials=8, sampler=sampler), runner=bench.run, poll_s=0)
    assert found.best_value > 0.7


@pytest.mark.parametrize("pruner", ["median", "hyperband"])
def test_poor_trials_are_cancelled_on_the_way(tmp_path, pruner):
    bench = Bench(steps=12)
    found = search(bench, tmp_path, wanted(trials=20, pruner=pruner), poll_s=0)
    states = [row["state"] for row in found.trials]
    pruned = [row for row in found.trials if row["state"] == "pruned"]
    assert states.count("complete") >= 4
    assert pruned
    assert all(bench.find(row["job_id"]).status == "cancelled" for row in pruned)
    assert {row["value"] for row in pruned} == {None}  # a point of the curve is no result
    lost = np.mean([distance_of(bench.request(row["job_id"])) for row in pruned])
    kept = [row for row in found.trials if row["state"] == "complete"]
    assert lost > np.mean([distance_of(bench.request(row["job_id"])) for row in kept])


def test_without_a_pruner_every_trial_is_carried_through(tmp_path):
    bench = Bench(steps=3)
    found = search(bench, tmp_path, wanted(trials=8, pruner="none"), poll_s=0)
    assert {row["state"] for row in found.trials} == {"complete"}


def test_a_search_that_was_broken_off_goes_on_with_the_trial_it_left(tmp_path):
    bench = Bench()

    def breaking(job_id):
        if job_id.endswith("-trial-3"):
            raise KeyboardInterrupt
        bench.run(job_id)

    with pytest.raises(KeyboardInterrupt):
        search(bench, tmp_path, wanted(trials=6), runner=breaking, poll_s=0)
    found = search(bench, tmp_path, wanted(trials=6), runner=bench.run, poll_s=0)
    assert [row["number"] for row in found.trials] == list(range(6))
    assert {row["state"] for row in found.trials} == {"complete"}
    assert len(bench.asked) == 7


def test_a_finished_search_with_more_trials_adds_only_those(tmp_path):
    bench = Bench()
    search(bench, tmp_path, wanted(trials=4), runner=bench.run, poll_s=0)
    found = search(bench, tmp_path, wanted(trials=6), runner=bench.run, poll_s=0)
    assert len(found.trials) == 6
    assert len([one for one in bench.asked if one.purpose == "trial"]) == 6


def test_another_space_is_another_study():
    assert wanted().name != wanted(space={"rate": {"low": 0.1, "high": 0.2}}).name
    assert wanted().name == wanted(trials=99, parallel=4).name


def test_trials_beside_each_other_are_as_many_as_asked_for(tmp_path):
    bench, most = Bench(), []

    def counting(job_id):
        most.append(sum(job.status == "pending" for job in bench.jobs.values()))
        if most[-1] == 3:
            for waiting in [name for name, job in bench.jobs.items() if job.status == "pending"]:
                bench.run(waiting)

    search(bench, tmp_path, wanted(trials=9, parallel=3), runner=counting, poll_s=0)
    assert max(most) == 3


def test_failed_trials_count_and_a_search_of_only_such_says_there_is_no_best(tmp_path):
    bench = Bench()

    def failing(job_id):
        bench.jobs[job_id] = replace(
            job_of(bench.request(job_id), "failed"), error={"message": "no such rate"}
        )

    found = search(bench, tmp_path, wanted(trials=3), runner=failing, poll_s=0)
    assert (found.best_value, found.job_id, len(found.trials)) == (None, None, 3)
    assert {row["reason"] for row in found.trials} == {"no such rate"}


def test_a_space_is_whole_numbers_choices_or_a_logarithmic_range():
    made = distributions(
        {
            "a": Dimension(low=2, high=9),
            "b": Dimension(low=0.5, high=2.0, log=True),
            "c": Dimension(choices=("x", 3)),
        }
    )
    assert [type(one).__name__ for one in made.values()] == [
        "IntDistribution",
        "FloatDistribution",
        "CategoricalDistribution",
    ]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "either choices, or low and high"),
        ({"low": 1}, "either choices, or low and high"),
        ({"low": 2, "high": 1}, "low must be below high"),
        ({"low": 0, "high": 1, "log": True}, "begins above 0"),
        ({"choices": (1, 2), "low": 1, "high": 2}, "either choices, or low and high"),
    ],
)
def test_a_dimension_that_is_none_is_refused(given, said):
    with pytest.raises(ValidationError, match=said):
        Dimension(**given)


def test_a_recipe_without_a_space_or_a_metric_is_refused(tmp_path):
    with pytest.raises(InputError, match="no \\[tune.space\\]"):
        search(Bench(), tmp_path, wanted(space={}), poll_s=0)
    bare = recipe_of(RECIPE | {"evaluate": {}}, "test")
    with pytest.raises(InputError, match="names no metric"):
        search(Bench(), tmp_path, Search(bare), poll_s=0)
    assert list(tmp_path.iterdir()) == []


def test_the_direction_is_that_of_the_metric():
    recipe = wanted().recipe
    assert more_is_better("accuracy", recipe)
    assert not more_is_better("rmse", recipe)
    assert not more_is_better("valid_loss", recipe)
    assert more_is_better("mean_return", recipe)


def wheels(rows=300):
    rng = np.random.default_rng(1)
    x = rng.normal(size=(rows, 2))
    fault = np.where(x[:, 0] + rng.normal(0, 0.5, rows) > 0, "yes", "no")
    return pl.DataFrame({"speed": x[:, 0], "load": x[:, 1], "fault": fault})


def test_the_rows_that_judge_the_final_model_are_put_aside():
    from skywright.foundry.data.preparing import split_for

    place, recipe = Workplace.of(), recipe_of(RECIPE, "test")
    whole = place.datasets.register_table("wheels", wheels(), source="file")
    part = place.datasets.find(set_aside(place.datasets, recipe, whole.id))
    final, _ = split_for(recipe, wheels(), recipe.seed)
    seen = place.datasets.read(part)
    assert seen.join(final.test, on=["speed", "load"], how="semi").height == 0
    assert seen.height + final.test.height == 300


def test_a_real_queue_gives_back_what_was_asked(tmp_path):
    queue = Queue(Database(f"sqlite:///{tmp_path / 'q.db'}"))
    with pytest.raises(KeyboardInterrupt):
        search(queue, tmp_path, wanted(), runner=_interrupt, poll_s=0)
    (job,) = queue.list()
    assert (job.status, job.config["purpose"], job.config["trial"]) == ("pending", "trial", 0)


def _interrupt(_):
    raise KeyboardInterrupt


@pytest.mark.slow
def test_a_search_with_a_real_worker_ends_with_a_model_in_use(tmp_path):
    pytest.importorskip("sklearn")
    space = {"C": {"low": 0.01, "high": 10.0, "log": True}}
    recipe = RECIPE | {"tune": {"trials": 3, "parallel": 2, "space": space}}
    place = Workplace.of()
    place.datasets.register_table("wheels", wheels(), source="file")
    found = tuned(place, recipe_of(recipe, "test"), "wheels@latest")
    assert [row["state"] for row in found.trials] == ["complete"] * 3
    assert place.queue.find(found.job_id).status == "completed"
    assert place.registry.facts("wheel-fault")["recipe"]["params"]["C"] == found.best_params["C"]
    assert place.registry.versions("wheel-fault") == [place.registry.version("wheel-fault")]


def test_the_command_line_refuses_a_recipe_without_a_space(tmp_path):
    path = tmp_path / "r.toml"
    path.write_text('name = "bare-model"\nkind = "sklearn"\n', encoding="utf-8")
    ran = CliRunner().invoke(app, ["tune", str(path), "--json"])
    assert isinstance(ran.exception, InputError)
    assert "no [tune.space]" in str(ran.exception)
    assert json.dumps(ran.stdout) == '""'
