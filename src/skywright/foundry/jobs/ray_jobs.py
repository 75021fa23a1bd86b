"""Attempts on a Ray cluster, as Ray Jobs; ours is the record, Ray only runs them.

The cluster must see the data folder under the same path, and have skywright installed. The log is
asked for from time to time and never followed: a follower that breaks off can take the job along.
"""

from __future__ import annotations

import os
import shlex
import time
from pathlib import Path
from typing import Any

from skywright.errors import MissingExtraError, NotFoundError, SourceError
from skywright.foundry.jobs.launcher import Order
from skywright.foundry.jobs.lines import Event, Reader
from skywright.foundry.ray_cluster import prepare_environment
from skywright.settings import Settings

_ASK_EVERY_S = 1.0
_ENDED = {"SUCCEEDED": 0, "FAILED": 1, "STOPPED": -15}
_NO_TELEMETRY = {"RAY_USAGE_STATS_ENABLED": "0", "DO_NOT_TRACK": "1"}


class RayAttempt:
    """A Ray Job by its submission id."""

    def __init__(self, client: Any, submission_id: str) -> None:
        self.handle: str | None = submission_id
        self._client = client
        self._id = submission_id
        self._read = 0
        self._asked = 0.0
        self._code: int | None = None
        self._reader = Reader()

    def read(self, wait_s: float) -> tuple[list[Event], list[str]]:
        """Return what was told since the last call; see `Attempt`."""
        if self._code is None and time.monotonic() - self._asked < _ASK_EVERY_S:
            time.sleep(wait_s)
            return [], []
        self._asked = time.monotonic()
        if self._code is None:
            self._code = _ENDED.get(str(self._client.get_job_status(self._id).value))
        told = str(self._client.get_job_logs(self._id)).encode()
        piece, self._read = told[self._read :], len(told)
        events, lines = self._reader.feed(piece)
        if self._code is not None and not piece:
            more, rest = self._reader.end()
            return events + more, lines + rest
        return events, lines

    def feed(self) -> None:
        """Do nothing: a job far away has no leash; the fence holds a zombie off."""

    def exit_code(self) -> int | None:
        """Return the exit code; None while it runs."""
        return self._code

    def kill(self) -> None:
        """Stop the job and wait until Ray says so."""
        self._client.stop_job(self._id)
        until = time.monotonic() + 30.0
        while time.monotonic() < until:
            self._code = _ENDED.get(str(self._client.get_job_status(self._id).value))
            if self._code is not None:
                return
            time.sleep(0.1)

    def close(self) -> None:
        """Nothing is held."""


class RayLauncher:
    """Starts attempts through the Jobs service of a Ray cluster."""

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

    def start(self, order: Order) -> RayAttempt:
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
        return RayAttempt(self._client, submission_id)

    def attach(self, handle: str, order: Order) -> RayAttempt:
        """Find a job again after a restart; see `Launcher`."""
        try:
            self._client.get_job_status(handle)
        except RuntimeError as error:
            message = f"Ray has forgotten {handle} of job {order.job_id}."
            raise NotFoundError(message) from error
        return RayAttempt(self._client, handle)

    def close(self) -> None:
        """Nothing is held."""


def _plain(text: str) -> str:
    return "".join(c if c.isalnum() else "-" for c in text)
