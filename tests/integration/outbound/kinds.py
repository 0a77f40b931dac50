"""Executors of every kind over real sockets, and checks for them."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import count

from allgreen.domain.check import Check, CheckKind, Options
from allgreen.domain.expectation import AllOf, Expectation
from allgreen.domain.identity import CheckId
from allgreen.domain.result import Result
from allgreen.executors.kinds import PreviewingExecutor, Previews, build_executors
from allgreen.executors.throttle import HostThrottle
from allgreen.outbound.guard import TargetGuard
from allgreen.outbound.http import HttpClient
from allgreen.outbound.pace import HostPace
from allgreen.outbound.resolver import Resolver
from allgreen.outbound.route import Router
from allgreen.outbound.tls import TlsPolicies
from allgreen.ports import Clock
from allgreen.testing import FakeClock, a_check, a_leased_check
from tests.integration.outbound.targets import LOOPBACK

_NUMBERS = count()

NOTHING = AllOf(parts=())
"""Expected of a check for which it is enough that there is an answer."""

KINDS = {
    "HttpOptions": CheckKind.HTTP,
    "DnsOptions": CheckKind.DNS,
    "TcpOptions": CheckKind.TCP,
    "TlsOptions": CheckKind.TLS,
}


@dataclass
class House:
    """All executors over one guard and one resolver."""

    executors: dict[CheckKind, PreviewingExecutor]
    previews: Previews
    client: HttpClient
    router: Router

    async def run(self, check: Check) -> Result:
        """Run a check by the executor of its kind."""
        return await self.executors[check.kind].run(a_leased_check(check))


@contextlib.asynccontextmanager
async def open_house(
    *,
    allow: str = LOOPBACK,
    dns: str | None = None,
    tls: TlsPolicies | None = None,
    clock: Clock | None = None,
    pace: HostPace | None = None,
) -> AsyncIterator[House]:
    """Build all executors, and close what they share."""
    guard, resolver = TargetGuard.parse(allow), Resolver(dns)
    tls = tls or TlsPolicies()
    clock = clock or FakeClock()
    pace = pace or HostPace(guard)
    router = Router(guard=guard, resolver=resolver, pace=pace)
    client = HttpClient(guard=guard, resolver=resolver, tls=tls, pace=pace)
    executors = build_executors(
        client,
        router,
        tls,
        clock=clock,
        user_agent="Allgreen/test",
    )
    previews = Previews(executors, HostThrottle(pace), clock=clock)
    try:
        yield House({each.kind: each for each in executors}, previews, client, router)
    finally:
        await client.aclose()


def asking(
    options: Options, expectation: Expectation = NOTHING, *, timeout_s: float = 5.0
) -> Check:
    """Return a check of the kind that goes with its options."""
    return replace(
        # Each its own: executors remember what they built for a check.
        a_check(id=CheckId(f"check-{next(_NUMBERS)}"), expectation=expectation),
        kind=KINDS[type(options).__name__],
        options=options,
        timeout=timedelta(seconds=timeout_s),
    )
