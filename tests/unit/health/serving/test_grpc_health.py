"""What gRPC is told, without a server."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from itertools import islice

import pytest

from allgreen.errors import NotFoundError
from allgreen.health.serving.endpoint import HealthEndpoint
from allgreen.health.serving.grpc_health import LOOKS_EVERY_S, HealthService, ServingStatus
from allgreen.health.serving.options import EndpointOptions, Group
from tests.scripted_runner import ScriptedRunner, failed, passed

WITHIN_S = 10.0
SERVING, NOT_SERVING = ServingStatus.SERVING, ServingStatus.NOT_SERVING
UNKNOWN, SERVICE_UNKNOWN = ServingStatus.UNKNOWN, ServingStatus.SERVICE_UNKNOWN


class Watcher:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[ServingStatus] = []

    def __call__(self, status: ServingStatus) -> None:
        self.told.append(status)


@pytest.fixture
def runner() -> ScriptedRunner:
    return ScriptedRunner(passed("pool", tags=["live", "ready"]), failed("database"))


@pytest.fixture
def service(runner: ScriptedRunner) -> HealthService:
    return _serve(runner)


# Check --------------------------------------------------------------------------------------------


@pytest.mark.semantics(64)
@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("", NOT_SERVING),
        ("healthcheck", NOT_SERVING),
        ("livez", SERVING),
        ("readyz", SERVING),
        ("startupz", SERVING),
        ("shop/orders", NOT_SERVING),
    ],
)
async def test_each_group_of_the_endpoint_is_a_service(
    name: str, status: ServingStatus, service: HealthService
) -> None:
    assert service.check(name) is status
    assert await service.check_async(name) is status


@pytest.mark.semantics(64)
async def test_an_unknown_name_is_not_found(service: HealthService) -> None:
    with pytest.raises(NotFoundError):
        service.check("shop.Orders")
    with pytest.raises(NotFoundError):
        await service.check_async("shop.Orders")
    assert service.status_of("shop.Orders") is SERVICE_UNKNOWN


@pytest.mark.semantics(51, 64)
def test_what_is_degraded_serves() -> None:
    service = _serve(ScriptedRunner(passed("pool"), failed("cache", critical=False)))

    assert service.check("") is SERVING


def test_without_a_page_readiness_stands_for_the_whole() -> None:
    runner = ScriptedRunner(passed("pool", tags=["ready"]), failed("database"))
    options = EndpointOptions(healthcheck=None, environment="production")

    assert HealthService(HealthEndpoint(runner, options)).check("") is SERVING


def test_without_any_group_of_its_own_the_whole_is_unknown() -> None:
    options = EndpointOptions(healthcheck=None, ready=None, environment="production")
    service = HealthService(HealthEndpoint(ScriptedRunner(), options))

    assert service.check("") is UNKNOWN


@pytest.mark.semantics(64)
def test_without_an_endpoint_somebody_says_how_it_is() -> None:
    service = HealthService(names=["shop.Orders"])

    assert service.check("") is UNKNOWN
    assert service.check("shop.Orders") is UNKNOWN
    service.set_status("shop.Orders", SERVING)
    assert service.check("shop.Orders") is SERVING
    service.forget("shop.Orders")
    with pytest.raises(NotFoundError):
        service.check("shop.Orders")


def test_a_service_that_there_is_has_another_status_than_one_that_there_is_not() -> None:
    with pytest.raises(ValueError, match="forget"):
        HealthService().set_status("", SERVICE_UNKNOWN)


@pytest.mark.semantics(62)
def test_a_program_that_is_about_to_stop_serves_nothing(
    service: HealthService, runner: ScriptedRunner
) -> None:
    watcher = Watcher()
    service.subscribe("livez", watcher)
    service.check("livez")
    asked = len(runner.asked)

    service.leave()

    assert service.check("livez") is NOT_SERVING
    assert len(runner.asked) == asked
    assert watcher.told == [UNKNOWN, SERVING, NOT_SERVING]


# Watch --------------------------------------------------------------------------------------------


@pytest.mark.semantics(64)
def test_who_watches_is_told_at_once_and_then_of_changes_only() -> None:
    service, watcher = HealthService(), Watcher()

    end = service.subscribe("", watcher)
    assert watcher.told == [UNKNOWN]
    for status in (SERVING, SERVING, NOT_SERVING, NOT_SERVING, SERVING):
        service.set_status("", status)
    end()
    end()
    service.set_status("", NOT_SERVING)

    assert watcher.told == [UNKNOWN, SERVING, NOT_SERVING, SERVING]


@pytest.mark.semantics(64)
def test_who_watches_what_there_is_not_is_told_when_it_comes_and_goes() -> None:
    service, watcher, other = HealthService(), Watcher(), Watcher()
    service.subscribe("shop.Orders", watcher)
    service.subscribe("", other)

    service.set_status("shop.Orders", SERVING)
    service.forget("shop.Orders")

    assert watcher.told == [SERVICE_UNKNOWN, SERVING, SERVICE_UNKNOWN]
    assert other.told == [UNKNOWN]


@pytest.mark.semantics(64)
def test_while_somebody_watches_it_is_looked_at_again_and_again(
    runner: ScriptedRunner,
) -> None:
    service = _serve(runner, looks_every_s=0.01)
    stream = service.follow("readyz")

    first = list(islice((status for status in stream if status is not UNKNOWN), 1))
    runner.results[0] = failed("pool", tags=["live", "ready"])
    second = next(stream)
    runner.results[0] = passed("pool", tags=["live", "ready"])
    third = next(stream)
    stream.close()  # type: ignore[attr-defined]  # it is a generator

    assert [*first, second, third] == [SERVING, NOT_SERVING, SERVING]
    _wait_until(lambda: _looking_threads() == 0)


def test_one_thread_looks_for_all_and_only_while_there_are_any(runner: ScriptedRunner) -> None:
    service = _serve(runner, looks_every_s=0.01)

    ends = [service.watch(name, Watcher()) for name in ("", "readyz", "livez", "absent")]
    assert _looking_threads() == 1
    for end in ends:
        end()
    _wait_until(lambda: _looking_threads() == 0)
    asked = len(runner.asked)

    service.watch("", Watcher())()
    _wait_until(lambda: _looking_threads() == 0)
    assert len(runner.asked) <= asked + 1


def test_where_there_is_nothing_to_look_at_no_thread_is_started() -> None:
    HealthService().watch("", Watcher())

    assert _looking_threads() == 0


def test_who_comes_while_the_thread_is_about_to_end_is_looked_for(runner: ScriptedRunner) -> None:
    service = _serve(runner, looks_every_s=3600)
    end = service.watch("", Watcher())
    end_other = service.subscribe("readyz", Watcher())
    end()

    assert not service._is_done()
    assert not service._is_unwatched.is_set()
    end_other()
    _wait_until(lambda: _looking_threads() == 0)


@pytest.mark.semantics(64)
def test_one_that_is_slow_keeps_no_other_waiting() -> None:
    service, quick = HealthService(), Watcher()
    entered, release = threading.Event(), threading.Event()

    def hang(status: ServingStatus) -> None:
        if status is SERVING:
            entered.set()
            release.wait(WITHIN_S)

    service.subscribe("slow", hang)
    service.subscribe("quick", quick)
    thread = threading.Thread(target=service.set_status, args=("slow", SERVING))
    thread.start()
    assert entered.wait(WITHIN_S)
    service.set_status("quick", SERVING)

    assert quick.told == [SERVICE_UNKNOWN, SERVING]
    release.set()
    thread.join(WITHIN_S)


def _serve(runner: ScriptedRunner, looks_every_s: float = LOOKS_EVERY_S) -> HealthService:
    shop = Group(path="/shop/orders", tags=["shop"])
    endpoint = HealthEndpoint(runner, EndpointOptions(environment="production", groups=[shop]))
    endpoint.probes.has_started = True
    return HealthService(endpoint, looks_every_s=looks_every_s)


def _looking_threads() -> int:
    return sum(each.name == "allgreen grpc" for each in threading.enumerate())


def _wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WITHIN_S
    while not is_so():
        assert time.monotonic() < deadline, "it did not come to that in time"
        time.sleep(0.002)
