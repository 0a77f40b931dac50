"""What each kind of notice says."""

from datetime import timedelta
from typing import Any

import pytest

from allgreen.domain.notice import NoticeKind
from allgreen.domain.status import DayGrade
from allgreen.notifiers.letters import write_letter
from allgreen.notifiers.stationery import LATE_AFTER, LetterLinks, Row
from tests.letters import AT, LINKS, a_letter, a_notice

OF_A_LIST = (
    NoticeKind.DOWN,
    NoticeKind.UP,
    NoticeKind.PAUSED,
    NoticeKind.RECONFIGURED,
    NoticeKind.DELETED,
)


def test_down_says_what_failed_and_what_happens_next() -> None:
    letter = a_letter(NoticeKind.DOWN)

    assert letter.subject == "Payments webhook is down"
    assert letter.status == "Down since 23:18 UTC"
    assert letter.paragraphs == (
        (
            "It answered 503 instead of 202, three times in a row. "
            "We check again every minute and write once more when it holds."
        ),
    )
    assert letter.preview == (
        "It answered 503 instead of 202 at 23:18 UTC. We check again every minute."
    )
    assert [row.label for row in letter.rows] == [
        *("Expected", "Got", "Request", "Workspace", "Also told"),
    ]
    assert letter.rows[-1] == Row(label="Also told", value="2 others")


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"attempts": 1}, "It answered 503 instead of 202. We check"),
        ({"message": "Answered 503 instead of 202."}, "It answered 503 instead of 202, three"),
        ({"attempts": 0, "message": ""}, "It failed: 503 instead of 202. We check"),
        ({"attempts": 0, "message": "", "reason": ""}, "It failed its check. We check"),
        ({"message": "It broke off. Twice"}, "It broke off. Twice. That happened three times"),
    ],
    ids=["seen once", "a headline", "only a reason", "nothing known", "two sentences"],
)
def test_down_makes_a_sentence_of_what_is_known(facts: dict[str, Any], said: str) -> None:
    assert a_letter(**facts).paragraphs[0].startswith(said)


def test_down_without_a_period_still_promises_to_check() -> None:
    assert "We keep checking and write" in a_letter(period="").paragraphs[0]


def test_up_says_how_long_it_lasted() -> None:
    letter = a_letter(NoticeKind.UP, sent=AT + timedelta(minutes=2))

    assert letter.subject == "Payments webhook holds again after 12 min 26 s"
    assert letter.paragraphs == (
        "It was down for 12\u00a0min 26\u00a0s, from 23:18 to 23:30 UTC.",
    )
    assert letter.tone == "up"


def test_up_without_a_duration_says_what_it_knows() -> None:
    letter = a_letter(NoticeKind.UP, duration_s=None)

    assert letter.subject == "Payments webhook holds again"
    assert letter.paragraphs[0].startswith("It was down, from 23:18 to")


def test_up_does_not_hide_that_it_is_slow() -> None:
    assert "slower than you asked for" in a_letter(NoticeKind.UP, health="degraded").paragraphs[0]


@pytest.mark.parametrize(
    ("kind", "subject"),
    [
        (NoticeKind.PAUSED, "Payments webhook is paused"),
        (NoticeKind.RECONFIGURED, "The check of Payments webhook was changed"),
        (NoticeKind.DELETED, "Payments webhook is no longer watched"),
        (NoticeKind.BLOCKED, "Payments webhook cannot be checked"),
        (NoticeKind.CONFIRM_RECIPIENT, "Be told about Payments webhook?"),
        (NoticeKind.VERIFY_EMAIL, "Is this your address?"),
    ],
)
def test_each_kind_has_its_own_subject(kind: NoticeKind, subject: str) -> None:
    assert a_letter(kind).subject == subject


@pytest.mark.parametrize("kind", [NoticeKind.PAUSED, NoticeKind.RECONFIGURED, NoticeKind.DELETED])
def test_an_end_by_people_says_since_when_it_was_down(kind: NoticeKind) -> None:
    letter = a_letter(kind)

    assert letter.paragraphs[0].startswith("It was down since 23:18 UTC. ")
    assert letter.status.endswith(" at 23:30 UTC")


def test_a_deleted_service_cannot_be_opened() -> None:
    assert a_letter(NoticeKind.DELETED).button_url == ""


@pytest.mark.parametrize("kind", OF_A_LIST)
def test_who_is_on_the_list_can_leave_it(kind: NoticeKind) -> None:
    assert a_letter(kind).leave_url == LINKS.leave


def test_who_looks_after_a_workspace_cannot_leave_by_mail() -> None:
    assert a_letter(NoticeKind.BLOCKED).leave_url == ""


@pytest.mark.parametrize("kind", OF_A_LIST)
def test_late_mail_says_when_it_happened_and_that_it_is_late(kind: NoticeKind) -> None:
    letter = a_letter(kind, sent=AT + timedelta(hours=6))

    assert letter.paragraphs[-1] == (
        "This mail is late: it is about 23:18 UTC on 17\u00a0April and was sent at 05:18 UTC."
    )


@pytest.mark.parametrize(
    ("kind", "subject"),
    [
        (NoticeKind.DOWN, "Late: Payments webhook is down since 23:18 UTC"),
        (NoticeKind.UP, "Late: Payments webhook holds again after 12 min 26 s"),
    ],
)
def test_late_mail_says_so_on_the_lock_screen(kind: NoticeKind, subject: str) -> None:
    assert a_letter(kind, sent=AT + LATE_AFTER).subject == subject


def test_mail_in_time_does_not_speak_of_lateness() -> None:
    letter = a_letter(sent=AT + LATE_AFTER - timedelta(seconds=1))

    assert not letter.subject.startswith("Late")
    assert len(letter.paragraphs) == 1


def test_who_joined_during_the_outage_is_told_why_now() -> None:
    assert a_letter(late=True).paragraphs[-1] == (
        "You are told now because you joined the list while it was down."
    )


def test_times_are_those_of_the_workspace() -> None:
    assert a_letter(zone="Europe/Rome").status == "Down since 01:18 CEST"


def test_a_zone_that_this_machine_lacks_does_not_keep_the_mail_back() -> None:
    assert a_letter(zone="Mars/Olympus").status == "Down since 23:18 UTC"


def test_a_grade_of_a_newer_release_is_shown_as_no_data() -> None:
    assert a_letter(strip14="uz").strip == (DayGrade.FULL, DayGrade.NONE)


def test_a_stranger_is_asked_without_a_link_in_the_names() -> None:
    letter = a_letter(NoticeKind.CONFIRM_RECIPIENT, service_name="evil.example")

    assert all("evil.e" not in text for text in (letter.subject, *letter.paragraphs))
    assert letter.button_url == LINKS.act


def test_nameless_facts_still_make_a_letter() -> None:
    letter = write_letter(
        a_notice(service_name="", workspace_name="\u202e"), LetterLinks(), host="", now=AT
    )

    assert letter.headline == "A service is down."
    assert "Workspace" not in [row.label for row in letter.rows]


def test_blocked_without_a_reason_still_says_what_to_do() -> None:
    letter = a_letter(NoticeKind.BLOCKED, message="", reason="")

    assert letter.paragraphs[0].startswith("Its address is not allowed. Until its address changes")
