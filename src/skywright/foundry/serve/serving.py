"""Everything that serving needs, put together once for an application."""

from __future__ import annotations

from dataclasses import dataclass

from prometheus_client import CollectorRegistry

from skywright.foundry.registry import Registry
from skywright.foundry.serve.answering import Answering, Parts
from skywright.foundry.serve.choosing import Call
from skywright.foundry.serve.deploying import Order, deploy
from skywright.foundry.serve.deployment import Deployment
from skywright.foundry.serve.endpoint import Endpoints
from skywright.foundry.serve.feedback import Feedback
from skywright.foundry.serve.figures import Figures
from skywright.foundry.serve.housekeeping import Housekeeping
from skywright.foundry.serve.opened import Shelf
from skywright.foundry.serve.prediction_log import PredictionLog
from skywright.foundry.serve.quotas import Quotas
from skywright.foundry.serve.recording import Recorder
from skywright.foundry.serve.trial import Trials
from skywright.security.callers import Caller
from skywright.settings import Settings
from skywright.store.database import Database


@dataclass(frozen=True, slots=True)
class Pools:
    """Where functions run."""

    quick: Call
    """For what takes milliseconds."""
    slow: Call
    """For what may take seconds."""


@dataclass(frozen=True, slots=True)
class Serving:
    """Endpoints of one application; made without touching the disk."""

    registry: Registry
    """Versions and aliases."""
    shelf: Shelf
    """Open versions."""
    endpoints: Endpoints
    """What answers under which name."""
    answering: Answering
    """Answers requests."""
    feedback: Feedback
    """Takes labels in."""
    log: PredictionLog
    """Predictions on record."""
    trials: Trials
    """Challengers on trial."""
    housekeeping: Housekeeping
    """Writes what requests queue."""

    @classmethod
    def of(
        cls,
        settings: Settings,
        database: Database,
        pools: Pools,
        figures_into: CollectorRegistry | None = None,
    ) -> Serving:
        """Put it together."""
        figures = Figures(figures_into)
        registry = Registry.of(settings, database)
        shelf = Shelf(registry, settings.model_cache_mb, figures)
        endpoints = Endpoints(registry, shelf)
        log = PredictionLog(database, settings.prediction_rows, figures)
        trials = Trials(registry, figures)
        housekeeping = Housekeeping((log.flush, trials.settle))
        recorder = Recorder(log, trials, figures, housekeeping, settings.prediction_sample)
        quotas = Quotas(settings.inference_quota_per_day)
        parts = Parts(endpoints, recorder, quotas, settings.max_objects)
        answering = Answering(parts, pools.quick, pools.slow)
        feedback = Feedback(registry, shelf, log, trials)
        return cls(registry, shelf, endpoints, answering, feedback, log, trials, housekeeping)

    def deploy(self, order: Order, caller: Caller) -> Deployment:
        """Put a version into use or on trial; raises like `deploying.deploy`."""
        now = deploy(self.registry, self.shelf, order, caller)
        self.endpoints.expire(now.name)
        return now

    def close(self) -> None:
        """Write what is queued and stop."""
        self.housekeeping.close()
        self.shelf.close()
