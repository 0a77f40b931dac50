"""What each kind of notice says."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from allgreen.domain.identity import OutboxId
from allgreen.domain.mailing import compose
from allgreen.domain.notice import Notice, NoticeKind
from allgreen.domain.status import DayGrade
from allgreen.notifiers.letters import write_letter
from allgreen.notifiers.stationery import LATE_AFTER, LetterLinks, Row
from tests.letters import AT, LINKS, a_digest, a_letter, a_letter_of, a_notice

OF_A_LIST = (
    NoticeKind.DOWN,
    NoticeKind.REMINDER,
    NoticeKind.UP,
    NoticeKind.FLAPPING,
    NoticeKind.STEADY,
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
    assert letter.paragraphs == ("It was down for 12\u00a0min 26\u00a0s, from 23:18 to 23:30 UTC.",)
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
        (NoticeKind.PARKED, "What is known of Payments webhook is on hold"),
        (NoticeKind.OFFLINE, "Allgreen checked nothing from 23:18 to 23:30 UTC"),
        (NoticeKind.CONFIRM_RECIPIENT, "Be told about Payments webhook?"),
        (NoticeKind.VERIFY_EMAIL, "Is this your address?"),
    ],
)
def test_each_kind_has_its_own_subject(kind: NoticeKind, subject: str) -> None:
    assert a_letter(kind).subject == subject


@pytest.mark.parametrize(
    "message",
    ["Allgreen could not evaluate what it found.", "Allgreen could not run a check."],
    ids=["evaluated", "run"],
)
def test_what_is_on_hold_says_why(message: str) -> None:
    letter = a_letter(NoticeKind.PARKED, message=message)

    assert letter.preview == message
    assert letter.paragraphs[0] == f"{message} Until that works, nobody is told whether it holds."


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


def test_a_member_who_is_told_no_more_is_named_as_a_person_and_without_a_link() -> None:
    letter = a_letter(NoticeKind.RECIPIENT_LOST, address="Bo www.evil.example")

    said = (letter.subject, letter.headline, *(row.value for row in letter.rows))
    assert all("evil.e" not in text for text in said)
    assert letter.rows[0].label == "Person"


def test_a_new_role_is_told_in_sentences() -> None:
    letter = a_letter(NoticeKind.ROLE_CHANGED, role="admin", actor="Bo")

    assert letter.subject == "You are an admin of Nordlys Commerce now"
    assert letter.preview.startswith("You create, edit, pause and delete services")


def test_nameless_facts_still_make_a_letter() -> None:
    letter = write_letter(
        a_notice(service_name="", workspace_name="\u202e"), LetterLinks(), host="", now=AT
    )

    assert letter.headline == "A service is down."
    assert "Workspace" not in [row.label for row in letter.rows]


def test_blocked_without_a_reason_still_says_what_to_do() -> None:
    letter = a_letter(NoticeKind.BLOCKED, message="", reason="")

    assert letter.paragraphs[0].startswith("Its address is not allowed. Until its address changes")


# In between ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (("Checkout",), "1 service depends on it and is down with it: Checkout."),
        (("A", "B", "C"), "3 services depend on it and are down with it: A, B and C."),
    ],
    ids=["one", "three"],
)
@pytest.mark.parametrize("kind", [NoticeKind.DOWN, NoticeKind.REMINDER])
def test_what_is_down_with_it_is_named(kind: NoticeKind, names: tuple[str, ...], said: str) -> None:
    assert a_letter(kind, affected=names).paragraphs[-1] == said


@pytest.mark.parametrize(
    ("count", "said"),
    [
        (1, "1 service depends on it and is down with it."),
        (3, "3 services depend on it and are down with it."),
    ],
)
@pytest.mark.parametrize("kind", [NoticeKind.DOWN, NoticeKind.REMINDER])
def test_what_is_down_with_it_is_counted_for_strangers(
    kind: NoticeKind, count: int, said: str
) -> None:
    assert a_letter(kind, affected_count=count).paragraphs[-1] == said


@pytest.mark.parametrize(
    ("duration_s", "subject"),
    [
        (7200.0, "Payments webhook is still down, 2 h"),
        (None, "Payments webhook is still down"),
    ],
    ids=["for two hours", "for a while"],
)
def test_a_reminder_says_for_how_long(duration_s: float | None, subject: str) -> None:
    letter = a_letter(NoticeKind.REMINDER, duration_s=duration_s)

    assert letter.subject == subject
    assert "It answered 503 instead of 202. We check again" in letter.paragraphs[0]


@pytest.mark.parametrize(
    ("minutes", "subject"),
    [
        (0, "Payments webhook goes up and down"),
        (60, "Payments webhook still goes up and down"),
    ],
    ids=["first", "summary"],
)
def test_flapping_is_told_once_and_then_summed_up(minutes: int, subject: str) -> None:
    began_at = AT - timedelta(minutes=minutes)

    letter = a_letter(NoticeKind.FLAPPING, turns=6, health="down", began_at=began_at)

    assert letter.subject == subject
    assert letter.paragraphs[0].endswith("6 times within the last hour. Just now it is down.")


@pytest.mark.parametrize(
    ("health", "subject", "said"),
    [
        ("up", "Payments webhook is steady again", "not turned for a while."),
        ("degraded", "Payments webhook is steady again", "slower than you asked for."),
        ("down", "Payments webhook is down and stays down", "a mail when it holds again."),
    ],
)
def test_steady_says_what_lasts(health: str, subject: str, said: str) -> None:
    letter = a_letter(NoticeKind.STEADY, health=health)

    assert letter.subject == subject
    assert letter.paragraphs[0].endswith(said)


# For who looks after things ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("incidents", "about"), [(1, "about Payments webhook"), (23, "about 23 incidents")]
)
def test_admins_read_who_could_not_be_told_and_why(incidents: int, about: str) -> None:
    letter = a_letter(
        NoticeKind.UNDELIVERED, address="bo@example.net", reason="550 no", incidents=incidents
    )

    assert letter.subject == "A mail to bo@example.net was given up"
    assert letter.paragraphs[0] == f"It was {about}, and nobody reads it there. 550 no."
    assert letter.leave_url == ""


def test_who_runs_allgreen_reads_when_nothing_was_checked() -> None:
    letter = a_letter(NoticeKind.OFFLINE, reason="its own network was down")

    assert letter.paragraphs[0] == (
        "Nothing was checked from 23:18 to 23:30 UTC (12\u00a0min 26\u00a0s), "
        "because its own network was down."
    )


def test_who_runs_allgreen_reads_that_nothing_is_checked() -> None:
    letter = a_letter(NoticeKind.OFFLINE, began_at=AT - timedelta(minutes=5), ended_at=None)

    assert letter.subject == "Allgreen checks nothing since 23:13 UTC"
    assert "Nothing was checked from 23:13 to 23:18 UTC" in letter.paragraphs[0]
    assert "ALLGREEN_CANARIES" in letter.paragraphs[1]


# Several in one ------------------------------------------------------------------------------------


def _merged(**down: Any) -> Notice:
    end = a_notice(NoticeKind.UP)
    return compose([replace(a_notice(), batch=end.key, **down), end])


def test_what_was_over_before_it_could_be_told_is_told_as_one() -> None:
    letter = a_letter_of(_merged())

    assert letter.subject == "Payments webhook was down from 23:18 to 23:30 UTC"
    assert letter.paragraphs[0].startswith("It was down for 12\u00a0min 26\u00a0s, from 23:18 to")
    assert letter.leave_url == LINKS.leave


def test_a_late_mail_says_that_the_mail_server_was_the_reason() -> None:
    letter = a_letter_of(_merged(failed_at=AT), sent=AT + timedelta(hours=6))

    assert letter.subject.startswith("Late: Payments webhook was down from 23:18 to 23:30 UTC on")
    assert letter.paragraphs[-1].endswith(
        "The mail server did not take it from 23:18 UTC on 17\u00a0April to 05:18 UTC."
    )


def test_a_digest_names_each_with_what_became_of_it() -> None:
    letter = a_letter_of(
        a_digest(
            [
                a_notice(NoticeKind.UP, service_name="Search"),
                a_notice(service_name="Checkout"),
                a_notice(NoticeKind.STEADY, service_name="Shop", health="down"),
                a_notice(NoticeKind.PAUSED, service_name="Blog"),
            ]
        )
    )

    assert letter.subject == "2 services are down: Checkout and Shop"
    assert letter.headline == "2 services are down, 1 holds again and 1 other message."
    assert letter.preview == (
        "Also 1 holds again and 1 other message. "
        "Checkout: down since 23:18 UTC. It answered 503 instead of 202."
    )
    assert [(line.tone, line.name, line.text) for line in letter.lines] == [
        ("down", "Checkout", "down since 23:18 UTC. It answered 503 instead of 202."),
        ("down", "Shop", "is steady again: down."),
        ("up", "Search", "holds again after 12\u00a0min 26\u00a0s, since 23:30 UTC."),
        ("quiet", "Blog", "was paused at 23:30 UTC."),
    ]
    assert {(line.url, line.leave_url) for line in letter.lines} == {(LINKS.open, LINKS.leave)}


def test_a_digest_says_why_something_is_on_hold() -> None:
    parked = a_notice(
        NoticeKind.PARKED, service_name="Search", message="Allgreen could not run a check."
    )

    letter = a_letter_of(a_digest([parked, a_notice(service_name="Checkout")]))

    assert letter.lines[-1].text == "on hold since 23:18 UTC. Allgreen could not run a check."


def test_a_digest_names_its_workspace_and_what_its_button_leaves() -> None:
    parts = [a_notice(service_name=name, workspace_name="Nordlys") for name in ("Shop", "Blog")]
    nameless = replace(parts[0], facts={**parts[0].facts, "workspace_name": ""})

    letter = a_letter_of(a_digest([nameless, *parts]))

    assert letter.paragraphs[0].startswith("So much happened at once in Nordlys that it is told")
    assert letter.why == (
        "You get this because you are on the lists of these services of Nordlys."
        " If you unsubscribe in your mail program, you leave the list of Shop."
    )
    assert (letter.leave_url, letter.unsubscribe_url) == ("", LINKS.leave)


def test_a_digest_that_nobody_can_leave_says_nothing_of_leaving() -> None:
    digest = a_digest(a_notice(service_name=name, workspace_name="") for name in ("Shop", "Blog"))
    links = replace(LINKS, leave="", parts=())

    letter = write_letter(digest, links, host="allgreen.example", now=AT)

    assert letter.paragraphs[0].startswith("So much happened at once that it is told")
    assert letter.why == "You get this because you are on the lists of these services."
    assert letter.unsubscribe_url == ""


def test_a_digest_tells_begin_and_end_of_one_incident_in_one_line() -> None:
    other = replace(a_notice(service_name="Other"), id=OutboxId("x"), incident_id=None)
    both = [replace(one, batch="digest/1/0") for one in (*_merged().parts, other)]

    letter = a_letter_of(compose(both))

    assert [line.text for line in letter.lines][-1] == (
        "was down from 23:18 to 23:30 UTC and holds again."
    )


def test_a_digest_of_one_thing_reads_like_any_mail() -> None:
    letter = a_letter_of(a_digest([a_notice()]))

    assert letter.subject == "Payments webhook is down"
    assert letter.lines == ()


def test_a_digest_that_waited_for_the_mail_server_says_so() -> None:
    parts = [replace(a_notice(service_name=name), failed_at=AT) for name in "ab"]

    late = a_letter_of(a_digest(parts), sent=AT + timedelta(hours=6))
    in_time = a_letter_of(a_digest([replace(part, failed_at=None) for part in parts]))

    assert "The mail server did not take it" in late.paragraphs[-1]
    assert len(in_time.paragraphs) == 1
