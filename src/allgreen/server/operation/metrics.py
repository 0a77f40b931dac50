"""Figures of this process for Prometheus; read from the monitor when they are asked for."""

from collections.abc import Callable, Iterator
from typing import final

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from allgreen.bootstrap import Figures


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
        yield GaugeMetricFamily(
            "allgreen_check_lateness_seconds",
            "By how much the latest run began after it was due",
            figures.late_s,
        )
        yield GaugeMetricFamily(
            "allgreen_results_waiting", "Results that are not stored yet", figures.results_waiting
        )
        yield CounterMetricFamily(
            "allgreen_results_dropped",
            "Results that were lost because the database failed for too long",
            figures.results_dropped,
        )


def build_registry(figures: Callable[[], Figures]) -> CollectorRegistry:
    """Return a registry with the figures of one monitor."""
    registry = CollectorRegistry()
    registry.register(MonitorCollector(figures))
    return registry
