"""From what a probe brought home to a result: one way for every kind of check."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from allgreen.domain.check import Check, LeasedCheck, Slot
from allgreen.domain.expectation import Answer, Explanation
from allgreen.domain.result import Phases, Result
from allgreen.domain.status import FailureClass, Outcome
from allgreen.domain.veil import is_open_in_words
from allgreen.executors.matching import Budget, explain, find_values, has_match, parse_json
from allgreen.outbound.fault import Fault, as_plain

EXCERPT_BYTES: Final = 1024

_FAILURES: Final = {
    "Status": FailureClass.STATUS,
    "Certificate": FailureClass.TLS,
    "Records": FailureClass.DNS,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a probe brought home, before it is held against what is expected.

    Attributes:
        answer: What expectations may look at; `None` with a fault.
        fault: Why there is no answer; `None` with one.
        latency_ms: Milliseconds from the begin to the last thing that was wanted.
    """

    answer: Answer | None = None
    fault: Fault | None = None
    latency_ms: float = 0.0
    phases: Phases = field(default_factory=Phases)
    http_status: int | None = None
    certificate_days: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What a check that is not saved yet would have found; nothing of it is kept.

    Attributes:
        body_excerpt: Begin of the answer as text, at most 1 KiB; for admins only.
    """

    result: Result
    explanations: tuple[Explanation, ...]
    body_excerpt: str


class Seen:
    """What expectations may look at; a kind of check fills in what it knows."""

    def __init__(
        self,
        text: str = "",
        *,
        size_bytes: int | None = None,
        is_whole: bool = True,
        certificate_days: float | None = None,
        records: Sequence[str] = (),
    ) -> None:
        self._text = text
        self._size_bytes = size_bytes
        self._is_whole = is_whole
        self._certificate_days = certificate_days
        self._records = records
        self._document: tuple[object, ValueError | None] | None = None
        self._budget = Budget()

    @property
    def http_status(self) -> int | None:
        """Return nothing: only HTTP has one."""
        return None

    @property
    def text(self) -> str:
        """Return what was said."""
        return self._text

    @property
    def size_bytes(self) -> int | None:
        """Return how much was said."""
        return self._size_bytes

    @property
    def is_whole(self) -> bool:
        """Tell whether that is all."""
        return self._is_whole

    @property
    def certificate_days(self) -> float | None:
        """Return how long the certificate lasts."""
        return self._certificate_days

    @property
    def records(self) -> Sequence[str]:
        """Return the records of DNS."""
        return self._records

    def headers(self, name: str) -> Sequence[str]:
        """Return nothing: only HTTP has them."""
        return ()

    def matches(self, pattern: str, texts: Sequence[str] | None = None) -> bool:
        """Search texts, or what was said."""
        return has_match(pattern, *((self.text,) if texts is None else texts))

    def find_json(self, path: str) -> Sequence[object]:
        """Search what was said, read once."""
        if self._document is None:
            self._document = self._parse()
        document, problem = self._document
        if problem is not None:
            raise problem
        return find_values(document, path, self._budget)

    def _parse(self) -> tuple[object, ValueError | None]:
        if not self.is_whole:
            return None, ValueError("longer than 64 KiB")
        try:
            return parse_json(self.text), None
        except ValueError as error:
            return None, error


def not_runnable(error: ValueError) -> Finding:
    """Return what there is of a check that cannot be asked, such as one of an older release."""
    fault = Fault.of_ours("cannot be run", f"This check cannot be run. {error}")
    return Finding(fault=fault)


async def conclude(
    leased: LeasedCheck, started_at: datetime, finished_at: datetime, finding: Finding
) -> Result:
    """Hold what was found against what is expected.

    Args:
        leased: What was run.
        started_at: Wall clock at the begin.
        finished_at: Wall clock at the end.
        finding: What came of it.
    """
    check, slot = leased.check, leased.slot
    lines: tuple[Explanation, ...] = ()
    if finding.answer is None:
        verdict = _verdict_of(finding.fault)
    else:
        found = await explain(check.expectation, finding.answer)
        lines = tuple(_plain(line) for line in found)
        verdict = _judge(lines, finding.latency_ms, check.answers_within)
    return Result(
        check_id=check.id,
        service_id=check.service_id,
        workspace_id=check.workspace_id,
        slot=slot.at,
        attempt=slot.attempt,
        started_at=started_at,
        finished_at=max(finished_at, started_at),
        outcome=verdict.outcome,
        version=check.version,
        fence=leased.fence,
        failure=verdict.failure,
        reason=verdict.reason,
        message=verdict.message,
        http_status=finding.http_status,
        latency_ms=None if finding.answer is None else finding.latency_ms,
        phases=finding.phases,
        explanations=lines,
        certificate_days=finding.certificate_days,
    )


async def conclude_preview(
    check: Check, started_at: datetime, finished_at: datetime, finding: Finding
) -> Preview:
    """Do the same for a check that is not saved, and show more of the answer than is ever kept."""
    slot = Slot(at=started_at, due_at=started_at)
    leased = LeasedCheck(check=check, slot=slot, fence=0, leased_until=started_at)
    result = await conclude(leased, started_at, finished_at, finding)
    if check.upside_down:
        result = result.turned_over()
    excerpt = "" if finding.answer is None else _cut(finding.answer.text)
    return Preview(result=result, explanations=result.explanations, body_excerpt=excerpt)


def days_until(seconds: float | None, now: datetime) -> float | None:
    """Return the days until an instant in seconds since 1970."""
    return None if seconds is None else round((seconds - now.timestamp()) / 86_400, 3)


class _Verdict(NamedTuple):
    outcome: Outcome
    failure: FailureClass | None
    reason: str
    message: str


_FINE: Final = _Verdict(Outcome.OK, None, "", "")


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

    Both go into incidents and mails, so they quote nothing that a target sent, and no text that is
    looked for in it: that stands in the explanations alone.
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
        case "Records":
            return "other DNS records", "DNS answers with other records than those asked for."
        case _ if operand.startswith("Header "):
            name = operand.removeprefix("Header ")
            return f"header {name} is wrong"[:80], f"The header {name} is not as asked for."
        case _ if operand.startswith("$") and not is_open_in_words(expected):
            words = f"{operand} is {'wrong' if broken.quotes else actual}"
            return as_plain(words)[:80], as_plain(f"The value at {operand} is not as asked for.")
        case _:
            found = "something else" if broken.quotes else actual
            words = f"{operand} is {found}, expected {expected}"
            return as_plain(words)[:80], as_plain(f"{words}.")


def _verdict_of(fault: Fault | None) -> _Verdict:
    assert fault is not None, "without an answer there is a fault"
    return _Verdict(fault.outcome, fault.failure, fault.reason, fault.message)


def _plain(line: Explanation) -> Explanation:
    """Make what a target sent fit for any page."""
    if line.actual.isprintable() and line.expected.isprintable():
        return line
    return replace(line, actual=as_plain(line.actual), expected=as_plain(line.expected))


def _cut(text: str) -> str:
    kept = text.encode(errors="replace")[:EXCERPT_BYTES].decode(errors="ignore")
    return "".join(c for c in kept if c.isprintable() or c in "\n\t")
