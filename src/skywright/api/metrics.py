"""Figures for Prometheus, one registry per application."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

_BUCKETS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0)


class Metrics:
    """What is counted."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "skywright_requests_total",
            "Requests by path template, method and status.",
            ["path", "method", "status"],
            registry=self.registry,
        )
        self._seconds = Histogram(
            "skywright_request_seconds",
            "Time from the first byte read to the last one handed over [s].",
            ["path"],
            buckets=_BUCKETS_S,
            registry=self.registry,
        )
        self.objects = Counter(
            "skywright_objects_total",
            "Objects predicted or scored.",
            ["task"],
            registry=self.registry,
        )
        self.jobs = Gauge(
            "skywright_jobs_unfinished", "Jobs waiting or running.", registry=self.registry
        )

    def observe(self, path: str, method: str, status: int, seconds: float) -> None:
        """Count one request."""
        self._requests.labels(path, method, str(status)).inc()
        self._seconds.labels(path).observe(seconds)

    def text(self) -> bytes:
        """Return all figures in the Prometheus text format."""
        return generate_latest(self.registry)
