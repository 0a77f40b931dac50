"""Connectivity: is it them, or is it me?

Before a failure counts against a target, places that are known to be up are asked: the canaries.
When two of them are silent too, it is our own network that is down, and nothing that is found
meanwhile says anything about anybody.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from allgreen.domain.check import Check
from allgreen.domain.identity import CheckId, ServiceId
from allgreen.domain.result import Result
from allgreen.domain.status import Outcome, ServiceHealth
from allgreen.errors import StorageError
from allgreen.monitoring.patience import Patience, wait_for
from allgreen.ports import Canary, Clock

logger = logging.getLogger(__name__)

ROUND_EVERY = timedelta(seconds=10)
"""Shorter than the 15 s over which a failure is confirmed: an outage of ours that is as long as
that meets at least one round."""

ROUND_EVERY_OFFLINE = timedelta(seconds=3)
FRESH_FOR = timedelta(seconds=15)
SILENT_CANARIES = 2
"""One canary may be down by itself."""

LONG_OFFLINE = timedelta(minutes=5)
"""From then on somebody should hear of it: two canaries may be gone for good, and mail may work."""

REPORT_EVERY = timedelta(minutes=1)
"""How often that is said; whoever hears it tells people once."""

MASS_WITHIN = timedelta(seconds=30)
MASS_SHARE = 0.3
MASS_SERVICES = 10
MASS_HOSTS = 5
OFFLINE_REASON = "our own network was down"


class Link(StrEnum):
    """What is known of our own network."""

    UNKNOWN = "unknown"
    """No canary was asked yet."""
    ONLINE = "online"
    OFFLINE = "offline"


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """One question to all canaries, in monotonic seconds."""

    began_s: float
    ended_s: float
    is_good: bool


class Connectivity:
    """Asks the canaries, and vouches for failures, or does not.

    Without canaries it vouches for everything.

    Args:
        canaries: Places on different hosts that are known to be up; three or more, or none.
        clock: For durations.
        on_offline: Called when our network went down, with the instant.
        on_long: Called with the same instant while it lasts for minutes, again and again.
        on_return: Called with the begin of the time offline before anything is run again.
    """

    def __init__(
        self,
        canaries: Sequence[Canary],
        *,
        clock: Clock,
        on_offline: Callable[[datetime], Awaitable[None]],
        on_long: Callable[[datetime], Awaitable[None]],
        on_return: Callable[[datetime], Awaitable[None]],
    ) -> None:
        self._canaries = tuple(canaries)
        self._clock = clock
        self._on_offline = on_offline
        self._on_long = on_long
        self._on_return = on_return
        self._link = Link.UNKNOWN if canaries else Link.ONLINE
        self._since = clock.now()
        self._latest: Round | None = None
        self._last_bad_s = float("-inf")
        self._is_told = self._is_failing = False
        self._report_at_s = float("inf")
        self._turn = asyncio.Lock()
        self._online = asyncio.Event()
        if not canaries:
            self._online.set()
        self._crowd = Crowd()
        self.rounds = 0
        self.doubted = 0

    @property
    def link(self) -> Link:
        """Return what is known of our own network."""
        return self._link

    async def wait_until_online(self, at_most: timedelta) -> bool:
        """Wait as long as nothing may be run, at most so long; tell whether it may."""
        return self._online.is_set() or await wait_for(self._online, at_most)

    async def run(self, stop: asyncio.Event) -> None:
        """Ask the canaries again and again until `stop` is set."""
        patience = Patience("The round of the canaries")
        while self._canaries and not stop.is_set():
            await patience.attempt(self.look)
            is_calm = self._link is Link.ONLINE
            await wait_for(stop, ROUND_EVERY if is_calm else ROUND_EVERY_OFFLINE)

    async def look(self) -> None:
        """Ask the canaries once and draw the consequences."""
        round_ = await self._round_since(self._clock.monotonic())
        await self._conclude(round_)

    async def vet(self, result: Result, check: Check, began_s: float) -> Result:
        """Return a result as it may be handed on.

        A failure is handed on only if our own network is up: by a round that is fresh, and by one
        that began after the failure when the failure would confirm an outage, or when it is one of
        very many. Any other becomes a `PROBE_ERROR`.

        Args:
            result: What was found.
            check: What was run, with its state when it was handed out.
            began_s: Monotonic seconds at the begin of the run.
        """
        if not self._canaries:
            return result
        now_s = self._clock.monotonic()
        failed = result.outcome is Outcome.FAIL
        self._crowd.saw(check, now_s, failed=failed and not check.upside_down)
        if not failed:
            return result
        strict = _would_confirm(check) or self._crowd.is_mass(now_s)
        if await self._is_vouched_for(began_s, now_s if strict else now_s - _FRESH_S):
            return result
        self.doubted += 1
        return replace(
            result,
            outcome=Outcome.PROBE_ERROR,
            failure=None,
            reason=OFFLINE_REASON,
            message=f"This says nothing about the service: {OFFLINE_REASON}.",
        )

    async def _is_vouched_for(self, began_s: float, since_s: float) -> bool:
        """Tell whether a run that failed can be blamed on its target."""
        if self._link is Link.OFFLINE:
            return False
        round_ = await self._round_since(since_s)
        if not round_.is_good:
            await self._conclude(round_)
        # Also a run during which the network came back may have met it while it was down.
        return round_.is_good and self._last_bad_s < began_s

    async def _round_since(self, since_s: float) -> Round:
        """Return a round that began at or after an instant; those who wait for one share it."""
        async with self._turn:
            if self._latest is None or self._latest.began_s < since_s:
                self._latest = await self._ask_all()
            return self._latest

    async def _ask_all(self) -> Round:
        """Ask all at once; the round is over as soon as its end is certain."""
        began_s = self._clock.monotonic()
        answers = {asyncio.ensure_future(_answers(canary)) for canary in self._canaries}
        silent, left = 0, answers
        try:
            while left and silent < SILENT_CANARIES and len(left) + silent >= SILENT_CANARIES:
                done, left = await asyncio.wait(left, return_when=asyncio.FIRST_COMPLETED)
                silent += sum(not one.result() for one in done)
        finally:
            for answer in left:
                answer.cancel()
        is_good = silent < SILENT_CANARIES
        ended_s = self._clock.monotonic()
        self.rounds += 1
        if not is_good:
            self._last_bad_s = ended_s
        return Round(began_s=began_s, ended_s=ended_s, is_good=is_good)

    async def _conclude(self, round_: Round) -> None:
        match self._link, round_.is_good:
            case Link.OFFLINE, True:
                await self._return()
            case Link.UNKNOWN, True:
                self._link = Link.ONLINE
                self._online.set()
            case Link.OFFLINE, False:
                await self._stay_offline()
            case Link.ONLINE | Link.UNKNOWN, False:
                await self._go_offline()

    async def _go_offline(self) -> None:
        self._link, self._since = Link.OFFLINE, self._clock.now()
        self._online.clear()
        logger.error(
            "%d or more canaries are silent: our own network seems to be down. Nothing is checked "
            "and nobody is told of services until they answer again",
            SILENT_CANARIES,
        )
        self._is_told = False
        self._report_at_s = self._clock.monotonic() + LONG_OFFLINE.total_seconds()
        await self._stay_offline()

    async def _stay_offline(self) -> None:
        """Have it stored and told that nothing is checked; what fails, the next round does."""
        now_s = self._clock.monotonic()
        try:
            if not self._is_told:
                await self._on_offline(self._since)
                self._is_told = True
            if now_s >= self._report_at_s:
                await self._on_long(self._since)
                self._report_at_s = now_s + REPORT_EVERY.total_seconds()
            self._is_failing = False
        except StorageError as error:
            # Only screens do not know of it; here it holds all the same.
            if not self._is_failing:
                logger.error("That could not be stored: %s", error)
            self._is_failing = True
        except Exception:  # it is reached from a run that failed, and must not end the watch
            logger.exception("That could not be told")

    async def _return(self) -> None:
        # Nothing is run before failures of that time are forgotten; should that fail, the next
        # good round tries again.
        await self._on_return(self._since)
        logger.warning("The canaries answer again: services are checked")
        self._link = Link.ONLINE
        self._online.set()


class Crowd:
    """How many services of this watcher failed lately."""

    def __init__(self) -> None:
        self._watched: dict[ServiceId, float] = {}
        self._failures: deque[tuple[float, CheckId, ServiceId, str]] = deque()

    def saw(self, check: Check, now_s: float, *, failed: bool) -> None:
        """Take note of a run."""
        # A service that was not run for twice its period is none of this watcher's any more.
        self._watched[check.service_id] = now_s + 2 * check.schedule.every.total_seconds()
        # One that is down already fails for a reason of its own.
        if failed and check.state.health is not ServiceHealth.DOWN:
            self._failures.append((now_s, check.id, check.service_id, check.options.host))

    def is_mass(self, now_s: float) -> bool:
        """Tell whether so many failed at once that it may well be our own fault."""
        while self._failures and self._failures[0][0] < now_s - MASS_WITHIN.total_seconds():
            self._failures.popleft()
        services = {service_id for _, _, service_id, _ in self._failures}
        hosts = {host for _, _, _, host in self._failures}
        if len(services) < MASS_SERVICES or len(hosts) < MASS_HOSTS:
            return False
        self._watched = {each: until for each, until in self._watched.items() if until >= now_s}
        return len(services) > MASS_SHARE * len(self._watched)


_FRESH_S = FRESH_FOR.total_seconds()


def _would_confirm(check: Check) -> bool:
    """Tell whether one more failure takes the check down; such a failure is proven at its time."""
    state = check.state
    return state.health is not ServiceHealth.DOWN and state.bad + 1 >= check.confirmation.down


async def _answers(canary: Canary) -> bool:
    try:
        return await canary.answers()
    except Exception:  # a canary that cannot be asked vouches for nothing
        logger.exception("Canary %s could not be asked", canary.name)
        return False
