"""HttpCheckExecutor: ask a URL and compare the answer with what is expected."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, final

from allgreen.domain.check import Check, CheckKind, HttpOptions, LeasedCheck
from allgreen.domain.identity import CheckId
from allgreen.domain.result import Result
from allgreen.executors.verdict import (
    Finding,
    Preview,
    Seen,
    conclude,
    conclude_preview,
    days_until,
    not_runnable,
)
from allgreen.outbound.answer import Answer as HttpAnswer
from allgreen.outbound.http import HttpClient
from allgreen.outbound.request import Request
from allgreen.outbound.url import parse_target
from allgreen.ports import CheckExecutor, Clock

_REMEMBERED_REQUESTS: Final = 20_000
_REMEMBERED_BYTES: Final = 4096


@final
class HttpCheckExecutor(CheckExecutor):
    """Runs HTTP checks over the guarded client."""

    def __init__(self, client: HttpClient, *, clock: Clock, user_agent: str) -> None:
        """Build an executor.

        Args:
            client: Shared by all checks.
            clock: Wall clock of results; durations come from the client.
            user_agent: Sent with every request; see `build_user_agent`.
        """
        self._client = client
        self._clock = clock
        self._own_headers = (("User-Agent", user_agent),)
        self._requests: dict[CheckId, tuple[int, Request]] = {}

    @property
    def kind(self) -> CheckKind:
        return CheckKind.HTTP

    async def run(self, leased: LeasedCheck) -> Result:
        check, started_at = leased.check, self._clock.now()
        announcement = f"{check.id}/{_written(leased.slot.at)}"
        try:
            request = self._request_of(check)
        except ValueError as error:
            finding = not_runnable(error)
        else:
            finding = await self._probe(check, request, announcement)
        return await conclude(leased, started_at, self._clock.now(), finding)

    async def preview(self, check: Check) -> Preview:
        """Run a check once that is not saved."""
        started_at = self._clock.now()
        try:
            request = _build_request(_asked(check), self._own_headers)
        except ValueError as error:
            finding = not_runnable(error)
        else:
            finding = await self._probe(check, request, f"preview/{_written(started_at)}")
        return await conclude_preview(check, started_at, self._clock.now(), finding)

    async def _probe(self, check: Check, request: Request, announcement: str) -> Finding:
        exchange = await self._client.fetch(
            request,
            check.timeout.total_seconds(),
            announcement if _asked(check).announce else "",
            check.workspace_id,
        )
        days = days_until(exchange.certificate_not_after, self._clock.now())
        answer = exchange.answer
        return Finding(
            answer=None if answer is None else _Seen(answer, days),
            fault=exchange.fault,
            latency_ms=exchange.latency_ms,
            phases=exchange.phases,
            http_status=None if answer is None else answer.status,
            certificate_days=days,
        )

    def _request_of(self, check: Check) -> Request:
        """Return the request of a saved check, built once for each of its versions."""
        known = self._requests.get(check.id)
        if known is not None and known[0] == check.version:
            return known[1]
        request = _build_request(_asked(check), self._own_headers)
        if len(self._requests) >= _REMEMBERED_REQUESTS:
            self._requests.clear()
        if len(request.render()) <= _REMEMBERED_BYTES:
            self._requests[check.id] = (check.version, request)
        return request


def build_user_agent(version: str, public_url: str | None) -> str:
    """Return how a watcher introduces itself, with an address to complain to."""
    return f"Allgreen/{version} (+{public_url})" if public_url else f"Allgreen/{version}"


@final
class _Seen(Seen):
    """What an answer over HTTP shows, read only as far as somebody looks."""

    def __init__(self, answer: HttpAnswer, certificate_days: float | None) -> None:
        super().__init__(
            size_bytes=len(answer.body),
            is_whole=answer.is_whole,
            certificate_days=certificate_days,
        )
        self._answer = answer
        self._decoded: str | None = None

    @property
    def http_status(self) -> int:
        return self._answer.status

    @property
    def text(self) -> str:
        if self._decoded is None:
            self._decoded = self._answer.decode()
        return self._decoded

    def headers(self, name: str) -> Sequence[str]:
        return self._answer.find_values(name.lower())


def _asked(check: Check) -> HttpOptions:
    assert isinstance(check.options, HttpOptions), "only HTTP checks come here"
    return check.options


def _build_request(options: HttpOptions, own_headers: tuple[tuple[str, str], ...]) -> Request:
    return Request(
        target=parse_target(options.url),
        method=options.method,
        own_headers=own_headers,
        headers=tuple(options.headers.items()),
        body=None if options.body is None else options.body.encode(),
        verify_tls=options.verify_tls,
        follow_redirects=options.follow_redirects,
    )


def _written(instant: datetime) -> str:
    return f"{instant.isoformat().removesuffix('+00:00')}Z"
