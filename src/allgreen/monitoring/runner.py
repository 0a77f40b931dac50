"""ProbeRunner: runs checks of services side by side, each in its time and apart from others."""

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import replace
from datetime import datetime, timedelta

from allgreen.domain.check import Check, LeasedCheck
from allgreen.domain.result import Result
from allgreen.domain.status import Outcome
from allgreen.monitoring.lateness import Lateness
from allgreen.ports import CheckExecutor, Clock

logger = logging.getLogger(__name__)

BACKSTOP = timedelta(seconds=1)
"""How much longer than its timeout a run may take before it is cancelled from outside."""

_OUR_FAULT = "the run failed inside Allgreen"

Vet = Callable[[Result, Check, float], Awaitable[Result]]
"""Returns a result as it may be handed on; the number is the monotonic begin of its run."""

Turn = Callable[[LeasedCheck], AbstractAsyncContextManager[str]]
"""Waits until a run may begin, and gives an empty text, or a sentence that says why it must not."""


class ProbeRunner:
    """Hands each check to the executor of its kind. Whatever that does, there is one result.

    What goes wrong here is our fault and never the target's: it is a `PROBE_ERROR`.

    Attributes:
        concurrency: How many checks run at once; others wait for their turn.
        outcomes: How many runs ended how, since the start.
        lateness: By how much runs began after they were due.
    """

    def __init__(
        self,
        executors: Iterable[CheckExecutor],
        *,
        clock: Clock,
        concurrency: int,
        backstop: timedelta = BACKSTOP,
        vet: Vet | None = None,
        turn: Turn | None = None,
    ) -> None:
        self._executors = {executor.kind: executor for executor in executors}
        self._clock = clock
        self.concurrency = concurrency
        self._backstop = backstop
        self._slots = asyncio.Semaphore(concurrency)
        self.outcomes: Counter[Outcome] = Counter()
        self._vet = vet or _take_as_it_is
        self._turn = turn or _begin_at_once
        self.lateness = Lateness()

    async def run(self, leased: LeasedCheck) -> Result:
        """Run one check and return what was found; raises nothing but its own cancellation."""
        try:
            result = await self._run_in_turn(leased)
        except Exception:  # neither a turn nor a doubt may end the watch over all services
            logger.exception("The run of check %s failed", leased.check.id, extra=_who(leased))
            result = self._probe_error(leased, self._clock.now(), _OUR_FAULT)
        self.outcomes[result.outcome] += 1
        return result

    async def _run_in_turn(self, leased: LeasedCheck) -> Result:
        came_s = began_s = self._clock.monotonic()
        async with self._turn(leased) as refusal:
            # Waiting for the sake of a host is not being late.
            waited_s = self._clock.monotonic() - came_s
            if refusal:
                found = self._miss(leased, refusal)
            else:
                async with self._slots:
                    started_at, began_s = self._clock.now(), self._clock.monotonic()
                    self.lateness.add((started_at - leased.due_at).total_seconds() - waited_s)
                    found = await self._run_isolated(leased, started_at)
        # Before anything is made of it: only what was found says whether a network is up.
        result = await self._vet(found, leased.check, began_s)
        return result.turned_over() if leased.check.upside_down else result

    async def _run_isolated(self, leased: LeasedCheck, started_at: datetime) -> Result:
        check = leased.check
        executor = self._executors.get(check.kind)
        if executor is None:
            return self._probe_error(leased, started_at, f"nothing here runs {check.kind} checks")
        try:
            async with asyncio.timeout((check.timeout + self._backstop).total_seconds()):
                return await executor.run(leased)
        except TimeoutError:
            logger.error("The run of check %s did not end by itself", check.id, extra=_who(leased))
            return self._probe_error(leased, started_at, "the run did not end by itself")
        except Exception:  # here is where the faults of executors end
            logger.exception("The run of check %s failed", check.id, extra=_who(leased))
            return self._probe_error(leased, started_at, _OUR_FAULT)

    def _miss(self, leased: LeasedCheck, message: str) -> Result:
        nothing = self._probe_error(leased, self._clock.now(), "not run")
        return replace(nothing, outcome=Outcome.MISSED, message=message)

    def _probe_error(self, leased: LeasedCheck, started_at: datetime, reason: str) -> Result:
        check, slot = leased.check, leased.slot
        return Result(
            check_id=check.id,
            service_id=check.service_id,
            workspace_id=check.workspace_id,
            slot=slot.at,
            attempt=slot.attempt,
            started_at=started_at,
            finished_at=max(self._clock.now(), started_at),
            outcome=Outcome.PROBE_ERROR,
            version=check.version,
            fence=leased.fence,
            reason=reason,
            message=f"This says nothing about the service: {reason}.",
        )


def _begin_at_once(_leased: LeasedCheck) -> AbstractAsyncContextManager[str]:
    return nullcontext("")


async def _take_as_it_is(result: Result, _check: Check, _began_s: float) -> Result:
    return result


def _who(leased: LeasedCheck) -> dict[str, object]:
    check = leased.check
    return {
        "check_id": check.id,
        "service_id": check.service_id,
        "workspace_id": check.workspace_id,
        "slot": leased.slot.at.isoformat(),
        "attempt": leased.slot.attempt,
    }
