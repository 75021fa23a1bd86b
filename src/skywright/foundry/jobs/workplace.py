"""The workplace: what every attempt on this machine shares."""

from __future__ import annotations

import os
import secrets
import socket
from dataclasses import dataclass, field
from pathlib import Path

from skywright.foundry.data.datasets import Datasets
from skywright.foundry.jobs.job import Slots
from skywright.foundry.jobs.launcher import Launcher
from skywright.foundry.jobs.local import LocalLauncher
from skywright.foundry.jobs.queue import Queue
from skywright.foundry.registry import Registry
from skywright.settings import Settings, get_settings
from skywright.store.database import Database

POLL_S = 0.2
"""How often a worker looks for jobs, and for the wish to stop one [s]."""


@dataclass(slots=True)
class Workplace:
    """Where jobs are kept, done and published."""

    queue: Queue
    """The jobs."""
    datasets: Datasets
    """What they learn from."""
    registry: Registry
    """Where their models go."""
    runs: Path
    """Folder of the attempts."""
    settings: Settings
    """For launchers that need addresses."""
    lease_s: float
    """How long a job is a worker's without a beat [s]."""
    offer: Slots
    """What this machine gives to jobs at once."""
    warm: bool = True
    """Whether attempts are forked from a warm process."""
    name: str = field(
        default_factory=lambda: f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(3)}"
    )
    """Name of the worker."""
    _launchers: dict[str, Launcher] = field(default_factory=dict)

    @classmethod
    def of(cls, settings: Settings | None = None, database: Database | None = None) -> Workplace:
        """Return the workplace of the settings."""
        chosen = settings or get_settings()
        store = database or Database.of(chosen)
        return cls(
            queue=Queue(store),
            datasets=Datasets.of(chosen, store),
            registry=Registry.of(chosen, store),
            runs=chosen.data_dir.expanduser().absolute() / "runs",
            settings=chosen,
            lease_s=chosen.job_lease_s,
            offer=Slots(
                float(chosen.job_cpus or len(os.sched_getaffinity(0))),
                float(chosen.job_gpus),
                chosen.job_memory_gb or float("inf"),
            ),
        )

    def __enter__(self) -> Workplace:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def launcher(self, name: str) -> Launcher:
        """Return the launcher of a name, made when first asked for."""
        if name not in self._launchers:
            self._launchers[name] = self._made(name)
        return self._launchers[name]

    def close(self) -> None:
        """Let go of warm processes and connections."""
        for launcher in self._launchers.values():
            launcher.close()
        self._launchers.clear()

    def _made(self, name: str) -> Launcher:
        if name == "ray":
            from skywright.foundry.jobs.ray_jobs import RayLauncher

            return RayLauncher(self.settings)
        if name == "k8s":
            from skywright.foundry.jobs.kubernetes import KubernetesLauncher

            return KubernetesLauncher(self.settings)
        return LocalLauncher(warm=self.warm, devices=int(self.offer.gpus))
