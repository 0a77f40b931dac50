"""CheckScheduler: asks for what is due, as much as there is capacity for."""

from datetime import timedelta

from allgreen.domain.check import LeasedCheck
from allgreen.domain.identity import CheckId
from allgreen.ports import CheckSource

LARGEST_BATCH = 200
"""More checks in one lease would keep the database from others for too long."""

POLL = timedelta(seconds=1)
"""How long a lost doorbell may go unnoticed."""


class CheckScheduler:
    """Turns the source of checks into batches that the runner can take."""

    def __init__(self, source: CheckSource, *, poll: timedelta = POLL) -> None:
        self._source = source
        self._poll = poll

    async def lease(self, capacity: int) -> list[LeasedCheck]:
        """Return checks to be run now, at most `capacity` of them; waits while none is due."""
        if capacity > 0:
            leased = await self._source.lease(limit=min(capacity, LARGEST_BATCH))
            if leased:
                return leased
        await self._source.wait(at_most=self._poll)
        return []

    async def release(self, check_ids: list[CheckId]) -> None:
        """Give checks back that were leased and will not be run."""
        await self._source.release(check_ids)
