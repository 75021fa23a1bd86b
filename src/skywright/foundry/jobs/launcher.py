"""Where an attempt runs: on this machine, on a Ray cluster, as a Kubernetes Job."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from skywright.foundry.jobs.lines import Event


@dataclass(frozen=True, slots=True)
class Order:
    """What a launcher is told."""

    job_id: str
    """Name of the job."""
    attempt: int
    """Number of the attempt."""
    spec: Path
    """The specification that the child reads."""
    argv: tuple[str, ...]
    """The command; a launcher may replace the interpreter."""
    preload: tuple[str, ...] = ()
    """Modules that a warm process should have imported."""
    warm: bool = True
    """Whether a warm process may be used: not for programs that start programs of their own."""
    cpus: float = 1.0
    """Cores asked for."""
    gpus: float = 0.0
    """Accelerators asked for."""
    memory_gb: float = 0.0
    """Memory asked for [GB]."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """Variables beside those that are set already."""


class Attempt(Protocol):
    """A running attempt."""

    handle: str | None
    """A name under which it can be found again after a restart; None if it cannot."""

    def read(self, wait_s: float) -> tuple[list[Event], list[str]]:
        """Return what was told since the last call, waiting at most so long for something."""

    def feed(self) -> None:
        """Tell it that its lease was prolonged."""

    def exit_code(self) -> int | None:
        """Return the exit code, negative for a signal; None while it runs."""

    def kill(self) -> None:
        """End it and whatever it started; returns when it has ended."""

    def close(self) -> None:
        """Let go of pipes and the like."""


class Launcher(Protocol):
    """A place to run attempts."""

    def start(self, order: Order) -> Attempt:
        """Start an attempt."""

    def attach(self, handle: str, order: Order) -> Attempt:
        """Find an attempt again that an earlier supervisor started.

        Raises
        ------
        NotFoundError
            If the place has forgotten it.
        """

    def close(self) -> None:
        """Let go of warm processes and connections."""
