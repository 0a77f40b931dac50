"""The vocabularies of health."""

import pytest

from allgreen.domain.status import (
    CheckVerdict,
    ComponentStatus,
    DayGrade,
    HealthStatus,
    LifeSign,
    Mode,
    ServiceHealth,
    Shown,
    SystemHealthStatus,
    TimeKind,
)
from allgreen.testing import NOON

HEALTHY, DEGRADED, UNHEALTHY = HealthStatus


@pytest.mark.parametrize(
    ("statuses", "worst"),
    [
        ([], HEALTHY),
        ([HEALTHY, DEGRADED], DEGRADED),
        ([UNHEALTHY, HEALTHY, DEGRADED], UNHEALTHY),
    ],
    ids=["nothing", "degraded", "unhealthy"],
)
def test_a_program_is_as_healthy_as_its_worst_component(
    statuses: list[HealthStatus], worst: HealthStatus
) -> None:
    components = [ComponentStatus(name=str(n), status=one) for n, one in enumerate(statuses)]

    assert SystemHealthStatus.of(components, NOON).overall_status is worst


@pytest.mark.parametrize(
    ("healths", "worst"),
    [
        ("", "unknown"),
        ("unknown", "unknown"),
        ("unknown up", "up"),
        ("up degraded unknown", "degraded"),
        ("down unknown up", "down"),
    ],
)
def test_what_is_unknown_hides_nothing(healths: str, worst: str) -> None:
    found = ServiceHealth.worst_of(ServiceHealth(word) for word in healths.split())

    assert found is ServiceHealth(worst)


@pytest.mark.parametrize("health", ServiceHealth)
def test_each_health_has_its_kind_of_time_and_its_word(health: ServiceHealth) -> None:
    assert TimeKind.of(health).value == health.value
    assert Shown.of(Mode.ACTIVE, health, is_suspect=False).value == health.value


@pytest.mark.parametrize("health", ServiceHealth)
@pytest.mark.parametrize("mode", [Mode.PAUSED, Mode.DELETED])
def test_the_mode_is_shown_before_health(mode: Mode, health: ServiceHealth) -> None:
    assert Shown.of(mode, health, is_suspect=True) is Shown.PAUSED


def test_a_grade_is_one_letter() -> None:
    assert sorted(DayGrade) == ["d", "m", "n", "p", "u", "x"]


def test_while_the_watcher_is_offline_nothing_is_known_of_what_is_watched() -> None:
    shown = [
        Shown.of(mode, ServiceHealth.DOWN, is_suspect=True, in_window=in_window, is_offline=True)
        for mode, in_window in ((Mode.PAUSED, True), (Mode.ACTIVE, True), (Mode.ACTIVE, False))
    ]

    assert shown == [Shown.PAUSED, Shown.MAINTENANCE, Shown.UNKNOWN]


@pytest.mark.semantics(8)
@pytest.mark.parametrize("status", HealthStatus)
def test_each_status_is_a_verdict(status: HealthStatus) -> None:
    passed = status is HEALTHY

    assert CheckVerdict.of(status) is (CheckVerdict.PASSED if passed else CheckVerdict.FAILED)


@pytest.mark.semantics(8, 9)
@pytest.mark.parametrize(
    ("verdict", "critical", "other"),
    [
        ("passed", HEALTHY, HEALTHY),
        ("failed", UNHEALTHY, DEGRADED),
        ("error", UNHEALTHY, DEGRADED),
        ("skipped", None, None),
    ],
)
def test_each_verdict_means_something_for_the_whole(
    verdict: str, critical: HealthStatus | None, other: HealthStatus | None
) -> None:
    found = CheckVerdict(verdict)

    assert (found.health(), found.health(is_critical=False)) == (critical, other)


@pytest.mark.semantics(8)
@pytest.mark.parametrize(
    ("status", "word"),
    [(None, "starting"), (HEALTHY, "online"), (DEGRADED, "degraded"), (UNHEALTHY, "degraded")],
)
def test_each_status_has_its_word_in_a_heartbeat(status: HealthStatus | None, word: str) -> None:
    assert LifeSign.of(status) is LifeSign(word)
