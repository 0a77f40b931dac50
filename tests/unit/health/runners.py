"""Runners whose results are never kept, and a little patience."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from allgreen.domain.report import CheckResult, Report
from allgreen.health.clock import SYSTEM_CLOCK, Clock
from allgreen.health.registry import CheckRegistry
from allgreen.health.running.procedure import Rations
from allgreen.health.running.runner import CheckRunner, RunOptions

PATIENCE_S = 20.0
TIMEOUT_S = 0.05
"""Of checks that are to be late."""


def a_registry(*functions: Callable[[], Any], **options: Any) -> CheckRegistry:
    """Return a registry with checks of these functions, all with the same options."""
    registry = CheckRegistry()
    for function in functions:
        registry.check("It works", **options)(function)
    return registry


def a_runner(
    registry: CheckRegistry | Callable[[], Any],
    *,
    clock: Clock = SYSTEM_CLOCK,
    rations: Rations | None = None,
    **options: Any,
) -> CheckRunner:
    """Return a runner that runs each check whenever it is asked."""
    if not isinstance(registry, CheckRegistry):
        registry = a_registry(registry)
    keep = {"keep_good_for_s": 0.0, "keep_bad_for_s": 0.0}
    return CheckRunner(
        registry,
        RunOptions(**{**keep, **options}),
        environment="test",
        clock=clock,
        rations=rations,
    )


def result_of(function: Callable[[], Any], **options: Any) -> CheckResult:
    """Return what becomes of one run of a check with these options."""
    return a_runner(a_registry(function, **options)).run().results[0]


def in_turn(*functions: Callable[[], Any]) -> Callable[[], Any]:
    """Return a function that does what each of these does, one after the other."""
    left = list(functions)

    def next_one() -> Any:
        return left.pop(0)()

    return next_one


def find(report: Report, name: str) -> CheckResult:
    """Return the result of a check."""
    return next(result for result in report.results if result.name == name)


def wait_until(is_so: Callable[[], object]) -> None:
    """Wait for something that will be so."""
    until = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < until, "it never came to that"
        time.sleep(0.002)
