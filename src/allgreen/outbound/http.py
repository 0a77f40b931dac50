"""Ask one HTTP question over one new connection, and take the time of every phase.

Nothing here raises for what a target does: every way to fail is a `Fault` that says whose fault
it is. Names are resolved here, every number is vetted here, and the connection goes to the
vetted number, for the first request and for each redirect.
"""

import asyncio
import time
from collections.abc import Iterable
from typing import Final, final

from allgreen.domain.result import Phases
from allgreen.domain.status import FailureClass
from allgreen.outbound.answer import Answer
from allgreen.outbound.connection import Connection
from allgreen.outbound.fault import Fault
from allgreen.outbound.guard import TargetGuard
from allgreen.outbound.pace import HostPace
from allgreen.outbound.reactor import Reactor, open_reactor
from allgreen.outbound.request import Request
from allgreen.outbound.resolver import Resolver
from allgreen.outbound.route import MAX_ADDRESSES, most_telling, vet_all
from allgreen.outbound.tls import TlsPolicies
from allgreen.outbound.url import Target

MAX_REDIRECTS: Final = 5


@final
class Exchange:
    """What came of one question: an answer or a fault, and how long everything took.

    Attributes:
        answer: The last answer; `None` when there is a fault.
        fault: Why there is no answer; `None` when there is one.
        connections: Every connection that was tried, in order; all of them have ended.
        redirects: How many redirects were followed.
        started: Monotonic seconds.
        finished: Monotonic seconds at the last byte that was wanted, or when it was given up.
    """

    __slots__ = ("answer", "connections", "dns_s", "fault", "finished", "redirects", "started")

    def __init__(self, started: float) -> None:
        self.started = self.finished = started
        self.answer: Answer | None = None
        self.fault: Fault | None = None
        self.connections: list[Connection] = []
        self.redirects = 0
        self.dns_s: float | None = None

    @property
    def certificate_not_after(self) -> float | None:
        """End of the last certificate in seconds since 1970; `None` without TLS."""
        return self.connections[-1].certificate_not_after if self.connections else None

    @property
    def latency_ms(self) -> float:
        """Milliseconds from the begin to the last byte that was wanted."""
        return round((self.finished - self.started) * 1000, 3)

    @property
    def phases(self) -> Phases:
        """Milliseconds of each phase, summed over redirects and addresses."""
        if len(self.connections) == 1:
            connect, tls, first_byte, body = self.connections[0].spans()
        else:
            spans = [connection.spans() for connection in self.connections]
            connect, tls, first_byte, body = (_sum(span[at] for span in spans) for at in range(4))
        return Phases(
            dns_ms=_as_ms(self.dns_s),
            connect_ms=_as_ms(connect),
            tls_ms=_as_ms(tls),
            first_byte_ms=_as_ms(first_byte),
            body_ms=_as_ms(body),
        )


@final
class HttpClient:
    """Ask questions; belongs to the event loop in which it is first used.

    It keeps no cookies, reads no proxy, netrc or key-log setting from the environment, and opens
    a new connection for every question. How many questions run at once is for the caller to say.
    """

    def __init__(
        self,
        *,
        guard: TargetGuard,
        resolver: Resolver,
        tls: TlsPolicies | None = None,
        reactor: Reactor | None = None,
        pace: HostPace | None = None,
    ) -> None:
        """Prepare; nothing is opened yet.

        Args:
            guard: Decides which numbers may be reached.
            resolver: Turns names into numbers; closed together with the client.
            tls: Whom to trust; the system's authorities when absent.
            reactor: How to wait for sockets; the fastest way of this system when absent.
            pace: How often a host is asked; as often as one likes when absent.
        """
        self._guard = guard
        self._resolver = resolver
        self._tls = tls or TlsPolicies()
        self._reactor = reactor
        self._pace = pace

    async def fetch(
        self, request: Request, timeout_s: float, announcement: str = "", asker: str = ""
    ) -> Exchange:
        """Ask once, following redirects.

        Args:
            request: What to ask.
            timeout_s: Limit for everything together: look-ups, connections, TLS, redirects,
                headers, body. It holds to a tenth of a second.
            announcement: Value of ``X-Allgreen-Check``; empty leaves the header out.
            asker: The workspace it is asked for; empty for our own purposes.
        """
        if self._reactor is None:
            self._reactor = open_reactor(asyncio.get_running_loop())
        exchange = Exchange(time.monotonic())
        deadline = exchange.started + timeout_s
        asking: Request | None = request
        while asking is not None:
            target = asking.target
            if target.address is None:
                addresses = await self._look_up(target, exchange, deadline)
            else:
                # A number needs no look-up, and no detour through another coroutine either.
                addresses = (target.address,)
            if exchange.fault is None:
                exchange.fault = vet_all(self._guard, target.host, addresses, target.port)
            if exchange.fault is not None:
                return exchange
            addresses = addresses[:MAX_ADDRESSES]
            payload = asking.render(announcement)
            for at, address in enumerate(addresses):
                if self._pace is not None:
                    # Each of them: the first number of a name is not the only one that is asked.
                    is_extra = exchange.redirects > 0 and at == 0
                    exchange.fault = self._pace.admit(
                        target.host, address, is_extra=is_extra, asker=asker
                    )
                    if exchange.fault is not None:
                        return exchange
                connection = Connection(self._reactor, self._tls, asking, payload)
                exchange.connections.append(connection)
                ended = connection.start(address, deadline, len(addresses) - at)
                try:
                    await ended
                finally:
                    # Cancellation comes through here too: no socket may outlive its probe.
                    connection.close()
                if connection.fault is None or connection.connected:
                    break
            asking = _conclude(exchange, asking, len(addresses))
        return exchange

    async def aclose(self) -> None:
        """Stop, and close the resolver.

        What still runs ends as our fault, which says nothing about its target.
        """
        if self._reactor is not None:
            self._reactor.close()
            self._reactor = None
        await self._resolver.aclose()

    async def _look_up(
        self, target: Target, exchange: Exchange, deadline: float
    ) -> tuple[str, ...]:
        started = time.monotonic()
        found = await self._resolver.resolve(target.host, max(deadline - started, 0.001))
        exchange.finished = time.monotonic()
        exchange.dns_s = (exchange.dns_s or 0.0) + exchange.finished - started
        if isinstance(found, Fault):
            exchange.fault = found
            return ()
        return found


def _conclude(exchange: Exchange, asked: Request, addresses: int) -> Request | None:
    """Take over what the last connection brought; return the next request of a redirect."""
    connection = exchange.connections[-1]
    exchange.finished = connection.finished
    exchange.fault = connection.fault
    answer = exchange.answer = connection.answer
    if answer is None:
        if not connection.connected:
            tried = exchange.connections[-addresses:]
            exchange.fault = most_telling(
                connection.fault for connection in tried if connection.fault is not None
            )
        return None
    if answer.status < 300 or not asked.follow_redirects or not answer.is_redirect:
        return None
    exchange.answer = None
    return _follow(asked, answer, exchange)


def _follow(request: Request, answer: Answer, exchange: Exchange) -> Request | None:
    """Return the next request, or `None` with the fault set."""
    exchange.redirects += 1
    if exchange.redirects > MAX_REDIRECTS:
        problem = f"The target redirects more than {MAX_REDIRECTS} times."
    else:
        try:
            target = request.target.join(answer.find_header("location") or "")
            return request.redirected(target, answer.status)
        except ValueError as error:
            problem = f"The target redirects to where nobody can follow. {error}"
    exchange.fault = Fault.of_target(FailureClass.REDIRECT, "redirect not followed", problem)
    return None


def _sum(spans: Iterable[float | None]) -> float | None:
    known = [span for span in spans if span is not None]
    return sum(known) if known else None


def _as_ms(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds * 1000, 3)
