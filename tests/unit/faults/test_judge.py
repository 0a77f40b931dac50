"""The judge of the runs with kills finds each kind of broken promise, and nothing else."""

import re
from dataclasses import replace

import pytest

from tests.faults.flipping import FlippingServer, Phase, Served
from tests.faults.judge import Evidence, SeenIncident, SeenMail, judge

PATH = "/service"
SOFIA = "sofia@nordlys.example"
UP, DOWN, UP_AGAIN = Phase(False, 0, 20), Phase(True, 20, 40), Phase(False, 40, 60)
INCIDENT = SeenIncident(id="one", path=PATH, began_at=20.2, confirmed_at=20.9, ended_at=40.2)


def a_mail(event: str, *, message_id: str = "", attempt: int = 1) -> SeenMail:
    return SeenMail(
        event=event, recipient=SOFIA, message_id=message_id or f"<{event}>", attempt=attempt
    )


TRUTH = Evidence(
    phases={PATH: [UP, DOWN, UP_AGAIN]},
    answers={PATH: [Served(at / 5 + 0.05, 100 <= at < 200) for at in range(300)]},
    alive=[(0, 60)],
    kept_within_s=2,
    asked_within_s=6,
    failures=3,
    recipient=SOFIA,
    incidents=[INCIDENT],
    mails=[a_mail("one/down"), a_mail("one/up")],
)


def test_the_truth_breaks_no_promise() -> None:
    verdict = judge(TRUTH)

    assert verdict.faults == ()
    assert (verdict.outages, verdict.certain_outages) == (1, 1)
    assert (verdict.incidents, verdict.mails, verdict.duplicates) == (1, 2, 0)


def test_a_second_copy_with_the_same_id_is_counted_and_allowed() -> None:
    copy = a_mail("one/down", attempt=2)

    verdict = judge(replace(TRUTH, mails=[TRUTH.mails[0], copy, TRUTH.mails[1]]))

    assert verdict.faults == ()
    assert verdict.duplicates == 1


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"incidents": [], "mails": []}, "no incident tells of the outage"),
        ({"incidents": [replace(INCIDENT, ended_at=None)]}, "hides that it held"),
        ({"incidents": [replace(INCIDENT, began_at=10.0)]}, "began while it held"),
        ({"incidents": [replace(INCIDENT, confirmed_at=20.4)]}, "too few failures"),
        (
            {"incidents": [INCIDENT, replace(INCIDENT, id="two", began_at=30.0)]},
            "2 incidents for the one outage",
        ),
        ({"mails": [a_mail("one/up")]}, "the mail one/down to sofia@nordlys.example is lost"),
        ({"mails": [a_mail("one/down")]}, "the mail one/up to sofia@nordlys.example is lost"),
        ({"mails": [*TRUTH.mails, a_mail("two/down")]}, "the mail two/down .* is untrue"),
        (
            {"mails": [*TRUTH.mails, a_mail("one/down", message_id="<other>")]},
            "the mail one/down .* has 2 Message-IDs",
        ),
        (
            {"mails": [a_mail("one/down", message_id="<x>"), a_mail("one/up", message_id="<x>")]},
            "two mails share",
        ),
        ({"mails": [a_mail("one/up"), a_mail("one/down")]}, "in the wrong order: one/up, one/down"),
        ({"mails": [*TRUTH.mails, a_mail("one/up")]}, "are numbered \\[1, 1\\]"),
    ],
    ids=[
        *("missed outage", "missed recovery", "invented", "unconfirmed", "told twice"),
        *("down lost", "up lost", "mail about nothing", "second id", "shared id"),
        *("wrong order", "same attempt"),
    ],
)
def test_each_broken_promise_is_found(changes: dict[str, list[object]], said: str) -> None:
    evidence = replace(TRUTH, **changes)  # type: ignore[arg-type]  # a table of any field

    assert any(re.search(said, fault) for fault in judge(evidence).faults)


def test_an_incident_may_end_with_the_begin_of_the_run_that_found_it_over() -> None:
    early = replace(INCIDENT, ended_at=DOWN.end - 0.3)

    assert judge(replace(TRUTH, incidents=[early])).faults == ()


def test_an_outage_of_which_the_platform_could_keep_nothing_need_not_be_told() -> None:
    evidence = replace(TRUTH, alive=[(0, 22), (39.5, 60)], incidents=[], mails=[])

    assert judge(evidence).faults == ()


def test_a_platform_that_lives_and_asks_nothing_is_found() -> None:
    silent = [one for one in TRUTH.answers[PATH] if one.at < 40]

    faults = judge(replace(TRUTH, answers={PATH: silent})).faults

    assert faults == (
        f"{PATH}: not asked once in a life within the time from 40.0 to 60.0 (20.0 s)",
    )


def test_the_log_of_the_target_agrees_with_its_plan() -> None:
    server = FlippingServer(plans={PATH: [20, 40, 50]}, calm_from=55)

    phases = server.phases(PATH, 10, 70)

    assert phases == [
        Phase(False, 10, 20),
        Phase(True, 20, 40),
        Phase(False, 40, 50),
        Phase(True, 50, 55),
        Phase(False, 55, 70),
    ]
