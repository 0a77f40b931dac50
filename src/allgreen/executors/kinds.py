"""All kinds of checks: one executor for each, over one guard and one resolver."""

from collections.abc import Iterable
from typing import Protocol, final

from allgreen.domain.check import Check
from allgreen.executors.dns import DnsCheckExecutor
from allgreen.executors.http import HttpCheckExecutor
from allgreen.executors.tcp import TcpCheckExecutor
from allgreen.executors.throttle import HostThrottle
from allgreen.executors.tls import TlsCheckExecutor
from allgreen.executors.verdict import Finding, Preview, conclude_preview
from allgreen.outbound.dns import DnsClient
from allgreen.outbound.handshake import TlsClient
from allgreen.outbound.http import HttpClient
from allgreen.outbound.route import Router
from allgreen.outbound.tcp import TcpClient
from allgreen.outbound.tls import TlsPolicies
from allgreen.ports import CheckExecutor, Clock


class PreviewingExecutor(CheckExecutor, Protocol):
    """An executor that can also run what is not saved yet."""

    async def preview(self, check: Check) -> Preview:
        """Run a check once that is not saved, and show more of the answer than is ever kept."""


def build_executors(
    client: HttpClient, router: Router, tls: TlsPolicies, *, clock: Clock, user_agent: str
) -> tuple[PreviewingExecutor, ...]:
    """Return an executor for each kind of check.

    Args:
        client: Asks over HTTP.
        router: Leads all others to numbers that the guard lets through.
        tls: Whom to trust.
        clock: Wall clock of results.
        user_agent: Sent with every request over HTTP; see `build_user_agent`.
    """
    return (
        HttpCheckExecutor(client, clock=clock, user_agent=user_agent),
        DnsCheckExecutor(DnsClient(router), clock=clock),
        TcpCheckExecutor(TcpClient(router), clock=clock),
        TlsCheckExecutor(TlsClient(router, tls), clock=clock),
    )


@final
class Previews:
    """Runs checks that are not saved, each by the executor of its kind."""

    def __init__(
        self, executors: Iterable[PreviewingExecutor], throttle: HostThrottle, *, clock: Clock
    ) -> None:
        self._executors = {executor.kind: executor for executor in executors}
        self._throttle = throttle
        self._clock = clock

    async def run(self, check: Check) -> Preview:
        """Run a check once; nothing of it is kept."""
        fault = self._throttle.count(check)
        if fault is not None:
            now = self._clock.now()
            return await conclude_preview(check, now, now, Finding(fault=fault))
        return await self._executors[check.kind].preview(check)
