"""Figures of this process for Prometheus; read from the monitor when they are asked for."""

from collections.abc import Callable, Iterator
from typing import final

from prometheus_client import CollectorRegistry
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from allgreen.bootstrap import Figures
from allgreen.monitoring.connectivity import Link
from allgreen.monitoring.lateness import BOUNDS_S, Lateness


@final
class MonitorCollector(Collector):
    """Shows what the monitor counts."""

    def __init__(self, figures: Callable[[], Figures]) -> None:
        self._figures = figures

    def collect(self) -> Iterator[Metric]:
        """Return the figures of this moment."""
        figures = self._figures()
        runs = CounterMetricFamily(
            "allgreen_checks_run", "Runs of checks since the start, by outcome", labels=["outcome"]
        )
        for outcome, count in figures.outcomes.items():
            runs.add_metric([outcome], count)
        yield runs
        sent = CounterMetricFamily(
            "allgreen_deliveries", "Attempts to hand messages over, by their end", labels=["state"]
        )
        for state, count in figures.deliveries.items():
            sent.add_metric([state], count)
        yield sent
        yield GaugeMetricFamily(
            "allgreen_checks_running", "Checks that are being run now", figures.running
        )
        yield _lateness(figures.lateness)
        yield GaugeMetricFamily(
            "allgreen_watcher_online",
            "1 while checks are run, 0 while our own network is down",
            float(figures.link is not Link.OFFLINE),
        )
        yield CounterMetricFamily(
            "allgreen_failures_doubted",
            "Failures that count for nothing, because our own network was down",
            figures.doubted,
        )
        absences = CounterMetricFamily(
            "allgreen_absences", "How often nothing was checked for a while", labels=["why"]
        )
        for why, count in figures.absences.items():
            absences.add_metric([why], count)
        yield absences
        yield CounterMetricFamily(
            "allgreen_clock_set_backs", "How often the clock was set back", figures.set_backs
        )
        yield GaugeMetricFamily(
            "allgreen_results_waiting", "Results that are not stored yet", figures.results_waiting
        )
        yield CounterMetricFamily(
            "allgreen_results_dropped",
            "Results that were lost because the database failed for too long",
            figures.results_dropped,
        )


def _lateness(lateness: Lateness) -> HistogramMetricFamily:
    bounds = [*(f"{bound:g}" for bound in BOUNDS_S), "+Inf"]
    counts = [float(count) for count in lateness.up_to()]
    return HistogramMetricFamily(
        "allgreen_check_lateness_seconds",
        "By how much runs began after they were due",
        buckets=list(zip(bounds, counts, strict=True)),
        sum_value=lateness.sum_s,
    )


def build_registry(figures: Callable[[], Figures]) -> CollectorRegistry:
    """Return a registry with the figures of one monitor."""
    registry = CollectorRegistry()
    registry.register(MonitorCollector(figures))
    return registry
