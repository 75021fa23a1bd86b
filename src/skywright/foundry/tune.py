"""The search for better parameters: each trial is an ordinary job, the best one trains the model.

A search that was broken off goes on: its journal is a file, and the ids of its jobs follow from the
study and the number of the trial.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

from skywright.errors import ConflictError, InputError, MissingExtraError, NotFoundError
from skywright.foundry.evaluate.metrics import prefers_more
from skywright.foundry.jobs.job import FINAL, Job, JobRequest
from skywright.foundry.recipe import Recipe
from skywright.foundry.recipe_sections import Dimension

TRIAL = "trial"
"""Purpose of the jobs of a search."""

_POLL_S = 0.5
_SMALLER_IS_BETTER = ("loss", "error", "rmse", "mae", "mse", "perplexity", "brier")


class Jobs(Protocol):
    """What a search needs of a queue."""

    def submit(self, request: JobRequest) -> Job:
        """Put a job on record."""

    def find(self, job_id: str) -> Job:
        """Return a job."""

    def cancel(self, job_id: str, by: str = "local") -> Job:
        """Stop a job."""

    def metrics(self, job_id: str, name: str | None = None) -> list[dict[str, Any]]:
        """Return points of curves."""


@dataclass(frozen=True, slots=True)
class Search:
    """What is searched, and where it is kept."""

    recipe: Recipe
    """With a table ``[tune]``."""
    data: str = ""
    """Dataset of the trials; see `tuning.set_aside`."""
    final_data: str = ""
    """Dataset of the final job."""
    owner: str = "local"
    """Who asks."""
    trials: int | None = None
    """Trials in all, instead of the recipe's."""

    @property
    def name(self) -> str:
        """Name of the study: the same recipe and data go on where they stopped."""
        told = self.recipe.model_dump(mode="json")
        told["tune"] = {**told["tune"], "trials": 0, "parallel": 0}
        text = json.dumps([told, self.data, self.final_data], sort_keys=True)
        return f"{self.recipe.name}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"

    @property
    def metric(self) -> str:
        """What is made better; raises InputError if the recipe names nothing."""
        named = self.recipe.tune.metric or self.recipe.judge
        if named is None:
            message = f"The recipe {self.recipe.name} names no metric to search by."
            raise InputError(message, hint="Set tune.metric, or evaluate.metrics.")
        return named

    @property
    def curve(self) -> str:
        """What poor trials are recognised by."""
        return self.recipe.tune.curve or self.metric

    def refuse_nothing_to_search(self) -> None:
        """Raise InputError if the recipe names no space or no metric."""
        if not self.recipe.tune.space:
            message = f"The recipe {self.recipe.name} has no [tune.space] to search."
            hint = "Name parameters, such as: space.rate = { low = 1e-4, high = 0.1, log = true }"
            raise InputError(message, hint=hint)
        _ = self.metric


@dataclass(frozen=True, slots=True)
class Found:
    """What a search came to."""

    study: str
    """Its name."""
    metric: str
    """What was made better."""
    best_value: float | None
    """The best value on the rows of the search; None if no trial was completed."""
    best_params: dict[str, Any]
    """Its parameters."""
    trials: list[dict[str, Any]] = field(default_factory=list)
    """All: number, state, value, params, job_id, reason (of those that failed)."""
    job_id: str | None = None
    """The job that trains the model with the best parameters."""


def search(
    jobs: Jobs,
    folder: Path,
    wanted: Search,
    *,
    runner: Callable[[str], None] | None = None,
    poll_s: float = _POLL_S,
) -> Found:
    """Search until the trials are done; a search that was broken off goes on.

    Parameters
    ----------
    jobs : Jobs
        The queue.
    folder : pathlib.Path
        Where journals of searches lie; several processes may share one.
    wanted : Search
        What is searched.
    runner : callable, optional
        Called with the id of each job submitted; by default a worker elsewhere does them.
    poll_s : float
        Time between two looks at the jobs [s].

    Returns
    -------
    Found

    Raises
    ------
    InputError
        If the recipe names no space or no metric.
    MissingExtraError
        If Optuna is not installed.
    """
    wanted.refuse_nothing_to_search()
    hunt = _Hunt(jobs, wanted, _study(folder, wanted), runner or (lambda _: None))
    hunt.resume()
    while hunt.step():
        time.sleep(poll_s)
    return hunt.found()


def distributions(space: Mapping[str, Dimension]) -> dict[str, Any]:
    """Return the space of a recipe as Optuna writes it."""
    from optuna import distributions as kinds

    made: dict[str, Any] = {}
    for name, one in space.items():
        if one.choices:
            made[name] = kinds.CategoricalDistribution(one.choices)
        elif isinstance(one.low, int) and isinstance(one.high, int):
            made[name] = kinds.IntDistribution(one.low, one.high, log=one.log)
        else:
            made[name] = kinds.FloatDistribution(
                float(one.low or 0.0), float(one.high or 0.0), log=one.log
            )
    return made


def more_is_better(name: str, recipe: Recipe) -> bool:
    """Tell whether more of a metric or curve is better: by the recipe, the foundry, or its name."""
    if name == recipe.judge and recipe.higher_is_better is not None:
        return recipe.higher_is_better
    known = prefers_more(name)
    return known if known is not None else not any(w in name for w in _SMALLER_IS_BETTER)


class _Hunt:
    """One process's part in a study."""

    def __init__(
        self, jobs: Jobs, wanted: Search, study: Any, runner: Callable[[str], None]
    ) -> None:
        self.jobs, self.wanted, self.study, self.runner = jobs, wanted, study, runner
        self.space = distributions(wanted.recipe.tune.space)
        self.limit = wanted.trials or wanted.recipe.tune.trials
        self.active: dict[int, Any] = {}
        self.reported: dict[int, set[int]] = {}

    def resume(self) -> None:
        """Take up the trials of a process that ended before they did."""
        from optuna.trial import Trial, TrialState

        for frozen in self.study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
            if set(frozen.params) != set(self.space):
                self._tell(frozen.number, "FAIL")
                continue
            trial = Trial(self.study, frozen._trial_id)
            self.reported[frozen.number] = set(frozen.intermediate_values)
            self._begin(trial, frozen.params)

    def step(self) -> bool:
        """Look at every trial, begin new ones; tells whether anything is left to do."""
        for trial in list(self.active.values()):
            self._look(trial)
        while (
            len(self.active) < self.wanted.recipe.tune.parallel
            and len(self.study.get_trials(deepcopy=False)) < self.limit
        ):
            trial = self.study.ask(self.space)
            self._begin(trial, trial.params)
        return bool(self.active)

    def found(self) -> Found:
        """Submit the final job and tell everything."""
        from optuna.trial import TrialState

        done = self.study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
        trials = [self._row(one) for one in self.study.get_trials(deepcopy=False)]
        name, metric = self.wanted.name, self.wanted.metric
        if not done:
            return Found(name, metric, None, {}, trials)
        best = self.study.best_trial
        job_id = self._final(best.number, best.params)
        return Found(name, metric, float(best.value), dict(best.params), trials, job_id)

    def _begin(self, trial: Any, params: Mapping[str, Any]) -> None:
        request = JobRequest(
            name=self.wanted.recipe.name,
            recipe=_with(self.wanted.recipe, params),
            owner=self.wanted.owner,
            data=self.wanted.data,
            job_id=self._job_id(trial.number),
            purpose=TRIAL,
            register=False,
            extra={"study": self.wanted.name, "trial": trial.number},
        )
        self.active[trial.number] = trial
        self.reported.setdefault(trial.number, set())
        self._submit(request)

    def _submit(self, request: JobRequest) -> None:
        # One on record from before this process is watched like a new one.
        with contextlib.suppress(ConflictError):
            self.jobs.submit(request)
        if self.jobs.find(str(request.job_id)).status not in FINAL:
            self.runner(str(request.job_id))

    def _look(self, trial: Any) -> None:
        job = self.jobs.find(self._job_id(trial.number))
        if job.status in {"failed", "cancelled", "parked"}:
            self._tell(trial.number, "FAIL")
        elif job.status == "completed":
            value = value_of(job, self.wanted.metric)
            self._tell(trial.number, "FAIL" if value is None else "COMPLETE", value)
        elif self._is_poor(trial, job):
            self.jobs.cancel(job.id, by=self.wanted.owner)
            self._tell(trial.number, "PRUNED")

    def _is_poor(self, trial: Any, job: Job) -> bool:
        """Report the new points of the curve; tells whether the pruner has seen enough."""
        curve, metric = self.wanted.curve, self.wanted.metric
        recipe = self.wanted.recipe
        sign = 1.0 if more_is_better(curve, recipe) == more_is_better(metric, recipe) else -1.0
        points = self.jobs.metrics(job.id, curve)
        told = self.reported[trial.number]
        for point in points:
            step = int(point["step"])
            if step not in told and math.isfinite(point["value"]):
                trial.report(sign * point["value"], step)
                told.add(step)
        return bool(points) and bool(trial.should_prune())

    def _tell(self, number: int, state: str, value: float | None = None) -> None:
        from optuna.trial import TrialState

        self.study.tell(number, value, TrialState[state], skip_if_finished=True)
        self.active.pop(number, None)

    def _final(self, number: int, params: Mapping[str, Any]) -> str:
        """Ask for the model with the best parameters, once a best trial."""
        job_id = f"{self.wanted.name}-best-{number}"
        request = JobRequest(
            name=self.wanted.recipe.name,
            recipe=_with(self.wanted.recipe, params),
            owner=self.wanted.owner,
            data=self.wanted.final_data or self.wanted.data,
            job_id=job_id,
            extra={"study": self.wanted.name, "trial": number},
        )
        self._submit(request)
        return job_id

    def _job_id(self, number: int) -> str:
        return f"{self.wanted.name}-trial-{number}"

    def _row(self, frozen: Any) -> dict[str, Any]:
        job_id, failed = self._job_id(frozen.number), frozen.state.name == "FAIL"
        reason = self._reason(job_id) if failed else None
        return {
            "number": frozen.number,
            "state": frozen.state.name.lower(),
            "value": frozen.value if frozen.state.name == "COMPLETE" else None,
            "params": dict(frozen.params),
            "job_id": job_id,
            "reason": reason,
        }

    def _reason(self, job_id: str) -> str | None:
        """Return why a trial failed, None if its job was never submitted or told nothing."""
        try:
            error = self.jobs.find(job_id).error
        except NotFoundError:
            return None
        return (error or {}).get("message")


def value_of(job: Job, metric: str) -> float | None:
    """Return what a completed trial measured; None if it is no finite number."""
    told = (job.result or {}).get("metrics", {}).get(metric)
    value = told.get("value") if isinstance(told, dict) else told
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else None


def _with(recipe: Recipe, params: Mapping[str, Any]) -> dict[str, Any]:
    given = recipe.model_dump(mode="json", exclude_unset=True)
    given.pop("tune", None)
    return {**given, "params": {**given.get("params", {}), **params}}


def _study(folder: Path, wanted: Search) -> Any:
    try:
        import optuna
        from optuna.storages.journal import JournalFileBackend
    except ImportError as error:
        what = "The search for parameters"
        raise MissingExtraError(what, "tune") from error

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    folder.mkdir(parents=True, exist_ok=True)
    journal = JournalFileBackend(str(folder / f"{wanted.name}.journal"))
    more = more_is_better(wanted.metric, wanted.recipe)
    return optuna.create_study(
        study_name=wanted.name,
        storage=optuna.storages.JournalStorage(journal),
        direction="maximize" if more else "minimize",
        sampler=_sampler(wanted.recipe),
        pruner=_pruner(wanted.recipe),
        load_if_exists=True,
    )


def _sampler(recipe: Recipe) -> Any:
    from optuna import samplers

    seed = recipe.seed
    if recipe.tune.sampler == "random":
        return samplers.RandomSampler(seed=seed)
    if recipe.tune.sampler == "tpe":
        # constant_liar keeps trials that run beside each other apart.
        return samplers.TPESampler(seed=seed, constant_liar=recipe.tune.parallel > 1)
    if find_spec("cmaes") is None:
        what = "The sampler cmaes"
        raise MissingExtraError(what, "tune")
    return samplers.CmaEsSampler(seed=seed)


def _pruner(recipe: Recipe) -> Any:
    from optuna import pruners

    if recipe.tune.pruner == "median":
        return pruners.MedianPruner(n_startup_trials=4, n_warmup_steps=1)
    return pruners.HyperbandPruner() if recipe.tune.pruner == "hyperband" else pruners.NopPruner()
