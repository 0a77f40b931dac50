"""From a host to the numbers that may be connected to: look up once, vet every answer."""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, final

from allgreen.domain.result import Phases
from allgreen.errors import TargetBlockedError
from allgreen.outbound.endpoint import Endpoint
from allgreen.outbound.fault import Fault
from allgreen.outbound.guard import HTTP_BAD_PORTS, NO_PORTS, TargetGuard
from allgreen.outbound.pace import HostPace
from allgreen.outbound.resolver import Resolver

MAX_ADDRESSES: Final = 16


@dataclass(slots=True, kw_only=True)
class Stopwatch:
    """When a probe began, and how many seconds each of its phases took.

    Attributes:
        started: Monotonic seconds.
        finished: Monotonic seconds of the last thing that was wanted, or of giving up.
    """

    started: float
    finished: float
    dns_s: float | None = None
    connect_s: float | None = None
    tls_s: float | None = None
    first_byte_s: float | None = None
    body_s: float | None = None

    @classmethod
    def start(cls) -> "Stopwatch":
        """Begin now."""
        now = time.monotonic()
        return cls(started=now, finished=now)

    def stop(self) -> None:
        """Note that the last thing that was wanted is there."""
        self.finished = time.monotonic()

    @property
    def latency_ms(self) -> float:
        """Milliseconds from the begin to the last thing that was wanted."""
        return round((self.finished - self.started) * 1000, 3)

    @property
    def phases(self) -> Phases:
        """Milliseconds of each phase."""
        return Phases(
            dns_ms=as_ms(self.dns_s),
            connect_ms=as_ms(self.connect_s),
            tls_ms=as_ms(self.tls_s),
            first_byte_ms=as_ms(self.first_byte_s),
            body_ms=as_ms(self.body_s),
        )


def as_ms(seconds: float | None) -> float | None:
    """Return seconds as milliseconds; `None` for a phase that did not happen."""
    return None if seconds is None else round(seconds * 1000, 3)


@final
class Router:
    """Find the numbers of an endpoint; one guard and one resolver serve all who ask."""

    def __init__(
        self, *, guard: TargetGuard, resolver: Resolver, pace: HostPace | None = None
    ) -> None:
        """Build a router.

        Args:
            guard: Decides which numbers may be reached.
            resolver: Turns names into numbers; whoever made it closes it.
            pace: How often a host is asked; as often as one likes when absent.
        """
        self.guard = guard
        self.resolver = resolver
        self._pace = pace

    async def find(
        self,
        endpoint: Endpoint,
        watch: Stopwatch,
        deadline: float,
        ports: frozenset[int] = NO_PORTS,
    ) -> tuple[str, ...] | Fault:
        """Return at most 16 vetted numbers, or why there is none.

        Args:
            endpoint: Host and port.
            watch: Takes the time of the look-up.
            deadline: Monotonic seconds at which everything must have ended.
            ports: Which ports are refused beside the addresses.
        """
        numbers: tuple[str, ...] | Fault
        if endpoint.address is not None:
            numbers = (endpoint.address,)
        else:
            began = time.monotonic()
            numbers = await self.resolver.resolve(endpoint.host, max(deadline - began, 0.001))
            watch.stop()
            watch.dns_s = watch.finished - began
        if isinstance(numbers, Fault):
            return numbers
        fault = vet_all(self.guard, endpoint.host, numbers, endpoint.port, ports)
        return numbers[:MAX_ADDRESSES] if fault is None else fault

    def admit(
        self, endpoint: Endpoint, asker: str, number: str, *, is_extra: bool = False
    ) -> Fault | None:
        """Count a connection that is about to be made; a fault says that it must not be.

        Args:
            endpoint: Whose number it is.
            asker: The workspace it is made for; empty for our own purposes.
            number: Where the connection goes.
            is_extra: The turn of the run has been used already.
        """
        if self._pace is None:
            return None
        return self._pace.admit(endpoint.host, number, is_extra=is_extra, asker=asker)


def vet_all(
    guard: TargetGuard,
    host: str,
    numbers: Sequence[str],
    port: int,
    ports: frozenset[int] = HTTP_BAD_PORTS,
) -> Fault | None:
    """Vet all numbers: one bad one among good ones is how a name is used against us."""
    for number in numbers:
        reason = guard.find_refusal(number, port, ports)
        if reason is not None:
            return Fault.of_guard(TargetBlockedError(host, reason))
    return None


def most_telling(faults: Iterable[Fault]) -> Fault:
    """Prefer what the target did to what our network could not do, such as a missing IPv6 route.

    Args:
        faults: What came of each number that was tried; at least one.
    """
    tried = tuple(faults)
    return next((fault for fault in tried if fault.failure is not None), tried[-1])
