"""TlsCheckExecutor: shake hands over TLS and compare the certificate with what is expected."""

from dataclasses import replace
from datetime import datetime
from typing import Final, final

from allgreen.domain.check import Check, CheckKind, TlsOptions
from allgreen.executors.probing import ProbingExecutor
from allgreen.executors.verdict import Finding, Seen, days_until, not_runnable
from allgreen.outbound.certificate import Certificate
from allgreen.outbound.endpoint import parse_endpoint
from allgreen.outbound.fault import Fault, as_plain
from allgreen.outbound.handshake import Handshake, TlsClient
from allgreen.ports import Clock

_NAMES_TOLD: Final = 3


@final
class TlsCheckExecutor(ProbingExecutor):
    """Runs TLS checks over guarded sockets."""

    def __init__(self, client: TlsClient, *, clock: Clock) -> None:
        """Build an executor.

        Args:
            client: Shared by all checks.
            clock: Wall clock of results; durations come from the client.
        """
        super().__init__(clock=clock)
        self._client = client

    @property
    def kind(self) -> CheckKind:
        return CheckKind.TLS

    async def _probe(self, check: Check) -> Finding:
        options = check.options
        assert isinstance(options, TlsOptions)
        try:
            endpoint = parse_endpoint(options.hostname, options.port)
            named = parse_endpoint(options.server_name or options.hostname, options.port)
        except ValueError as error:
            return not_runnable(error)
        done = await self._client.shake_hands(
            endpoint,
            check.timeout.total_seconds(),
            server_name=named.host,
            verify=options.verify,
            asker=check.workspace_id,
        )
        return _find(done, self._clock.now())


def _find(done: Handshake, now: datetime) -> Finding:
    shown = done.certificate
    days = None if shown is None else days_until(shown.not_after, now)
    finding = Finding(
        fault=done.fault,
        latency_ms=done.watch.latency_ms,
        phases=done.watch.phases,
        certificate_days=days,
    )
    if done.fault is None:
        text = "" if shown is None else shown.text
        return replace(finding, answer=Seen(text, certificate_days=days))
    if shown is not None:
        return replace(finding, fault=_describe(done.fault, shown))
    return finding


def _describe(fault: Fault, shown: Certificate) -> Fault:
    """Say what the certificate is like that did not pass."""
    if not shown.is_described:
        what = f"It is until {shown.until}, and too large to say more about it."
        return replace(fault, message=as_plain(f"{fault.message} {what}"))
    names = ", ".join(shown.names[:_NAMES_TOLD]) or "no name"
    more = len(shown.names) - _NAMES_TOLD
    others = f" and {more} more" if more > 0 else ""
    what = f"It is for {names}{others}, until {shown.until}, issued by {shown.issuer[:80]}."
    return replace(fault, message=as_plain(f"{fault.message} {what}"))
