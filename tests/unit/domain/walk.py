"""A service led through outcomes the way the pipe does: each run follows from the one before."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from allgreen.domain.check import Confirmation, Slot
from allgreen.domain.events import (
    CheckAccountChanged,
    Event,
    IncidentOpened,
    IncidentResolved,
    ServiceStatusChanged,
)
from allgreen.domain.flapping import FlapRule
from allgreen.domain.identity import IncidentId
from allgreen.domain.incident import Incident
from allgreen.domain.result import Result
from allgreen.domain.service import Service
from allgreen.domain.status import Outcome, TimeKind
from allgreen.domain.uptime import Span
from allgreen.testing import CHECK, MINUTE, NOON, SequentialIds, a_check, a_result, a_service

NEVER_TOO_OFTEN = FlapRule(turns=0)
RUN_TIME = timedelta(seconds=1)


@dataclass
class Walk:
    """What a service went through, one letter of `allgreen.testing.outcomes` for each run."""

    service: Service
    slot: Slot = field(default_factory=lambda: Slot(at=NOON, due_at=NOON))
    events: list[Event] = field(default_factory=list)
    results: list[Result] = field(default_factory=list)
    now: datetime = NOON
    ids: SequentialIds = field(default_factory=SequentialIds)

    def take(self, outcomes: Iterable[Outcome]) -> Walk:
        """Run on, each outcome at the slot that the machine planned."""
        for outcome in outcomes:
            self.now = max(self.now, self.slot.due_at)
            result = a_result(
                outcome,
                slot=self.slot.at,
                attempt=self.slot.attempt,
                started_at=self.now,
                latency_ms=RUN_TIME / timedelta(milliseconds=1),
                version=self.service.checks[0].version,
            )
            self.now = result.finished_at
            self.see(result)
            self.slot = self.service.next_slot(result, now=self.now)
        return self

    def see(self, result: Result) -> None:
        """Take one result in, whatever its slot is."""
        observed = self.service.observe(
            result, incident_id=IncidentId(self.ids()), rule=NEVER_TOO_OFTEN
        )
        self.service = observed.service
        self.events.extend(observed.events)
        self.results.append(result)

    @property
    def opened(self) -> list[Incident]:
        """Return the incidents as they began."""
        return [event.incident for event in self.events if isinstance(event, IncidentOpened)]

    @property
    def resolved(self) -> list[Incident]:
        """Return the incidents as they ended."""
        return [event.incident for event in self.events if isinstance(event, IncidentResolved)]

    @property
    def turns(self) -> list[ServiceStatusChanged]:
        """Return the transitions of health."""
        return [event for event in self.events if isinstance(event, ServiceStatusChanged)]

    @property
    def spans(self) -> list[Span]:
        """Return how the time of the check counts, as a span repository keeps it."""
        spans: list[Span] = []
        for event in self.events:
            if isinstance(event, CheckAccountChanged) and event.check_id == CHECK:
                spans = [span for span in spans if span.began_at < event.at]
                if spans and spans[-1].kind is event.kind:
                    last = spans.pop()
                    spans.append(Span(kind=last.kind, began_at=last.began_at))
                    continue
                if spans:
                    last = spans.pop()
                    spans.append(Span(kind=last.kind, began_at=last.began_at, ended_at=event.at))
                spans.append(Span(kind=event.kind, began_at=event.at))
        return spans

    def time_of(self, kind: TimeKind, until: datetime) -> timedelta:
        """Return the time of one kind from the begin of the walk on."""
        return sum(
            ((span.ended_at or until) - span.began_at for span in self.spans if span.kind is kind),
            timedelta(0),
        )


def a_walk(*, confirmation: Confirmation | None = None, every: timedelta = MINUTE) -> Walk:
    """Return a service that was just registered, due at noon."""
    return Walk(a_service(a_check(confirmation=confirmation, every=every)))
