"""Why there is no answer, and whose fault that is: a value, never an exception."""

from dataclasses import dataclass
from typing import Final, Self

from allgreen.domain.status import FailureClass, Outcome
from allgreen.errors import TargetBlockedError

_LONGEST_MESSAGE: Final = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What ended a request before there was an answer.

    Attributes:
        outcome: `FAIL` when the target is at fault, `BLOCKED` when our guard refused the
            address, `PROBE_ERROR` when the fault is ours, `MISSED` when nobody was asked.
        failure: Where the target failed; only with `FAIL`.
        reason: A few words, such as ``connection refused``.
        message: One sentence for people; text only, at most 300 characters.
    """

    outcome: Outcome
    failure: FailureClass | None = None
    reason: str
    message: str

    @classmethod
    def of_target(cls, failure: FailureClass, reason: str, message: str) -> Self:
        """Blame the target."""
        return cls(
            outcome=Outcome.FAIL,
            failure=failure,
            reason=as_plain(reason),
            message=as_plain(message),
        )

    @classmethod
    def of_ours(cls, reason: str, message: str) -> Self:
        """Blame ourselves; such a result says nothing about the target."""
        return cls(outcome=Outcome.PROBE_ERROR, reason=as_plain(reason), message=as_plain(message))

    @classmethod
    def of_pace(cls, reason: str, message: str) -> Self:
        """Say that nobody asked; such a result says nothing about the target either."""
        return cls(outcome=Outcome.MISSED, reason=as_plain(reason), message=as_plain(message))

    @classmethod
    def of_guard(cls, error: TargetBlockedError) -> Self:
        """Say what our guard refused."""
        return cls(outcome=Outcome.BLOCKED, reason="blocked", message=as_plain(str(error)))


def as_plain(text: str, longest: int = _LONGEST_MESSAGE) -> str:
    """Return hostile text on one line, without control characters, at most `longest` characters.

    What a target or a DNS server sent ends up in logs, mails and pages; bidirectional overrides
    could make it read as something else, so whatever is not printable goes.
    """
    if text.isascii() and text.isprintable():
        return text[:longest]
    spaced = " ".join(text.split())
    return "".join(c for c in spaced if c.isprintable())[:longest]
