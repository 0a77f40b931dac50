"""Asking at once: checks that run before their next slot, because something around them changed."""

from collections.abc import Iterable
from datetime import datetime

from allgreen.domain.check import Check, Slot
from allgreen.domain.identity import ServiceId
from allgreen.ports import UnitOfWork


async def ask_now(checks: Iterable[Check], at: datetime, uow: UnitOfWork) -> None:
    """Plan a run of each check at once.

    One whose failure is being confirmed keeps its re-probe instead, and one that is being run its
    run: to begin anew would throw away what that run is about to find.
    """
    listed = list(checks)
    running = await uow.checks.running([check.id for check in listed], now=at)
    free = await not_confirming(listed, uow)
    slot = Slot(at=at, due_at=at)
    await uow.checks.plan_many({check.id: slot for check in free if check.id not in running})


async def ask_upstream(service_ids: Iterable[ServiceId], at: datetime, uow: UnitOfWork) -> None:
    """Ask what failing services depend on: people should hear of the root and not of its fruits."""
    upstream = await uow.services.list_upstream(service_ids)
    await ask_now([check for service in upstream for check in service.checks], at, uow)


async def ask_downstream(service_ids: Iterable[ServiceId], at: datetime, uow: UnitOfWork) -> None:
    """Ask those that were quiet for services which hold again: still down is news now."""
    downstream = await uow.services.list_downstream(service_ids)
    waiting = [each for each in downstream if each.incident is not None and each.incident.quiet]
    await ask_now([check for service in waiting for check in service.checks], at, uow)


async def not_confirming(checks: Iterable[Check], uow: UnitOfWork) -> list[Check]:
    """Return those of some checks whose next run is not a quick re-probe."""
    planned = [(check, await uow.checks.planned(check.id)) for check in checks]
    return [check for check, slot in planned if slot is None or slot.attempt == 1]
