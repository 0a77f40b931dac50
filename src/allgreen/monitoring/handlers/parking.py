"""Checks that are due and cannot be run, because what is stored of them was damaged."""

import logging
from collections.abc import Iterable
from datetime import datetime

from allgreen.domain.check import Slot
from allgreen.domain.commands import ParkChecks
from allgreen.domain.events import CheckParked, Event
from allgreen.domain.identity import CheckId
from allgreen.domain.service import PARKED_REASON, Service
from allgreen.errors import StorageError
from allgreen.monitoring.bus import Turn
from allgreen.monitoring.handlers.results import PARKED_AT_MOST, PARKED_FOR

logger = logging.getLogger(__name__)


async def park_checks(command: ParkChecks, turn: Turn) -> None:
    """Know nothing of some checks until they can be run, and say so once."""
    asked = set(command.check_ids)
    for service in await turn.uow.services.list_of_checks(command.check_ids):
        check_ids = [check.id for check in service.checks if check.id in asked]
        try:
            async with turn.part():
                await _park(service, check_ids, command.at, turn)
        except StorageError:
            raise
        except Exception:  # one poisoned service must not keep the others from being parked
            logger.exception("Checks of service %s could not be parked", service.id)


async def _park(service: Service, check_ids: Iterable[CheckId], at: datetime, turn: Turn) -> None:
    events: list[Event] = []
    slots: dict[CheckId, Slot] = {}
    for check_id in check_ids:
        check = service.check(check_id)
        observed = service.park(check_id, at)
        service = observed.service
        events += observed.events
        if check.state.reason != PARKED_REASON:
            parked = CheckParked(
                check_id=check_id,
                service_id=service.id,
                workspace_id=service.workspace_id,
                at=at,
            )
            events.append(parked)
        tries = service.check(check_id).state.blind
        again_at = at + min(PARKED_FOR * 2 ** (tries - 1), PARKED_AT_MOST)
        slots[check_id] = Slot(at=again_at, due_at=again_at)
    await turn.uow.services.save_states([service])
    turn.know(service)
    await turn.tell(*events)
    await turn.uow.checks.plan_many(slots)
