"""Checks of which nothing is known, by a fault of our own: said once, and tried again later."""

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta

from allgreen.domain.check import ParkedReason, Slot
from allgreen.domain.commands import ParkChecks
from allgreen.domain.events import Event
from allgreen.domain.identity import CheckId
from allgreen.domain.service import Observed, Service
from allgreen.errors import StorageError
from allgreen.monitoring.bus import Turn

logger = logging.getLogger(__name__)

PARKED_FOR = timedelta(minutes=5)
"""When a check that is parked is run again; twice as late each time."""

PARKED_AT_MOST = timedelta(hours=1)


def park(
    service: Service, check_id: CheckId, at: datetime, reason: ParkedReason
) -> tuple[Observed, Slot]:
    """Know nothing of a check from `at` on; return what follows, and when to try it again."""
    observed = service.park(check_id, at, reason)
    tries = observed.service.check(check_id).state.blind
    again_at = at + min(PARKED_FOR * 2 ** (tries - 1), PARKED_AT_MOST)
    return observed, Slot(at=again_at, due_at=again_at)


async def park_checks(command: ParkChecks, turn: Turn) -> None:
    """Know nothing of some checks that cannot be run until they can be, and say so once."""
    asked = set(command.check_ids)
    for service in await turn.uow.services.list_of_checks(command.check_ids):
        check_ids = [check.id for check in service.checks if check.id in asked]
        try:
            async with turn.part():
                await _park_all(service, check_ids, command.at, turn)
        except StorageError:
            raise
        except Exception:  # one poisoned service must not keep the others from being parked
            logger.exception("Checks of service %s could not be parked", service.id)


async def _park_all(
    service: Service, check_ids: Iterable[CheckId], at: datetime, turn: Turn
) -> None:
    events: list[Event] = []
    slots: dict[CheckId, Slot] = {}
    for check_id in check_ids:
        observed, slots[check_id] = park(service, check_id, at, ParkedReason.DAMAGED)
        service = observed.service
        events += observed.events
    await turn.uow.services.save_states([service])
    turn.know(service)
    await turn.tell(*events)
    await turn.uow.checks.plan_many(slots)
