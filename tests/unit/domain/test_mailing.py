"""Which messages go now, which go as one, and which wait to be gathered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from allgreen.domain.identity import IncidentId, OutboxId, RecipientId, ServiceId, WorkspaceId
from allgreen.domain.mailing import (
    PACE,
    Lately,
    Pace,
    Plan,
    Waiting,
    compose,
    is_digest,
    order_of,
    plan,
)
from allgreen.domain.notice import ENDS, UNPACED, Notice, NoticeKind
from allgreen.testing import MINUTE, NOON, WORKSPACE, a_notice

MARA, OLA = "mara@example.org", "ola@example.org"
SOON = NOON + PACE.gather


def a_row(
    name: str,
    kind: NoticeKind = NoticeKind.DOWN,
    *,
    service: str | None = None,
    incident: str | None = "",
    to: str = MARA,
    batch: str | None = None,
    is_unsure: bool = False,
) -> Notice:
    """Return a row about an incident of a service of its own."""
    service = service or f"service of {name}"
    incident = f"incident of {service}" if incident == "" else incident
    return replace(
        a_notice(kind, id=OutboxId(name), key=f"key of {name}", address=to, fence=0),
        service_id=ServiceId(service),
        incident_id=None if incident is None else IncidentId(incident),
        recipient_id=RecipientId(to),
        batch=batch,
        is_unsure=is_unsure,
    )


def plan_for_mara(
    due: Sequence[Notice], lately: Lately | None = None, *, limit: int = 100, pace: Pace = PACE
) -> Plan:
    return plan(due, {(MARA, WORKSPACE): lately or Lately()}, now=NOON, pace=pace, limit=limit)


def going(decided: Plan) -> list[list[str]]:
    return [[row.id for row in rows] for rows in decided.go]


def waiting(decided: Plan) -> list[str]:
    return [row.id for row in decided.wait]


def rows(count: int, *, to: str = MARA) -> list[Notice]:
    return [a_row(f"{to} {number}", to=to) for number in range(count)]


# A few go at once, the rest is gathered


def test_five_go_at_once_and_the_others_wait_for_one_digest() -> None:
    decided = plan_for_mara(rows(8))

    assert [len(one) for one in going(decided)] == [1] * 5
    assert len(decided.wait) == 3
    assert {(row.batch, row.due_at) for row in decided.wait} == {(f"digest/{MARA} 5/0", SOON)}


def test_what_went_lately_counts() -> None:
    decided = plan_for_mara(rows(3), Lately(singles=4))

    assert (len(decided.go), len(decided.wait)) == (1, 2)


def test_while_digests_go_nothing_goes_alone() -> None:
    handed_at = NOON - 2 * MINUTE

    decided = plan_for_mara(rows(1), Lately(digest_at=handed_at))

    assert decided.go == ()
    assert [row.due_at for row in decided.wait] == [handed_at + PACE.window]


def test_what_comes_later_joins_the_digest_that_waits() -> None:
    waits = Waiting(key="digest/1/0", due_at=NOON + MINUTE / 2, size=7)

    decided = plan_for_mara(rows(1), Lately(singles=5, waiting=waits))

    assert [(row.batch, row.due_at) for row in decided.wait] == [(waits.key, waits.due_at)]


def test_what_is_due_together_with_the_digest_goes_with_it() -> None:
    gathered = a_row("gathered", batch="digest/1/0")
    waits = Waiting(key="digest/1/0", due_at=NOON, size=1)

    decided = plan_for_mara([gathered, a_row("new")], Lately(waiting=waits))

    assert going(decided) == [["gathered", "new"]]
    assert waiting(decided) == ["new"]


def test_a_digest_that_is_full_is_followed_by_another_a_window_later() -> None:
    waits = Waiting(key="digest/1/0", due_at=SOON, size=2)

    decided = plan_for_mara(rows(2), Lately(singles=5, waiting=waits), pace=Pace(most=3))

    first, second = decided.wait
    assert (first.batch, first.due_at) == (waits.key, SOON)
    assert second.batch != waits.key
    assert second.due_at == SOON + PACE.window


def test_nobody_waits_for_the_storm_of_another() -> None:
    decided = plan([*rows(9), *rows(1, to=OLA)], {}, now=NOON, pace=PACE, limit=100)

    assert [f"{OLA} 0"] in going(decided)


def elsewhere(row: Notice) -> Notice:
    """Return the same of another workspace."""
    return replace(row, workspace_id=WorkspaceId("elsewhere"))


def test_the_storm_of_a_workspace_does_not_delay_what_another_says() -> None:
    loud, other = rows(9), elsewhere(a_row("other"))
    stormed = Lately(singles=5, digest_at=NOON)

    at_once = plan_for_mara([*loud, other])
    later = plan_for_mara([*loud, other], stormed)

    assert ["other"] in going(at_once)
    assert going(later) == [["other"]]


def test_a_digest_tells_of_one_workspace() -> None:
    due = [*rows(7), *map(elsewhere, (a_row(f"other {number}") for number in range(7)))]

    decided = plan_for_mara(due)

    told = {(row.batch, row.workspace_id) for row in decided.wait}
    assert len(told) == len({batch for batch, _ in told}) == 2


@pytest.mark.parametrize("kind", sorted(UNPACED))
def test_what_somebody_waits_for_is_never_gathered(kind: NoticeKind) -> None:
    storm = Lately(
        singles=5, digest_at=NOON, waiting=Waiting(key="digest/1/0", due_at=NOON, size=1)
    )

    decided = plan_for_mara([a_row("asked", kind)], storm)

    assert going(decided) == [["asked"]]


def test_a_pace_is_scaled_with_all_delays() -> None:
    assert PACE.scaled(0.1) == Pace(window=MINUTE / 2, gather=MINUTE / 10)


# Order


def test_everybodys_first_goes_before_anybodys_second() -> None:
    due = [*rows(3), *rows(2, to=OLA)]

    decided = plan(due, {}, now=NOON, pace=PACE, limit=3)

    assert going(decided) == [[f"{MARA} 0"], [f"{OLA} 0"], [f"{MARA} 1"]]


def test_what_is_left_over_by_the_limit_is_not_gathered() -> None:
    assert plan_for_mara(rows(5), limit=1).wait == ()


def test_a_later_incident_of_the_same_service_waits_for_the_earlier() -> None:
    due = [a_row("1", service="a"), a_row("2", service="a", incident="later")]

    decided = plan_for_mara(due)

    assert going(decided) == [["1"]]
    assert decided.wait == ()


def test_what_is_gathered_stays_in_order_with_its_service() -> None:
    due = [
        a_row("down", service="a"),
        a_row("up", NoticeKind.UP, service="a"),
        a_row("again", service="a", incident="later"),
    ]

    decided = plan_for_mara(due, Lately(singles=5))

    assert waiting(decided) == ["down", "up", "again"]
    assert len({row.batch for row in decided.wait}) == 1


def test_nothing_overtakes_a_full_digest_of_its_service() -> None:
    due = [a_row("1", service="a"), a_row("2", service="a", incident="later")]

    decided = plan_for_mara(due, Lately(singles=5), pace=Pace(most=1))

    assert waiting(decided) == ["1"]


def test_nothing_joins_a_digest_that_may_have_arrived() -> None:
    sent = a_row("sent", service="a", batch="digest/1/0", is_unsure=True)

    decided = plan_for_mara([sent, a_row("up", NoticeKind.UP, service="a")])

    assert going(decided) == [["sent"]]
    assert decided.wait == ()


def test_rows_without_a_service_or_a_recipient_keep_no_order() -> None:
    alone = [
        replace(a_row("1"), service_id=None),
        replace(a_row("2"), recipient_id=None),
    ]

    assert [order_of(row) for row in alone] == [("1",), ("2",)]


# What is over goes with its end


@pytest.mark.parametrize("end", sorted(ENDS))
def test_an_outage_that_is_over_goes_with_its_end(end: NoticeKind) -> None:
    due = [
        a_row("down", service="a"),
        a_row("still", NoticeKind.REMINDER, service="a"),
        a_row("end", end, service="a"),
        a_row("next", service="a", incident="later"),
    ]

    decided = plan_for_mara(due)

    assert going(decided) == [["down", "still", "end"]]
    assert [row.batch for row in decided.bound] == ["key of end"] * 3


def test_an_outage_that_lasts_goes_alone() -> None:
    due = [a_row("down", service="a"), a_row("still", NoticeKind.REMINDER, service="a")]

    assert going(plan_for_mara(due)) == [["down"]]


def test_the_end_of_another_incident_is_not_its_end() -> None:
    due = [a_row("down", service="a"), a_row("up", NoticeKind.UP, service="a", incident="other")]

    assert going(plan_for_mara(due)) == [["down"]]


def test_an_end_begins_nothing() -> None:
    due = [a_row("up", NoticeKind.UP, service="a"), a_row("paused", NoticeKind.PAUSED, service="a")]

    assert going(plan_for_mara(due)) == [["up"]]


@pytest.mark.parametrize("unsure", ["down", "up"])
def test_what_may_have_arrived_goes_again_alone(unsure: str) -> None:
    due = [
        a_row(name, kind, service="a", is_unsure=name == unsure)
        for name, kind in (("down", NoticeKind.DOWN), ("up", NoticeKind.UP))
    ]

    assert going(plan_for_mara(due)) == [["down"]]


def test_what_may_have_arrived_as_one_goes_again_as_one() -> None:
    due = [
        a_row("down", service="a", batch="key of up", is_unsure=True),
        a_row("up", NoticeKind.UP, service="a", is_unsure=True),
    ]

    assert going(plan_for_mara(due, Lately(singles=5))) == [["down", "up"]]


# Composing


def test_one_row_is_its_own_message() -> None:
    assert compose([a_row("down")]) == a_row("down")


def test_merged_rows_go_under_the_key_of_the_end() -> None:
    down = a_row("down", service="a", batch="key of up")
    up = a_row("up", NoticeKind.UP, service="a")

    message = compose([down, up])

    assert (message.key, message.kind, message.rows) == (up.key, NoticeKind.UP, (down, up))
    assert message.message_id("a.example") == up.message_id("a.example")


def test_a_begin_whose_end_was_withdrawn_is_itself_again() -> None:
    down = a_row("down", batch="key of up")

    assert compose([down]) == down


def test_a_digest_has_a_key_of_its_own_and_the_first_incident() -> None:
    asked = a_row("1", incident=None, batch="digest/1/0")
    down = replace(a_row("2", batch="digest/1/0"), attempt=3, created_at=NOON - MINUTE)

    message = compose([asked, down])

    assert (message.kind, message.key) == (NoticeKind.DIGEST, "digest/1/0")
    assert message.event == f"{down.incident_id}/digest"
    assert (message.attempt, message.created_at) == (3, NOON - MINUTE)
    assert (message.service_id, message.recipient_id) == (None, None)


# All of it


@given(st.lists(st.tuples(st.integers(0, 3), st.booleans(), st.sampled_from([MARA, OLA]))))
def test_each_row_goes_or_waits_at_most_once_and_in_order(
    drawn: list[tuple[int, bool, str]],
) -> None:
    due = [
        a_row(str(at), NoticeKind.UP if is_up else NoticeKind.DOWN, service=f"s{service}", to=to)
        for at, (service, is_up, to) in enumerate(drawn)
    ]

    decided = plan(due, {}, now=NOON, pace=Pace(singles=2, most=3), limit=100)

    went = [row.id for message in decided.go for row in message]
    touched = [*went, *(row.id for row in decided.wait if row.id not in went)]
    assert len(touched) == len(set(touched))
    for chain in {order_of(row) for row in due}:
        of_chain = [row.id for row in due if order_of(row) == chain]
        taken = [row_id for row_id in of_chain if row_id in touched]
        assert taken == of_chain[: len(taken)]
    assert sum(not is_digest(message[0].batch) for message in decided.go) <= 4
    assert all(row.due_at - NOON <= PACE.window + timedelta(hours=1) for row in decided.wait)
