"""Metrics in Prometheus' text format at `/metrics`: requests are counted as they come, gauges are read on demand."""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from hmac import compare_digest
from typing import Any, NamedTuple

from flask import Flask, Response, request
from prometheus_client import CollectorRegistry, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

from api.refusals import NotFound
from api.web.guard import Http

log = logging.getLogger("circle.metrics")

BUCKETS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Reading(NamedTuple):
    """A gauge that is read on demand, or a counter; `read` gives one number per value of `label`."""

    name: str
    meaning: str
    label: str
    read: Callable[[], Mapping[str, float]]
    counts: bool = False


class Metrics:
    """The metrics of this process, in a registry of its own."""

    def __init__(self, readings: Sequence[Reading]) -> None:
        self._readings = readings
        self._registry = CollectorRegistry()
        self._seconds = Histogram(
            "circle_request_seconds",
            "Requests by route and status, and how long they took.",
            ["method", "route", "status"],
            buckets=BUCKETS,
            registry=self._registry,
        )
        self._known: dict[tuple[str, str, int], Any] = {}
        self._registry.register(self)

    def observe(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one request. `route` is as declared, `method` a known one, so that the number of series is bounded."""
        key = (method if method in METHODS else "-", route, status)
        series = self._known.get(key) or self._known.setdefault(key, self._seconds.labels(*map(str, key)))
        series.observe(seconds)

    def collect(self) -> Iterable[GaugeMetricFamily | CounterMetricFamily]:
        """The current readings; one that fails is logged and left out."""
        for reading in self._readings:
            kind = CounterMetricFamily if reading.counts else GaugeMetricFamily
            family = kind(reading.name, reading.meaning, labels=[reading.label])
            try:
                for value, number in sorted(reading.read().items()):
                    family.add_metric([value], number)
            except Exception:
                log.exception("not measured", extra={"reading": reading.name})
            yield family

    def describe(self) -> Iterable[GaugeMetricFamily]:
        """Required by the registry; empty, so that nothing is read at registration."""
        return ()

    def text(self) -> bytes:
        """All metrics in the text format."""
        return generate_latest(self._registry)


METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PATCH", "PUT", "DELETE"})


def register(app: Flask, web: Http, metrics: Metrics, token: str, is_loopback: Callable[[str], bool]) -> None:
    """Serve `/metrics` to callers with this bearer `token`; if `token` is empty, to this machine only."""

    def may_read() -> bool:
        if token:
            given = request.headers.get("Authorization", "").removeprefix("Bearer ")
            return compare_digest(given.encode(), token.encode())
        # A proxy on this machine passes on what comes from elsewhere.
        return is_loopback(request.remote_addr or "") and "X-Forwarded-For" not in request.headers

    @app.get("/metrics")
    @web.allow("anyone")
    def measured() -> Response:
        """The metrics in Prometheus' text format; 404 for callers who may not read them."""
        if not may_read():
            raise NotFound
        return Response(metrics.text(), content_type=CONTENT_TYPE)
