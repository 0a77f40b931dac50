"""Options of the endpoint, and what they refuse."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from allgreen.domain.status import HealthStatus
from allgreen.errors import SettingsError
from allgreen.health.serving.options import (
    DEFAULT_STATUSES,
    EndpointOptions,
    Group,
    live_group,
    ready_group,
    startup_group,
)

UNHEALTHY, DEGRADED = HealthStatus.UNHEALTHY, HealthStatus.DEGRADED


def test_the_usual_paths() -> None:
    assert sorted(EndpointOptions().paths()) == [
        "/healthcheck",
        "/healthcheck/metrics",
        "/livez",
        "/readyz",
        "/startupz",
        "/v1/health",
    ]


def test_paths_can_be_renamed_and_switched_off() -> None:
    options = EndpointOptions(
        healthcheck=Group(path="/status"),
        live=live_group("/alive"),
        ready=ready_group("/ready"),
        startup=startup_group("/started"),
        metrics=None,
        v1_health=None,
        groups=[Group(path="/status/database", tags=["database"])],
    )

    assert sorted(options.paths()) == [
        "/alive",
        "/ready",
        "/started",
        "/status",
        "/status/database",
    ]
    assert (
        list(
            replace(
                options, healthcheck=None, live=None, ready=None, startup=None, groups=()
            ).paths()
        )
        == []
    )


@pytest.mark.semantics(22)
def test_probes_answer_before_kubernetes_gives_up() -> None:
    assert {group.deadline_s for group in (live_group(), ready_group(), startup_group())} == {0.8}


@pytest.mark.semantics(51)
def test_degraded_takes_nobody_out_of_rotation() -> None:
    assert DEFAULT_STATUSES == {"healthy": 200, "degraded": 200, "unhealthy": 503}


@pytest.mark.semantics(51)
@pytest.mark.parametrize("status", HealthStatus)
def test_status_codes_must_be_complete(status: HealthStatus) -> None:
    incomplete = {key: code for key, code in DEFAULT_STATUSES.items() if key is not status}

    with pytest.raises(SettingsError, match=f"no HTTP status code for {status}"):
        Group(path="/healthcheck", statuses=incomplete)


@pytest.mark.semantics(51)
def test_each_group_has_status_codes_of_its_own() -> None:
    strict = Group(path="/strict", statuses={**DEFAULT_STATUSES, DEGRADED: 503})

    assert strict.statuses[DEGRADED] == 503
    assert Group(path="/lenient").statuses[DEGRADED] == 200


@pytest.mark.semantics(51)
@pytest.mark.parametrize("code", [100, 199, 204, 205, 304, 600])
def test_what_cannot_carry_an_answer_is_no_status_code(code: int) -> None:
    with pytest.raises(SettingsError, match="cannot be the HTTP status code"):
        Group(path="/healthcheck", statuses={**DEFAULT_STATUSES, UNHEALTHY: code})


def test_a_status_that_there_is_not_is_refused() -> None:
    statuses: Any = {**DEFAULT_STATUSES, "unwell": 503}

    with pytest.raises(SettingsError, match="'unwell'"):
        Group(path="/healthcheck", statuses=statuses)


@pytest.mark.parametrize("path", ["", "healthcheck", "/", "/healthcheck/", "/a?b", "/a#b", "/a b"])
def test_what_nobody_could_ask_for_is_no_path(path: str) -> None:
    with pytest.raises(SettingsError, match="begins with a slash"):
        Group(path=path)
    with pytest.raises(SettingsError, match="begins with a slash"):
        EndpointOptions(metrics=path)


def test_two_routes_cannot_have_one_path() -> None:
    with pytest.raises(SettingsError, match="/livez: Two routes"):
        EndpointOptions(metrics="/livez")


@pytest.mark.semantics(61)
@pytest.mark.parametrize("probe", ["live", "ready", "startup"])
def test_a_probe_cannot_depend_on_every_check(probe: str) -> None:
    options: dict[str, Any] = {probe: Group(path="/probe")}

    with pytest.raises(SettingsError, match="would depend on every check"):
        EndpointOptions(**options)


@pytest.mark.parametrize("seconds", [0, -1, float("inf"), float("nan")])
def test_a_deadline_is_a_time(seconds: float) -> None:
    with pytest.raises(SettingsError, match="deadline_s"):
        Group(path="/healthcheck", deadline_s=seconds)


@pytest.mark.parametrize("seconds", [-1, float("inf"), float("nan")])
def test_a_delay_is_a_time(seconds: float) -> None:
    with pytest.raises(SettingsError, match="drain_delay_s"):
        EndpointOptions(drain_delay_s=seconds)
