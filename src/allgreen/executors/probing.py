"""ProbingExecutor: the way of every check that is nothing but one probe."""

from abc import ABC, abstractmethod

from allgreen.domain.check import Check, CheckKind, LeasedCheck
from allgreen.domain.result import Result
from allgreen.executors.verdict import Finding, Preview, conclude, conclude_preview
from allgreen.ports import CheckExecutor, Clock


class ProbingExecutor(CheckExecutor, ABC):
    """Runs a check by probing once; a kind of check says how."""

    def __init__(self, *, clock: Clock) -> None:
        """Build an executor.

        Args:
            clock: Wall clock of results; durations come from the client that probes.
        """
        self._clock = clock

    @property
    @abstractmethod
    def kind(self) -> CheckKind: ...

    async def run(self, leased: LeasedCheck) -> Result:
        started_at = self._clock.now()
        finding = await self._probe(leased.check)
        return await conclude(leased, started_at, self._clock.now(), finding)

    async def preview(self, check: Check) -> Preview:
        """Run a check once that is not saved."""
        started_at = self._clock.now()
        finding = await self._probe(check)
        return await conclude_preview(check, started_at, self._clock.now(), finding)

    @abstractmethod
    async def _probe(self, check: Check) -> Finding:
        """Probe the target of a check once; whatever happens there is found, not raised."""
