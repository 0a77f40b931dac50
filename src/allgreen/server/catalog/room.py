"""How many services a workspace may have: all share the watchers and the disk of one Allgreen."""

from typing import Final

from sqlalchemy import func, select

from allgreen.domain.status import Mode
from allgreen.errors import InvalidInputError
from allgreen.server.auth.access import Member
from allgreen.server.catalog import queries
from allgreen.storage.sql.tables import services
from allgreen.storage.sql.unit_of_work import SqlUnitOfWork

MOST_SERVICES: Final = 10_000
MOST_UNPROVEN: Final = 20
"""Where nobody has proven an address yet: enough to look around, and nothing for programs."""


async def refuse_full(uow: SqlUnitOfWork, member: Member) -> None:
    """Let only those add a service who have room for one more.

    Raises:
        InvalidInputError: There is no room.
    """
    query = select(func.count()).where(
        services.c.workspace_id == member.workspace_id, services.c.mode != Mode.DELETED
    )
    count = int(await uow.connection.scalar(query) or 0)
    if count >= MOST_SERVICES:
        raise InvalidInputError.at(
            "",
            "too_many",
            f"A workspace holds {MOST_SERVICES} services. Delete one that is not needed, or make "
            "another workspace.",
        )
    if count >= MOST_UNPROVEN and await queries.is_held(uow.connection, member.workspace_id):
        raise InvalidInputError.at(
            "",
            "unverified",
            f"Verify your address first: until then a workspace holds {MOST_UNPROVEN} services.",
        )
