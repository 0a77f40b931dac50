"""HttpCheckExecutor: ask a URL and compare the answer with what is expected."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, NamedTuple, final

from allgreen.domain.check import Check, CheckKind, HttpOptions, LeasedCheck, Slot
from allgreen.domain.expectation import Explanation
from allgreen.domain.identity import CheckId
from allgreen.domain.result import Phases, Result
from allgreen.domain.status import FailureClass, Outcome
from allgreen.executors.matching import explain, find_values, has_match, parse_json
from allgreen.outbound.answer import Answer as HttpAnswer
from allgreen.outbound.fault import Fault, as_plain
from allgreen.outbound.http import Exchange, HttpClient
from allgreen.outbound.request import Request
from allgreen.outbound.url import parse_target
from allgreen.ports import CheckExecutor, Clock

EXCERPT_BYTES: Final = 1024

_REMEMBERED_REQUESTS: Final = 20_000
_REMEMBERED_BYTES: Final = 4096
_FAILURES: Final = {"Status": FailureClass.STATUS, "Certificate": FailureClass.TLS}


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What a check that is not saved yet would have found; nothing of it is kept.

    Attributes:
        body_excerpt: Begin of the body as text, at most 1 KiB; for admins only.
    """

    result: Result
    explanations: tuple[Explanation, ...]
    body_excerpt: str


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
        check, slot = leased.check, leased.slot
        announcement = f"{check.id}/{_written(slot.at)}" if _asked(check).announce else ""
        started_at = self._clock.now()
        try:
            request = self._request_of(check)
        except ValueError as error:
            return await self._conclude(leased, started_at, _not_runnable(error))
        timeout_s = check.timeout.total_seconds()
        exchange = await self._client.fetch(request, timeout_s, announcement)
        return await self._conclude(leased, started_at, exchange)

    async def preview(self, check: Check) -> Preview:
        """Run a check once that is not saved, and show more of the answer than is ever kept."""
        started_at = self._clock.now()
        slot = Slot(at=started_at, due_at=started_at)
        leased = LeasedCheck(check=check, slot=slot, fence=0, leased_until=started_at)
        try:
            request = _build_request(_asked(check), self._own_headers)
        except ValueError as error:
            result = await self._conclude(leased, started_at, _not_runnable(error))
            return Preview(result=result, explanations=(), body_excerpt="")
        announcement = f"preview/{_written(started_at)}" if _asked(check).announce else ""
        exchange = await self._client.fetch(request, check.timeout.total_seconds(), announcement)
        result = await self._conclude(leased, started_at, exchange)
        excerpt = "" if exchange.answer is None else _cut(exchange.answer.decode())
        return Preview(result=result, explanations=result.explanations, body_excerpt=excerpt)

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

    async def _conclude(
        self, leased: LeasedCheck, started_at: datetime, found: Exchange | Fault
    ) -> Result:
        check, slot = leased.check, leased.slot
        finished_at = max(self._clock.now(), started_at)
        phases, days, status, latency_ms = Phases(), None, None, None
        lines: tuple[Explanation, ...] = ()
        if isinstance(found, Fault):
            verdict = _verdict_of(found)
        else:
            phases = found.phases
            days = _days_until(found.certificate_not_after, finished_at)
            if found.answer is None:
                verdict = _verdict_of(found.fault)
            else:
                status, latency_ms = found.answer.status, found.latency_ms
                lines = await _look(check, found.answer, days)
                verdict = _judge(lines, latency_ms, check.answers_within)
        return Result(
            check_id=check.id,
            service_id=check.service_id,
            workspace_id=check.workspace_id,
            slot=slot.at,
            attempt=slot.attempt,
            started_at=started_at,
            finished_at=finished_at,
            outcome=verdict.outcome,
            version=check.version,
            fence=leased.fence,
            failure=verdict.failure,
            reason=verdict.reason,
            message=verdict.message,
            http_status=status,
            latency_ms=latency_ms,
            phases=phases,
            explanations=lines,
            certificate_days=days,
        )


def build_user_agent(version: str, public_url: str | None) -> str:
    """Return how a watcher introduces itself, with an address to complain to."""
    return f"Allgreen/{version} (+{public_url})" if public_url else f"Allgreen/{version}"


@final
class _Seen:
    """What expectations may look at, read only as far as they do."""

    def __init__(self, answer: HttpAnswer, certificate_days: float | None) -> None:
        self._answer = answer
        self._certificate_days = certificate_days
        self._text: str | None = None
        self._document: tuple[object, ValueError | None] | None = None

    @property
    def http_status(self) -> int | None:
        return self._answer.status

    @property
    def text(self) -> str:
        if self._text is None:
            self._text = self._answer.decode()
        return self._text

    @property
    def size_bytes(self) -> int:
        return len(self._answer.body)

    @property
    def is_whole(self) -> bool:
        return self._answer.is_whole

    @property
    def certificate_days(self) -> float | None:
        return self._certificate_days

    @property
    def records(self) -> Sequence[str]:
        return ()

    def headers(self, name: str) -> Sequence[str]:
        value = self._answer.find_header(name.lower())
        return () if value is None else (value,)

    def matches(self, pattern: str, text: str | None = None) -> bool:
        return has_match(pattern, self.text if text is None else text)

    def find_json(self, path: str) -> Sequence[object]:
        if self._document is None:
            self._document = self._parse()
        document, problem = self._document
        if problem is not None:
            raise problem
        return find_values(document, path)

    def _parse(self) -> tuple[object, ValueError | None]:
        if not self._answer.is_whole:
            return None, ValueError("longer than 64 KiB")
        try:
            return parse_json(self.text), None
        except ValueError as error:
            return None, error


class _Verdict(NamedTuple):
    outcome: Outcome
    failure: FailureClass | None
    reason: str
    message: str


_FINE: Final = _Verdict(Outcome.OK, None, "", "")


async def _look(check: Check, answer: HttpAnswer, days: float | None) -> tuple[Explanation, ...]:
    lines = await explain(check.expectation, _Seen(answer, days))
    return tuple(_plain(line) for line in lines)


def _judge(
    lines: Iterable[Explanation], latency_ms: float, answers_within: timedelta | None
) -> _Verdict:
    """Sum up what was compared, and hold the time against its limit."""
    broken = next((line for line in lines if not line.holds), None)
    if broken is not None:
        failure = _FAILURES.get(broken.operand, FailureClass.BODY)
        return _Verdict(Outcome.FAIL, failure, *_explain(broken))
    if answers_within is None:
        return _FINE
    limit_ms = answers_within.total_seconds() * 1000
    if latency_ms <= limit_ms:
        return _FINE
    return _Verdict(
        Outcome.SLOW,
        None,
        f"{latency_ms:.0f} ms instead of {limit_ms:.0f} ms",
        f"The answer took {latency_ms:.0f} ms; {limit_ms:.0f} ms are wanted.",
    )


def _explain(broken: Explanation) -> tuple[str, str]:
    """Say what is wrong, in a few words and in a sentence.

    Both go into incidents and mails, so they quote nothing of a body, and no text that is looked
    for in it: that stands in the explanations alone.
    """
    operand, actual, expected = broken.operand, broken.actual, broken.expected
    match operand:
        case "Status":
            return f"{actual} instead of {expected}", f"Answered {actual} instead of {expected}."
        case "Body":
            if actual == "found":
                return "text found", "The answer holds a text that must not be there."
            return "text not found", "The answer does not hold the text that is asked for."
        case "Certificate" if actual == "not there":
            return "no certificate", "There is no certificate, because the answer came without TLS."
        case "Certificate":
            words = f"certificate: {actual}"
            return words, f"The certificate has {actual}; {expected} are wanted."
        case _ if operand.startswith("Header "):
            name = operand.removeprefix("Header ")
            return f"header {name} is wrong"[:80], f"The header {name} is not as asked for."
        case _:
            found = "something else" if broken.quotes else actual
            words = f"{operand} is {found}, expected {expected}"
            return as_plain(words)[:80], as_plain(f"{words}.")


def _verdict_of(fault: Fault | None) -> _Verdict:
    assert fault is not None, "without an answer there is a fault"
    return _Verdict(fault.outcome, fault.failure, fault.reason, fault.message)


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


def _not_runnable(error: ValueError) -> Fault:
    return Fault.of_ours("cannot be run", f"This check cannot be run. {error}")


def _plain(line: Explanation) -> Explanation:
    """Make what a target sent fit for any page."""
    if line.actual.isprintable() and line.expected.isprintable():
        return line
    return replace(line, actual=as_plain(line.actual), expected=as_plain(line.expected))


def _cut(text: str) -> str:
    kept = text.encode(errors="replace")[:EXCERPT_BYTES].decode(errors="ignore")
    return "".join(c for c in kept if c.isprintable() or c in "\n\t")


def _days_until(seconds: float | None, now: datetime) -> float | None:
    return None if seconds is None else round((seconds - now.timestamp()) / 86_400, 3)


def _written(instant: datetime) -> str:
    return f"{instant.isoformat().removesuffix('+00:00')}Z"
