"""What a service depends on: services of the same workspace, and never itself in the end."""

from collections.abc import Sequence
from dataclasses import replace

from allgreen.domain.identity import ServiceId
from allgreen.domain.service import Service
from allgreen.errors import InvalidInputError, NotFoundError
from allgreen.ports import UnitOfWork

MOST_DEPENDENCIES = 20


async def depend(service: Service, ids: Sequence[ServiceId], uow: UnitOfWork) -> Service:
    """Return the service with other dependencies.

    Raises:
        InvalidInputError: One of them is not there, or depends on this service itself.
    """
    wanted = tuple(dict.fromkeys(ids))
    if wanted == service.depends_on:
        return service
    if len(wanted) > MOST_DEPENDENCIES:
        raise _refused("too_many", f"Choose at most {MOST_DEPENDENCIES} services.")
    for above in wanted:
        found = await _find(above, uow)
        if found is None or found.workspace_id != service.workspace_id:
            raise _refused("unknown", "One of these services is not there any more. Reload.")
    if await _leads_to(service.id, wanted, uow):
        raise _refused(
            "circle", "A service cannot wait for itself: one of these depends on it already."
        )
    return replace(service, depends_on=wanted)


async def _leads_to(service_id: ServiceId, ids: Sequence[ServiceId], uow: UnitOfWork) -> bool:
    """Tell whether a walk up from some services comes to one of them; deleted ones end it."""
    seen, waiting = set[ServiceId](), list(ids)
    while waiting:
        current = waiting.pop()
        if current == service_id:
            return True
        if current not in seen:
            seen.add(current)
            found = await _find(current, uow)
            waiting.extend(found.depends_on if found else ())
    return False


async def _find(service_id: ServiceId, uow: UnitOfWork) -> Service | None:
    try:
        return await uow.services.get(service_id)
    except NotFoundError:
        return None


def _refused(code: str, message: str) -> InvalidInputError:
    return InvalidInputError.at("depends_on", code, message)
