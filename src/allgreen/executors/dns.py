"""DnsCheckExecutor: ask a DNS server and compare the records with what is expected."""

from typing import final

from allgreen.domain.check import Check, CheckKind, DnsOptions
from allgreen.executors.probing import ProbingExecutor
from allgreen.executors.verdict import Finding, Seen, not_runnable
from allgreen.outbound.dns import DnsClient
from allgreen.outbound.endpoint import parse_dns_server, parse_domain_name
from allgreen.ports import Clock


@final
class DnsCheckExecutor(ProbingExecutor):
    """Runs DNS checks over guarded sockets."""

    def __init__(self, client: DnsClient, *, clock: Clock) -> None:
        """Build an executor.

        Args:
            client: Shared by all checks.
            clock: Wall clock of results; durations come from the client.
        """
        super().__init__(clock=clock)
        self._client = client

    @property
    def kind(self) -> CheckKind:
        return CheckKind.DNS

    async def _probe(self, check: Check) -> Finding:
        options = check.options
        assert isinstance(options, DnsOptions)
        try:
            name = parse_domain_name(options.name)
            server = parse_dns_server(options.server) if options.server else None
        except ValueError as error:
            return not_runnable(error)
        found = await self._client.ask(
            name,
            options.record_type,
            check.timeout.total_seconds(),
            server=server,
            asker=check.workspace_id,
        )
        answer = None
        if found.fault is None:
            answer = Seen("\n".join(found.records), records=found.records, is_whole=found.is_whole)
        return Finding(
            answer=answer,
            fault=found.fault,
            latency_ms=found.watch.latency_ms,
            phases=found.watch.phases,
        )
