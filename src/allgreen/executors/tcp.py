"""TcpCheckExecutor: connect to a port, perhaps say something, and compare what is said back."""

from typing import final

from allgreen.domain.check import Check, CheckKind, TcpOptions
from allgreen.domain.expectation import (
    BodyContains,
    BodyMatches,
    BodySize,
    Expectation,
    JsonValue,
    holds,
    list_leaves,
)
from allgreen.executors.matching import explain
from allgreen.executors.probing import ProbingExecutor
from allgreen.executors.verdict import Finding, Seen, not_runnable
from allgreen.outbound.endpoint import parse_endpoint
from allgreen.outbound.tcp import TcpClient
from allgreen.ports import Clock


@final
class TcpCheckExecutor(ProbingExecutor):
    """Runs TCP checks over guarded sockets."""

    def __init__(self, client: TcpClient, *, clock: Clock) -> None:
        """Build an executor.

        Args:
            client: Shared by all checks.
            clock: Wall clock of results; durations come from the client.
        """
        super().__init__(clock=clock)
        self._client = client

    @property
    def kind(self) -> CheckKind:
        return CheckKind.TCP

    async def _probe(self, check: Check) -> Finding:
        options, expectation = check.options, check.expectation
        assert isinstance(options, TcpOptions)
        try:
            endpoint = parse_endpoint(options.hostname, options.port)
        except ValueError as error:
            return not_runnable(error)

        async def is_enough(received: bytes) -> bool:
            return holds(await explain(expectation, _see(received)))

        talk = await self._client.talk(
            endpoint,
            check.timeout.total_seconds(),
            send=(options.send or "").encode(),
            is_enough=is_enough if _listens(expectation) else None,
            asker=check.workspace_id,
        )
        answer = None if talk.fault is not None else _see(talk.received, is_whole=talk.is_whole)
        return Finding(
            answer=answer,
            fault=talk.fault,
            latency_ms=talk.watch.latency_ms,
            phases=talk.watch.phases,
        )


def _listens(expectation: Expectation) -> bool:
    """Tell whether anything is expected of what is said; else connecting is all."""
    of_body = BodyContains | BodyMatches | BodySize | JsonValue
    return any(isinstance(leaf, of_body) for leaf in list_leaves(expectation))


def _see(received: bytes, *, is_whole: bool = True) -> Seen:
    text = received.decode("utf-8", "replace")
    return Seen(text, size_bytes=len(received), is_whole=is_whole)
