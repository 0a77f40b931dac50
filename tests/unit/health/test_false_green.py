"""Ways in which somebody could be told that all is well when it is not, or when nobody knows."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Collection
from dataclasses import replace
from functools import cache, lru_cache
from math import inf, nan
from pathlib import Path
from typing import Any

import pytest

from allgreen.domain.report import Ending
from allgreen.domain.status import CheckVerdict, ComponentStatus, HealthStatus
from allgreen.errors import CheckDefinitionError, ExpectationInvalidError, SettingsError
from allgreen.health.budgets.budget import Budget, Mark, StoredResult
from allgreen.health.budgets.file import BudgetFile
from allgreen.health.budgets.ledger import Ledger
from allgreen.health.checker.checker import UNKNOWN, HealthChecker
from allgreen.health.components.ai_model import ai_model
from allgreen.health.components.cache import cache as cache_component
from allgreen.health.expectation import make_sure
from allgreen.health.files import write_atomically
from allgreen.health.frequency import Frequency
from allgreen.health.registry import CheckRegistry
from allgreen.health.running.background import Background
from allgreen.health.running.rationing import Rationing
from allgreen.health.running.runner import CheckRunner, RunOptions
from allgreen.health.serving.endpoint import HealthEndpoint
from allgreen.health.serving.exchange import Request, Response
from allgreen.health.serving.grpc_health import HealthService, ServingStatus
from allgreen.health.serving.options import EndpointOptions, Group
from tests.unit.health.clocks import StillClock
from tests.unit.health.components.taking import take_check
from tests.unit.health.runners import a_runner, find, result_of

HEALTHY, DEGRADED, UNHEALTHY = HealthStatus
DAY_S = 86_400.0


def say_no() -> bool:
    return False


def status_at(endpoint: HealthEndpoint, path: str) -> int:
    return endpoint.respond(Request("GET", path)).status


def an_endpoint(registry: CheckRegistry, **options: Any) -> HealthEndpoint:
    endpoint = HealthEndpoint(
        a_runner(registry), EndpointOptions(environment="production", **options)
    )
    endpoint.probes.has_started = True
    return endpoint


# Which checks are asked ---------------------------------------------------------------------------


@pytest.mark.semantics(61)
@pytest.mark.parametrize("probe", ["live", "ready", "startup"])
def test_the_tag_of_a_probe_may_be_one_word(probe: str) -> None:
    registry = CheckRegistry()
    registry.check("It works", tags=[probe])(say_no)
    registry.check("Anything else works")(lambda: True)
    endpoint = an_endpoint(registry, **{probe: Group(path="/probe", tags=probe)})
    endpoint.probes.has_started = probe != "startup"

    assert status_at(endpoint, "/probe") == 503


def test_the_tags_of_a_group_can_be_read_more_than_once() -> None:
    registry = CheckRegistry()
    registry.check("The shop works", tags=["shop"])(lambda: True)
    registry.check("Anything else works")(say_no)
    shop = Group(path="/shop", tags=(tag for tag in ["shop"]))  # type: ignore[arg-type]

    endpoint = an_endpoint(registry, groups=[shop])

    assert [status_at(endpoint, "/shop") for _ in range(3)] == [200] * 3


@pytest.mark.parametrize("tags", [[""], [None], ["live", 1]])
def test_a_tag_that_no_check_can_have_is_refused(tags: Any) -> None:
    with pytest.raises(SettingsError, match="tags="):
        Group(path="/probe", tags=tags)


@pytest.mark.semantics(49, 61)
def test_readiness_shows_what_blocks_a_check_that_was_opted_in() -> None:
    registry = CheckRegistry()
    registry.check("Database answers", name="database")(say_no)
    registry.check("Orders are taken", name="orders", tags=["ready"], depends_on="database")(
        lambda: True
    )
    registry.check("Pool has connections", name="pool", tags=["ready"])(lambda: True)

    assert status_at(an_endpoint(registry), "/readyz") == 503


@pytest.mark.semantics(49)
@pytest.mark.parametrize("is_recalled", [False, True])
def test_what_blocks_one_that_is_shown_is_shown_too(is_recalled: bool) -> None:
    registry = CheckRegistry()
    registry.check("Network is there", name="network")(lambda: True)
    registry.check("Database answers", name="database", depends_on="network")(say_no)
    registry.check("Orders are taken", name="orders", depends_on="database")(lambda: True)
    runner = a_runner(registry)

    report = runner.run(["orders"])
    if is_recalled:
        report = runner.recall(["orders"], stale_after_s=60.0)

    assert report.status is UNHEALTHY
    assert [(each.name, each.verdict) for each in report.results] == [
        ("orders", CheckVerdict.SKIPPED),
        ("database", CheckVerdict.FAILED),
    ]


@pytest.mark.semantics(49)
def test_what_is_run_only_for_others_is_not_shown_while_it_passes() -> None:
    registry = CheckRegistry()
    registry.check("Database answers", name="database")(lambda: True)
    registry.check("Orders are taken", name="orders", depends_on="database")(lambda: True)
    runner = a_runner(registry)

    reports = [runner.run("orders"), runner.recall("orders", stale_after_s=60.0)]

    assert [[each.name for each in report.results] for report in reports] == [["orders"]] * 2


@pytest.mark.parametrize("components", ["database", [""], 5])
def test_the_components_of_a_checker_are_a_list_of_names(components: Any) -> None:
    with pytest.raises(SettingsError, match="components"):
        HealthChecker(components=components)


async def test_a_component_that_is_enabled_and_not_registered_is_not_healthy() -> None:
    checker = HealthChecker(components=["databse", "cache"])
    checker.register_check("database", say_no)
    checker.register_check("cache", lambda: True)

    whole = await checker.check_all_components()

    assert whole.overall_status is DEGRADED
    assert [component.name for component in whole.components] == ["cache", UNKNOWN]
    assert whole.components[1].message == (
        "Enabled and not registered, so that nobody looks at it: databse. Did you mean 'database'?"
    )


async def test_without_any_component_that_could_be_meant_nothing_is_suggested() -> None:
    whole = await HealthChecker(components=["b", "a"]).check_all_components()

    assert whole.overall_status is DEGRADED
    assert whole.components[0].message.endswith("nobody looks at it: a, b")


# What only looks like an answer -------------------------------------------------------------------


@pytest.mark.parametrize("keep", [cache, lru_cache(maxsize=1)], ids=["cache", "lru_cache"])
def test_a_check_that_keeps_its_first_answer_is_refused(
    keep: Callable[[Callable[[], bool]], Any],
) -> None:
    with pytest.raises(CheckDefinitionError, match="keep its answer"):
        CheckRegistry().check("It works")(keep(say_no))


@pytest.mark.semantics(4)
@pytest.mark.parametrize(
    "value",
    [UNHEALTHY, CheckVerdict.FAILED, ComponentStatus("database", UNHEALTHY)],
    ids=["status", "verdict", "component"],
)
def test_a_status_is_always_true_and_no_condition(value: object) -> None:
    with pytest.raises(ExpectationInvalidError, match="is always true, also a bad one"):
        make_sure(value)


@pytest.mark.semantics(4)
def test_a_report_is_always_true_and_no_condition() -> None:
    report = a_runner(say_no).run()

    with pytest.raises(ExpectationInvalidError, match="a Report is always true"):
        make_sure(report)


@pytest.mark.parametrize("said", [None, False, {"healthy": False, "hits": 5}])
def test_a_cache_that_says_nothing_good_of_itself_is_not_healthy(said: object) -> None:
    assert take_check(cache_component(stats_source=lambda: said)).status is DEGRADED


class Said:
    """What clients of HTTP return, also when the answer is no."""

    def __init__(self, name: str, is_good: bool) -> None:
        setattr(self, name, is_good)


@pytest.mark.parametrize("name", ["ok", "is_success"])
@pytest.mark.parametrize(("is_good", "status"), [(True, HEALTHY), (False, UNHEALTHY)])
def test_a_response_of_a_model_counts_as_what_it_says(
    name: str, is_good: bool, status: HealthStatus
) -> None:
    found = take_check(ai_model(lambda: Said(name, is_good), api_key="key"))

    assert found.status is status


def open_nothing() -> str:
    raise PermissionError("no")


def test_models_that_are_listed_as_they_are_read_are_read() -> None:
    def list_models() -> Any:
        yield "gemini"
        raise AssertionError("one is enough")

    def refuse() -> Any:
        yield open_nothing()

    assert take_check(ai_model(list_models, api_key="key")).status is HEALTHY
    assert result_of(ai_model(refuse, api_key="key")).verdict is CheckVerdict.ERROR


def test_models_that_are_awaited_one_by_one_are_awaited() -> None:
    async def list_models() -> Any:
        yield "claude"

    async def refuse() -> Any:
        yield open_nothing()

    assert take_check(ai_model(list_models, api_key="key")).status is HEALTHY
    assert result_of(ai_model(refuse, api_key="key")).verdict is CheckVerdict.ERROR


# What is too old ----------------------------------------------------------------------------------


@pytest.mark.semantics(30)
@pytest.mark.parametrize("option", ["keep_good_for_s", "keep_bad_for_s", "snapshot_for_s"])
@pytest.mark.parametrize("seconds", [inf, nan, -1.0])
def test_no_result_counts_for_ever(option: str, seconds: float) -> None:
    with pytest.raises(SettingsError, match=option):
        replace(RunOptions(), **{option: seconds})  # type: ignore[arg-type]  # it is a number


@pytest.mark.semantics(31)
@pytest.mark.parametrize(
    "options", [{"period_s": inf}, {"period_s": nan}, {"stale_after_s": nan}, {"stale_after_s": 0}]
)
def test_rounds_that_never_come_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="not"):
        Background(a_runner(CheckRegistry()), **options)


@pytest.mark.semantics(31)
def test_a_check_with_a_budget_counts_only_while_somebody_looks_after_it(tmp_path: Path) -> None:
    clock, registry = StillClock(), CheckRegistry()
    registry.check("Invoices add up", run="once per week")(lambda: True)
    rations = Rationing(Ledger(tmp_path), clock)
    background = Background(a_runner(registry, clock=clock, rations=rations), period_s=10.0)
    background.run(fresh=True)
    clock.advance(DAY_S)
    background.run(fresh=True)  # one of the rounds
    clock.advance(background.stale_after_s)
    in_time = background.run()

    clock.advance(1.0)
    report = background.run()

    assert in_time.status is HEALTHY
    assert (report.status, report.results[0].ending) == (UNHEALTHY, Ending.STALE)
    assert report.results[0].message == "For 21 s nobody has looked whether it is to run again"
    assert report.results[0].raw_verdict is CheckVerdict.PASSED


class Loss:
    """A check whose last result is good, and whose later runs have ended their process."""

    def __init__(self, folder: Path, *, days_since: int, is_alive: bool = False) -> None:
        self.clock = StillClock()
        now = self.clock.wall()
        last = StoredResult(
            verdict=CheckVerdict.PASSED,
            status=HEALTHY,
            message="",
            at=now - days_since * DAY_S,
            duration_ms=1.0,
        )
        self.ledger = Ledger(folder, "orders")
        pid, boot = (1, self.ledger._boot) if is_alive else (2**22 + 1, "another boot")
        mark = Mark(id="elsewhere", pid=pid, boot=boot, at=now - 60)
        budget = Budget(used=1, latest=now - 60, open=(mark,), last=last)
        frequency = Frequency.parse("once per day")
        file = BudgetFile(folder, "orders", "invoices", write_atomically)
        with file.hold(1.0):
            file.write(budget, frequency)

    def verdict(self) -> tuple[CheckVerdict, Ending]:
        registry = CheckRegistry()
        registry.check("Invoices add up", name="invoices", run="once per day")(lambda: True)
        rations = Rationing(self.ledger, self.clock)
        (result,) = a_runner(registry, clock=self.clock, rations=rations).run().results
        assert "A run that began at 11:59 UTC" in result.note
        return result.verdict, result.ending


@pytest.mark.semantics(37)
def test_a_check_that_ends_its_process_each_time_does_not_stay_good(tmp_path: Path) -> None:
    loss = Loss(tmp_path, days_since=2)

    assert loss.verdict() == (CheckVerdict.FAILED, Ending.STALE)


@pytest.mark.semantics(37)
@pytest.mark.parametrize(("days_since", "is_alive"), [(1, False), (2, True)])
def test_one_process_that_ended_takes_no_good_result_away(
    tmp_path: Path, days_since: int, is_alive: bool
) -> None:
    loss = Loss(tmp_path, days_since=days_since, is_alive=is_alive)

    assert loss.verdict() == (CheckVerdict.PASSED, Ending.ANSWERED)


def a_program(file: str, answer: bool, folder: Path, application: str = "") -> CheckRunner:
    """Return a program whose one check is written in a file, and is called as those of others."""
    clock, registry = StillClock(), CheckRegistry()
    source = "register('Backup is recent', name='backup', run='once per day')(lambda: answer)"
    exec(compile(source, file, "exec"), {"register": registry.check, "answer": answer})
    rations = Rationing(Ledger(folder, application), clock)
    return a_runner(registry, clock=clock, rations=rations)


@pytest.mark.semantics(39)
def test_programs_without_a_name_do_not_take_over_what_was_found_of_others(tmp_path: Path) -> None:
    shop = a_program("/srv/shop/checks.py", True, tmp_path)
    mail = a_program("/srv/mail/checks.py", False, tmp_path)

    assert [shop.run().status, mail.run().status] == [HEALTHY, UNHEALTHY]


@pytest.mark.semantics(36, 39)
@pytest.mark.parametrize(
    ("file", "application"), [("/srv/shop/checks.py", ""), ("/srv/release-2/checks.py", "shop")]
)
def test_processes_of_one_program_share_what_was_found(
    tmp_path: Path, file: str, application: str
) -> None:
    first = a_program("/srv/shop/checks.py", True, tmp_path, application)
    second = a_program(file, False, tmp_path, application)

    assert [first.run().status, second.run().status] == [HEALTHY, HEALTHY]


# Whom strangers and others disturb ----------------------------------------------------------------


Ask = Callable[[HealthEndpoint, Request], Response]


def ask_on_loop(endpoint: HealthEndpoint, request: Request) -> Response:
    return asyncio.run(endpoint.respond_async(request))


BOTH_WAYS = pytest.mark.parametrize("ask", [HealthEndpoint.respond, ask_on_loop])


@pytest.mark.semantics(25)
@BOTH_WAYS
def test_who_claims_to_come_from_far_has_nothing_run_and_changes_nothing(ask: Ask) -> None:
    registry, runs = CheckRegistry(), [0]

    @registry.check("It works")
    def count() -> bool:
        runs[0] += 1
        return False

    endpoint = an_endpoint(registry)
    far = Request("GET", "/healthcheck", headers={"x-allgreen-depth": "3"})

    statuses = [status_at(endpoint, "/healthcheck"), ask(endpoint, far).status]

    assert (statuses, runs) == ([503, 503], [1])


@pytest.mark.semantics(25)
@BOTH_WAYS
def test_who_comes_from_far_is_answered_where_nothing_is_known(ask: Ask) -> None:
    registry = CheckRegistry()
    registry.check("It works")(lambda: True)
    far = Request("GET", "/healthcheck", headers={"x-allgreen-depth": "3"})

    assert ask(an_endpoint(registry), far).status == 200


@pytest.mark.semantics(64)
def test_one_who_cannot_be_told_does_not_keep_others_from_it() -> None:
    service, told = HealthService(names=["shop"]), list[ServingStatus]()

    def fail(status: ServingStatus) -> None:
        raise ConnectionError("gone")

    def fail_later(status: ServingStatus) -> None:
        if status is not ServingStatus.UNKNOWN:
            raise ConnectionError("gone")

    for listener in (fail, fail_later, told.append):
        service.subscribe("shop", listener)
    service.set_status("shop", ServingStatus.SERVING)
    service.set_status("shop", ServingStatus.NOT_SERVING)

    assert told == [ServingStatus.UNKNOWN, ServingStatus.SERVING, ServingStatus.NOT_SERVING]


# Who swallows what --------------------------------------------------------------------------------


@pytest.mark.semantics(18, "L7")
@pytest.mark.parametrize("names", [None, ["late"]])
def test_what_comes_too_late_is_no_answer_for_who_asks_next(
    names: Collection[str] | None,
) -> None:
    gate, registry = threading.Event(), CheckRegistry()

    @registry.check("It answers", name="late", timeout=0.05)
    def late() -> bool:
        gate.wait()
        return True

    runner = CheckRunner(registry, RunOptions(keep_bad_for_s=60.0), environment="test")
    first = runner.run(names)
    gate.set()

    again = runner.run(names)

    verdicts = [find(report, "late").verdict for report in (first, again)]
    assert verdicts == [CheckVerdict.FAILED, CheckVerdict.FAILED]
