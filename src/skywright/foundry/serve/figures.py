"""What endpoints count, for Prometheus."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

_BUCKETS_S = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 30.0)


class Figures:
    """Counters of inference; labels are models that exist, so their number is bounded.

    Parameters
    ----------
    registry : CollectorRegistry, optional
        That of the application.
    """

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        into = registry or CollectorRegistry()
        self.rows = Counter(
            "skywright_inference_rows_total",
            "Rows answered.",
            ["model", "version", "variant"],
            registry=into,
        )
        self.errors = Counter(
            "skywright_inference_errors_total",
            "Rows that the model failed on.",
            ["model", "version", "variant"],
            registry=into,
        )
        self.seconds = Histogram(
            "skywright_inference_seconds",
            "Time of one request in the endpoint [s].",
            ["model"],
            buckets=_BUCKETS_S,
            registry=into,
        )
        self.cached = Counter(
            "skywright_inference_cached_total",
            "Rows answered from the cache.",
            ["model"],
            registry=into,
        )
        self.filtered = Counter(
            "skywright_inference_filtered_total",
            "Texts that the content filter refused.",
            ["model", "reason"],
            registry=into,
        )
        self.dropped = Counter(
            "skywright_prediction_log_dropped_total",
            "Predictions that were not put on record because the log could not keep up.",
            registry=into,
        )
        self.open_mb = Gauge(
            "skywright_open_models_mb", "Size of the open models [MB].", registry=into
        )
        self.decisions = Counter(
            "skywright_trial_decisions_total",
            "What trials of challengers decided.",
            ["model", "decision"],
            registry=into,
        )
