"""Circuit breakers of every library, told by what they have in common."""

from __future__ import annotations

import enum
from types import SimpleNamespace
from typing import Any

import pytest

from allgreen.domain.status import ComponentStatus, HealthStatus
from allgreen.health.checker.breaker import Breaker
from allgreen.health.components.resilience import resilience
from tests.unit.health.clocks import StillClock
from tests.unit.health.components.taking import take_check


class State(enum.Enum):
    """As aiobreaker's."""

    OPEN = 1
    CLOSED = 2
    HALF_OPEN = 3


class CircuitClosedState:
    """As pybreaker's, which are objects."""

    name = "closed"


class OpenState:
    """One whose class alone tells it."""


def read(breakers: Any = (), **options: Any) -> ComponentStatus:
    return take_check(resilience(breakers, **options))


@pytest.mark.parametrize(
    ("breaker", "status"),
    [
        (SimpleNamespace(current_state="closed"), HealthStatus.HEALTHY),
        (SimpleNamespace(current_state="open"), HealthStatus.DEGRADED),
        (SimpleNamespace(current_state="half-open"), HealthStatus.DEGRADED),
        (SimpleNamespace(state="closed", opened=False), HealthStatus.HEALTHY),
        (SimpleNamespace(state="half_open"), HealthStatus.DEGRADED),
        (SimpleNamespace(current_state=State.CLOSED), HealthStatus.HEALTHY),
        (SimpleNamespace(current_state=State.OPEN), HealthStatus.DEGRADED),
        (SimpleNamespace(context=SimpleNamespace(state="opened")), HealthStatus.DEGRADED),
        (SimpleNamespace(context=SimpleNamespace(state="closed")), HealthStatus.HEALTHY),
        (SimpleNamespace(state=CircuitClosedState()), HealthStatus.HEALTHY),
        (SimpleNamespace(state=OpenState()), HealthStatus.DEGRADED),
        (SimpleNamespace(state=lambda: "OPEN"), HealthStatus.DEGRADED),
        (SimpleNamespace(is_open=False), HealthStatus.HEALTHY),
        (SimpleNamespace(is_open=lambda: True), HealthStatus.DEGRADED),
        ({"state": "closed"}, HealthStatus.HEALTHY),
        (SimpleNamespace(state="frobnicated"), HealthStatus.DEGRADED),
        (SimpleNamespace(state=7), HealthStatus.DEGRADED),
        (object(), HealthStatus.DEGRADED),
    ],
)
def test_the_state_of_a_breaker_is_read(breaker: object, status: HealthStatus) -> None:
    assert read(breaker).status is status


def test_ours_is_known() -> None:
    breaker = Breaker(failures=1, name="search", clock=StillClock())
    assert read(breaker).status is HealthStatus.HEALTHY

    breaker.record(ComponentStatus("search", HealthStatus.UNHEALTHY))

    assert read([breaker]).message == "Circuit breakers open: search"


def test_an_open_one_is_named_and_never_makes_the_program_unhealthy() -> None:
    found = read(
        {
            "payments": SimpleNamespace(state="open"),
            "search": SimpleNamespace(state="half-open"),
            "mail": SimpleNamespace(state="closed"),
            "odd": SimpleNamespace(state="?"),
        }
    )

    assert found.status is HealthStatus.DEGRADED
    assert found.message == "Circuit breakers open: payments; half open: search; unknown: odd"
    assert found.metadata == {
        "open_circuit_breakers": ["payments"],
        "half_open_circuit_breakers": ["search"],
        "total_circuit_breakers": 4,
    }


def test_all_open_is_degraded_too() -> None:
    assert read([SimpleNamespace(state="open")] * 3).status is HealthStatus.DEGRADED


def test_two_of_one_name_are_both_shown() -> None:
    one = SimpleNamespace(state="open", name="db")

    assert read([one, one]).metadata["open_circuit_breakers"] == ["db", "db (2)"]


def test_one_without_a_name_has_a_number() -> None:
    assert read([SimpleNamespace(state="open")]).message == "Circuit breakers open: breaker 1"


@pytest.mark.parametrize(
    ("breakers", "message"),
    [
        ([], "There are no circuit breakers"),
        ([SimpleNamespace(state="closed")], "The circuit breaker is closed"),
        ([SimpleNamespace(state="closed")] * 2, "All 2 circuit breakers are closed"),
    ],
)
def test_what_is_well_is_said(breakers: list[object], message: str) -> None:
    found = read(breakers)

    assert (found.status, found.message) == (HealthStatus.HEALTHY, message)


def test_breakers_that_come_and_go_are_asked_for_each_time() -> None:
    breakers: list[object] = []
    check = resilience(lambda: breakers)
    assert take_check(check).metadata["total_circuit_breakers"] == 0

    breakers.append(SimpleNamespace(state="open"))

    assert take_check(check).status is HealthStatus.DEGRADED


class Orchestrator:
    """Knows of all breakers of a program."""

    def __init__(self, **stats: object) -> None:
        self._stats = stats

    async def get_health_status(self) -> dict[str, object]:
        return self._stats


def test_a_source_of_statistics_is_believed() -> None:
    source = Orchestrator(
        healthy=False,
        open_circuit_breakers=["payments"],
        half_open_circuit_breakers=[],
        total_circuit_breakers=3,
    )

    found = read(stats_source=source)

    assert found.status is HealthStatus.DEGRADED
    assert found.message == "Circuit breakers open: payments"
    assert found.metadata["total_circuit_breakers"] == 3


def test_a_source_that_says_it_is_not_healthy_is_believed() -> None:
    found = read(stats_source=lambda: {"healthy": False})

    assert found.status is HealthStatus.DEGRADED


def test_a_source_with_other_figures_is_shown() -> None:
    found = read(SimpleNamespace(state="closed"), stats_source=lambda: "3 calls a second")

    assert found.status is HealthStatus.HEALTHY
    assert found.metadata["stats"] == "3 calls a second"
