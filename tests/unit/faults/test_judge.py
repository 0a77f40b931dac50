"""The judge of the runs with kills finds each kind of broken promise, and nothing else."""

import re
from dataclasses import replace

import pytest

from tests.faults.flipping import FlippingServer, Phase, Served
from tests.faults.judge import Evidence, SeenMail, SeenOutage, judge

PATH = "/service"
SOFIA = "sofia@nordlys.example"
UP, DOWN, UP_AGAIN = Phase(False, 0, 20), Phase(True, 20, 40), Phase(False, 40, 60)
INCIDENT = SeenOutage(incident="one", path=PATH, began_at=20.2, confirmed_at=20.9, ended_at=40.2)


def a_mail(*tells: str, message_id: str = "", attempt: int = 1, at: float = 25) -> SeenMail:
    return SeenMail(
        tells=tells,
        recipient=SOFIA,
        message_id=message_id or f"<{tells[-1]}>",
        attempt=attempt,
        at=at,
    )


TRUTH = Evidence(
    phases={PATH: [UP, DOWN, UP_AGAIN]},
    answers={PATH: [Served(at / 5 + 0.05, 100 <= at < 200) for at in range(300)]},
    alive=[(0, 60)],
    kept_within_s=2,
    asked_within_s=6,
    failures=3,
    recipients={PATH: SOFIA},
    reported=[INCIDENT],
    mails=[a_mail("one/1/down"), a_mail("one/1/up")],
)


def test_the_truth_breaks_no_promise() -> None:
    verdict = judge(TRUTH)

    assert verdict.faults == ()
    assert (verdict.outages, verdict.certain_outages) == (1, 1)
    assert (verdict.reported, verdict.mails, verdict.duplicates) == (1, 2, 0)


def test_a_second_copy_with_the_same_id_is_counted_and_allowed() -> None:
    copy = a_mail("one/1/down", attempt=2, at=30)

    verdict = judge(replace(TRUTH, kills=[28], mails=[TRUTH.mails[0], copy, TRUTH.mails[1]]))

    assert verdict.faults == ()
    assert (verdict.duplicates, verdict.most_duplicates_of_a_kill) == (1, 1)


AGAIN = SeenOutage(
    incident="one", number=2, path=PATH, began_at=50.2, confirmed_at=50.9, ended_at=55.2
)
TRUTH_AGAIN = replace(
    TRUTH,
    phases={PATH: [UP, DOWN, Phase(False, 40, 50), Phase(True, 50, 55), Phase(False, 55, 60)]},
    answers={
        PATH: [Served(at / 5 + 0.05, 100 <= at < 200 or 250 <= at < 275) for at in range(300)]
    },
    reported=[INCIDENT, AGAIN],
    mails=[*TRUTH.mails, a_mail("one/2/down"), a_mail("one/2/up")],
)


def test_an_incident_that_goes_on_tells_of_each_outage() -> None:
    verdict = judge(TRUTH_AGAIN)

    assert verdict.faults == ()
    assert (verdict.outages, verdict.reported, verdict.mails) == (2, 2, 4)


def test_an_end_that_nobody_had_got_is_no_news_when_it_goes_on() -> None:
    withdrawn = frozenset({"one/1/up"})
    mails = [a_mail("one/1/down"), a_mail("one/2/up")]

    assert judge(replace(TRUTH_AGAIN, mails=mails, withdrawn=withdrawn)).faults == ()


def test_who_has_got_an_end_must_hear_that_it_goes_on() -> None:
    withdrawn = frozenset({"one/1/up"})
    mails = [a_mail("one/1/down"), a_mail("one/1/up"), a_mail("one/2/up")]

    faults = judge(replace(TRUTH_AGAIN, mails=mails, withdrawn=withdrawn)).faults

    assert faults == (f"the mail one/2/down to {SOFIA} is lost",)


def test_a_late_mail_may_tell_begin_and_end_at_once() -> None:
    merged = a_mail("one/1/down", "one/1/up")

    assert judge(replace(TRUTH, mails=[merged])).faults == ()
    told_twice = judge(replace(TRUTH, mails=[a_mail("one/1/down"), merged])).faults
    assert told_twice == (f"the mail one/1/down to {SOFIA} has 2 Message-IDs",)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"reported": [], "mails": []}, "no incident tells of the outage"),
        ({"reported": [replace(INCIDENT, ended_at=None)]}, "hides that it held"),
        ({"reported": [replace(INCIDENT, began_at=10.0)]}, "began while it held"),
        ({"reported": [replace(INCIDENT, confirmed_at=20.4)]}, "too few failures"),
        (
            {"reported": [INCIDENT, replace(INCIDENT, incident="two", began_at=30.0)]},
            "2 incidents for the one outage",
        ),
        ({"mails": [a_mail("one/1/up")]}, "the mail one/1/down to sofia@nordlys.example is lost"),
        ({"mails": [a_mail("one/1/down")]}, "the mail one/1/up to sofia@nordlys.example is lost"),
        ({"mails": [*TRUTH.mails, a_mail("two/1/down")]}, "the mail two/1/down .* is untrue"),
        (
            {"mails": [*TRUTH.mails, a_mail("one/1/down", message_id="<other>")]},
            "the mail one/1/down .* has 2 Message-IDs",
        ),
        (
            {
                "mails": [
                    a_mail("one/1/down", message_id="<x>"),
                    a_mail("one/1/up", message_id="<x>"),
                ]
            },
            "two mails share",
        ),
        (
            {"mails": [a_mail("one/1/up"), a_mail("one/1/down")]},
            "in the wrong order: one/1/up, one/1/down",
        ),
        ({"mails": [*TRUTH.mails, a_mail("one/1/up")]}, "are numbered \\[1, 1\\]"),
        ({"mails": [*TRUTH.mails, a_mail("one/1/up", attempt=2)]}, "twice with no kill"),
        ({"mails": [*TRUTH.mails, replace(TRUTH.mails[0], tells=())]}, "tells of nothing"),
    ],
    ids=[
        *("missed outage", "missed recovery", "invented", "unconfirmed", "told twice"),
        *("down lost", "up lost", "mail about nothing", "second id", "shared id"),
        *("wrong order", "same attempt", "no kill", "senseless"),
    ],
)
def test_each_broken_promise_is_found(changes: dict[str, list[object]], said: str) -> None:
    evidence = replace(TRUTH, **changes)  # type: ignore[arg-type]  # a table of any field

    assert any(re.search(said, fault) for fault in judge(evidence).faults)


def test_an_incident_may_end_with_the_begin_of_the_run_that_found_it_over() -> None:
    early = replace(INCIDENT, ended_at=DOWN.end - 0.3)

    assert judge(replace(TRUTH, reported=[early])).faults == ()


def test_an_outage_of_which_the_platform_could_keep_nothing_need_not_be_told() -> None:
    evidence = replace(TRUTH, alive=[(0, 22), (39.5, 60)], reported=[], mails=[])

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
