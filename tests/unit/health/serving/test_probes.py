"""What is remembered between probes, and what they are told."""

from __future__ import annotations

import pytest

from allgreen.domain.report import Ending
from allgreen.domain.status import CheckVerdict, HealthStatus
from allgreen.health.serving.probes import Probes
from tests.scripted_runner import failed, passed, report_of, result

HEALTHY, DEGRADED, UNHEALTHY = HealthStatus
LIVE = ["live"]


@pytest.fixture
def started() -> Probes:
    probes = Probes()
    probes.note_start([passed()])
    return probes


# Liveness ------------------------------------------------------------------------------------


@pytest.mark.semantics(61)
def test_a_program_without_checks_is_alive() -> None:
    assert Probes().judge_live(report_of(), LIVE).status is HEALTHY


@pytest.mark.semantics(61)
def test_a_failing_live_check_ends_liveness() -> None:
    report = report_of(passed("a", tags=LIVE), failed("b", tags=LIVE))

    assert Probes().judge_live(report, LIVE).status is UNHEALTHY


@pytest.mark.semantics(61)
def test_a_skipped_check_says_nothing_of_liveness() -> None:
    skipped = result("a", CheckVerdict.SKIPPED, ending=Ending.NOT_MEANT, tags=LIVE)

    assert Probes().judge_live(report_of(skipped), LIVE).status is HEALTHY


@pytest.mark.semantics(61)
def test_what_starting_again_does_not_mend_is_no_reason_for_it() -> None:
    broken = result("allgreen:checks", CheckVerdict.ERROR, ending=Ending.MISCONFIGURED)

    judged = Probes().judge_live(report_of(passed("a", tags=LIVE), broken), LIVE)

    assert (judged.status, [each.name for each in judged.results]) == (HEALTHY, ["a"])


@pytest.mark.semantics(61)
def test_liveness_stays_while_the_process_drains(started: Probes) -> None:
    started.is_draining = True

    assert started.judge_live(report_of(), LIVE).status is HEALTHY


# Startup -------------------------------------------------------------------------------------


@pytest.mark.semantics(61)
def test_the_start_is_latched_once_all_have_passed() -> None:
    probes = Probes()

    probes.note_start([passed("a"), failed("b")])
    before = probes.judge_start(report_of(passed("a"), failed("b")))
    probes.note_start([passed("a"), passed("b")])
    probes.note_start([failed("a"), failed("b")])
    after = probes.judge_start(report_of(failed("a")))

    assert (before.status, after.status) == (UNHEALTHY, HEALTHY)
    assert before.problem == "The checks of the start have not all passed yet."


@pytest.mark.semantics(61)
def test_no_check_at_all_is_no_start() -> None:
    probes = Probes()

    probes.note_start([])
    probes.note_first_run(report_of())

    assert not probes.has_started
    assert probes.judge_start(report_of()).problem.startswith("No checks are registered")


@pytest.mark.semantics(61)
def test_what_is_not_meant_to_run_here_does_not_hold_it_back() -> None:
    probes = Probes()

    probes.note_start([passed(), result("a", CheckVerdict.SKIPPED, ending=Ending.NOT_MEANT)])

    assert probes.has_started


@pytest.mark.semantics(61)
def test_what_is_not_critical_does_not_hold_it_back() -> None:
    probes = Probes()

    probes.note_start([failed(critical=False)])

    assert probes.has_started


@pytest.mark.semantics(61)
@pytest.mark.parametrize("ending", [Ending.QUEUED, Ending.UNFINISHED, Ending.BLOCKED])
def test_what_is_not_known_yet_holds_it_back(ending: Ending) -> None:
    probes = Probes()
    unknown = result("a", CheckVerdict.FAILED, critical=False, ending=ending)

    probes.note_start([passed(), unknown])

    assert not probes.has_started


@pytest.mark.semantics(61)
def test_without_checks_of_its_own_a_first_run_of_all_is_the_start() -> None:
    probes = Probes()

    probes.note_first_run(report_of(failed()))

    assert probes.has_started


@pytest.mark.semantics(9, 61)
def test_before_the_first_round_in_the_background_there_is_no_start() -> None:
    probes = Probes()

    probes.note_first_run(report_of(result("a", CheckVerdict.ERROR, ending=Ending.QUEUED)))

    assert not probes.has_started


@pytest.mark.semantics(61)
def test_a_configuration_that_cannot_be_read_is_no_start() -> None:
    probes = Probes()
    broken = result("allgreen:config", CheckVerdict.ERROR, ending=Ending.MISCONFIGURED)

    probes.note_first_run(report_of(passed(), broken))

    assert not probes.has_started


# Readiness -----------------------------------------------------------------------------------


@pytest.mark.semantics(9, 61)
def test_before_the_first_run_nothing_is_known() -> None:
    assert Probes().judge_ready(report_of(), report_of()).status is UNHEALTHY
    assert Probes().judge_ready(report_of(passed()), report_of()).status is UNHEALTHY


@pytest.mark.semantics(9, 61)
def test_readiness_follows_the_checks_that_were_opted_in(started: Probes) -> None:
    assert started.judge_ready(report_of(passed("a")), report_of()).status is HEALTHY
    assert started.judge_ready(report_of(passed("a"), failed("b")), report_of()).status is UNHEALTHY
    assert (
        started.judge_ready(report_of(failed("b", critical=False)), report_of()).status is DEGRADED
    )


@pytest.mark.semantics(9, 61)
def test_readiness_without_any_check_says_so(started: Probes) -> None:
    report = started.judge_ready(report_of(), report_of())

    assert (report.status, report.problem) == (HEALTHY, "No check has a say here.")


@pytest.mark.semantics(9, 61)
def test_what_was_not_opted_in_is_seen_as_degraded(started: Probes) -> None:
    known = report_of(passed("a"), failed("shared"))

    report = started.judge_ready(report_of(passed("a")), known)

    assert report.status is DEGRADED
    assert [(each.name, each.status, each.is_stale) for each in report.results] == [
        ("a", HEALTHY, False),
        ("shared", DEGRADED, True),
    ]


@pytest.mark.semantics(9, 61)
def test_what_was_opted_in_is_said_once(started: Probes) -> None:
    report = started.judge_ready(report_of(passed("a")), report_of(failed("a")))

    assert (report.status, len(report.results)) == (HEALTHY, 1)


@pytest.mark.semantics(9, 61)
@pytest.mark.parametrize("ending", [Ending.QUEUED, Ending.STALE])
def test_what_nobody_looked_at_lately_is_not_shown(started: Probes, ending: Ending) -> None:
    known = report_of(result("shared", CheckVerdict.FAILED, ending=ending))

    assert started.judge_ready(report_of(passed("a")), known).status is HEALTHY


@pytest.mark.semantics(62)
def test_a_process_that_stops_is_not_ready_at_once(started: Probes) -> None:
    assert started.report_without_running() is None

    started.is_draining = True

    report = started.report_without_running()
    assert report is not None
    assert report.status is UNHEALTHY
    assert report.problem == "This process is about to stop, and takes no new requests."
