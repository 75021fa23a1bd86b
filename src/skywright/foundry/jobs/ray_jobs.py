"""Attempts on a Ray cluster, as Ray Jobs; ours is the record, Ray only runs them.

The cluster must see the data folder under the same path, and have skywright installed. The log is
asked for from time to time and never followed: a follower that breaks off can take the job along.
"""

from __future__ import annotations

import os
import shlex
import time
from pathlib import Path

from skywright.errors import MissingExtraError, NotFoundError, SourceError
from skywright.foundry.jobs.far_attempt import FarAttempt
from skywright.foundry.jobs.launcher import Order
from skywright.foundry.ray_cluster import prepare_environment
from skywright.settings import Settings

_MOST_S_TO_STOP = 30.0
_ENDED = {"SUCCEEDED": 0, "FAILED": 1, "STOPPED": -15}
_NO_TELEMETRY = {"RAY_USAGE_STATS_ENABLED": "0", "DO_NOT_TRACK": "1"}


class RayLauncher:
    """Starts attempts through the Jobs service of a Ray cluster."""

    ask_every_s = 1.0

    def __init__(self, settings: Settings) -> None:
        prepare_environment(os.environ, Path.home())
        try:
            from ray.job_submission import JobSubmissionClient
        except ImportError as error:
            what = "Training on Ray"
            raise MissingExtraError(what, "ray") from error
        address = settings.ray_jobs_address
        try:
            self._client = JobSubmissionClient(address)
        except ConnectionError as error:
            message = f"There is no Ray Jobs service at {address}."
            hint = "Start one with 'ray start --head', or set SKYWRIGHT_RAY_JOBS_ADDRESS."
            raise SourceError(message, hint=hint) from error

    def start(self, order: Order) -> FarAttempt:
        """Submit an attempt; the same attempt is never submitted twice."""
        submission_id = f"skywright-{_plain(order.job_id)}-{order.attempt}"
        self._client.submit_job(
            entrypoint=shlex.join(order.argv),
            submission_id=submission_id,
            runtime_env={"env_vars": {**_NO_TELEMETRY, **order.environment}},
            entrypoint_num_cpus=order.cpus,
            entrypoint_num_gpus=order.gpus or None,
            entrypoint_memory=int(order.memory_gb * 1e9) or None,
        )
        return FarAttempt(self, submission_id)

    def attach(self, handle: str, order: Order) -> FarAttempt:
        """Find a job again after a restart; see `Launcher`."""
        try:
            self._client.get_job_status(handle)
        except RuntimeError as error:
            message = f"Ray has forgotten {handle} of job {order.job_id}."
            raise NotFoundError(message) from error
        return FarAttempt(self, handle)

    def code_of(self, name: str) -> int | None:
        """Return the exit code of a Ray Job; see `FarPlace`."""
        return _ENDED.get(str(self._client.get_job_status(name).value))

    def log_of(self, name: str) -> str:
        """Return the log of a Ray Job; see `FarPlace`."""
        return str(self._client.get_job_logs(name))

    def end(self, name: str) -> int | None:
        """Stop a Ray Job and wait until Ray says so, at most half a minute."""
        self._client.stop_job(name)
        until = time.monotonic() + _MOST_S_TO_STOP
        while (code := self.code_of(name)) is None and time.monotonic() < until:
            time.sleep(0.1)
        return code

    def close(self) -> None:
        """Nothing is held."""


def _plain(text: str) -> str:
    return "".join(c if c.isalnum() else "-" for c in text)
