"""What does the service count? Requests, seconds, batches and how scenes ended, as Prometheus reads them."""

from ..estimate import Status
from .extra import prometheus_client as prometheus

_SECONDS = (0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 60)
_SCENES = (1, 2, 4, 8, 16, 32, 64)


class Meters:
    """Counters of one service, in a registry of its own."""

    def __init__(self) -> None:
        here = self.registry = prometheus.CollectorRegistry()
        prometheus.ProcessCollector(registry=here)
        self.requests = prometheus.Counter(
            "ris_requests", "Requests answered, by route and HTTP status", ("route", "status"), registry=here
        )
        self.seconds = prometheus.Histogram(
            "ris_request_seconds", "From a request's headers to its answer", ("route",), buckets=_SECONDS, registry=here
        )
        self.inside = prometheus.Gauge("ris_requests_inside", "Requests accepted and not yet answered", registry=here)
        self.batches = prometheus.Histogram("ris_batch_scenes", "Scenes of a batch", buckets=_SCENES, registry=here)
        self.locating = prometheus.Histogram(
            "ris_batch_seconds", "To locate a batch", buckets=_SECONDS, registry=here
        )  # fmt: skip
        self.scenes = prometheus.Counter("ris_scenes", "Scenes located, by how they ended", ("status",), registry=here)
        for status in Status:
            self.scenes.labels(status.name.lower())

    def batch(self, scenes: int, seconds: float, ended: tuple[Status, ...]) -> None:
        """Count a batch that was located."""
        self.batches.observe(scenes)
        self.locating.observe(seconds)
        for status in ended:
            self.scenes.labels(status.name.lower()).inc()

    def text(self) -> bytes:
        """All counters in Prometheus' text format."""
        return prometheus.generate_latest(self.registry)
