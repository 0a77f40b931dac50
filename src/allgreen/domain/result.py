"""Result: one run of one check, one outcome, with measurements and units."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime

from allgreen.domain.expectation import Explanation
from allgreen.domain.identity import CheckId, ServiceId, WorkspaceId
from allgreen.domain.status import FailureClass, Outcome


@dataclass(frozen=True, slots=True, order=True)
class SlotKey:
    """Identity and order of a run within its check: slot, then attempt."""

    slot: datetime
    attempt: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Phases:
    """Milliseconds of each phase of a run; `None` for a phase that did not happen."""

    dns_ms: float | None = None
    connect_ms: float | None = None
    tls_ms: float | None = None
    first_byte_ms: float | None = None
    body_ms: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """The outcome of one run of one check.

    Attributes:
        slot: Scheduled instant, aware UTC.
        attempt: 1 for the slot itself, 2 and 3 for its quick re-probes.
        started_at: Wall clock at the begin of the run.
        latency_ms: Milliseconds from begin to the last byte that was wanted, by the monotonic
            clock; `None` when there was no answer.
        version: Version of the check that was run.
        fence: Fence of the lease under which it was run.
        failure: Where a failing target failed; only with `Outcome.FAIL`.
        message: One sentence for people; text only, at most 300 characters.
        reason: The shortest form of it, such as ``503 instead of 200``.
        explanations: One line for each expectation that was looked at.
    """

    check_id: CheckId
    service_id: ServiceId
    workspace_id: WorkspaceId
    slot: datetime
    attempt: int = 1
    started_at: datetime
    finished_at: datetime
    outcome: Outcome
    version: int = 1
    fence: int = 0
    failure: FailureClass | None = None
    reason: str = ""
    message: str = ""
    http_status: int | None = None
    latency_ms: float | None = None
    phases: Phases = field(default_factory=Phases)
    explanations: tuple[Explanation, ...] = ()
    certificate_days: float | None = None

    @property
    def key(self) -> SlotKey:
        """Return slot and attempt, by which results of a check are ordered."""
        return SlotKey(self.slot, self.attempt)

    def turned_over(self) -> Result:
        """Return the result of a check that is upside down: its target is expected to fail.

        What says nothing about the target stays as it is.
        """
        if self.outcome is Outcome.FAIL:
            return replace(
                self,
                outcome=Outcome.OK,
                failure=None,
                reason="",
                message="",
                explanations=(_upside_down(self.reason, holds=True),),
            )
        if self.outcome in (Outcome.OK, Outcome.SLOW):
            return replace(
                self,
                outcome=Outcome.FAIL,
                failure=FailureClass.ANSWERED,
                reason="answers, though it must not",
                message="It answers as if all were well, and this check expects it to fail.",
                explanations=(_upside_down("answers", holds=False),),
            )
        return self


def _upside_down(actual: str, *, holds: bool) -> Explanation:
    return Explanation(operand="Upside down", actual=actual, expected="a failure", holds=holds)
