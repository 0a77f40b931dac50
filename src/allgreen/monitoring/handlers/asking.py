"""Asking at once: checks that run before their next slot, because something around them changed."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from allgreen.domain.check import Check, Slot
from allgreen.domain.identity import ServiceId
from allgreen.ports import UnitOfWork

APART = timedelta(seconds=1)
"""However often somebody asks, a target is asked once a second: it is not ours to be flooded."""


async def ask_now(checks: Iterable[Check], at: datetime, uow: UnitOfWork) -> None:
    """Plan a run of each check at once.

    One whose failure is being confirmed keeps its re-probe instead, and one that is being run its
    run: to begin anew would throw away what that run is about to find.
    """
    listed = list(checks)
    running = await uow.checks.running([check.id for check in listed], now=at)
    free = await not_confirming(listed, uow)
    await plan_soon([check for check in free if check.id not in running], at, uow)


async def ask_by(checks: Iterable[Check], by: datetime, uow: UnitOfWork) -> None:
    """See to it that each check is run by then, if its next run is later."""
    plans = await uow.checks.plans([check.id for check in checks])
    late = [check_id for check_id, plan in plans.items() if plan.slot.due_at > by]
    await uow.checks.plan_many({check_id: Slot(at=by, due_at=by) for check_id in late})


async def plan_soon(checks: Iterable[Check], at: datetime, uow: UnitOfWork) -> None:
    """Plan a run at once; many who ask in the same second get one run together.

    To be called before leases are revoked, which tell what has begun.
    """
    listed = list(checks)
    ids = [check.id for check in listed]
    plans, running = await uow.checks.plans(ids), await uow.checks.running(ids, now=at)
    begun = {each: plan.slot.due_at for each, plan in plans.items() if each in running}
    soon = {each: plan.slot.due_at for each, plan in plans.items() if plan.slot.due_at > at}
    due = {
        check.id: _soonest(check, begun.get(check.id), soon.get(check.id), at) for check in listed
    }
    await uow.checks.plan_many({each: Slot(at=when, due_at=when) for each, when in due.items()})


async def ask_upstream(service_ids: Iterable[ServiceId], at: datetime, uow: UnitOfWork) -> None:
    """Ask what failing services depend on: people should hear of the root and not of its fruits."""
    upstream = await uow.services.list_upstream(service_ids)
    await ask_now([check for service in upstream for check in service.checks], at, uow)


async def ask_downstream(service_ids: Iterable[ServiceId], at: datetime, uow: UnitOfWork) -> None:
    """Ask those that were quiet for services which hold again: still down is news now."""
    downstream = await uow.services.list_downstream(service_ids)
    waiting = [each for each in downstream if each.incident is not None and each.incident.quiet]
    await ask_now([check for service in waiting for check in service.checks], at, uow)


def _soonest(
    check: Check, begun_at: datetime | None, due_at: datetime | None, at: datetime
) -> datetime:
    """Return now, or a second after the run that began last; one that comes by then stays."""
    last = begun_at or (check.state.last.slot if check.state.last else None)
    soonest = at if last is None or not at - APART < last <= at else last + APART
    return max(soonest, due_at) if due_at is not None and due_at <= at + APART else soonest


async def not_confirming(checks: Iterable[Check], uow: UnitOfWork) -> list[Check]:
    """Return those of some checks whose next run is not a quick re-probe."""
    planned = [(check, await uow.checks.planned(check.id)) for check in checks]
    return [check for check, slot in planned if slot is None or slot.attempt == 1]
