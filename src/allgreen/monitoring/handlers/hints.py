"""Handlers afterwards: hints for screens and for those who wait for something to do."""

from collections.abc import Callable
from dataclasses import dataclass

from allgreen.domain.events import (
    AbsenceEnded,
    CheckFailed,
    CheckParked,
    CheckSucceeded,
    IncidentOpened,
    IncidentReleased,
    IncidentReminded,
    IncidentResolved,
    RecipientAdded,
    ServiceBlocked,
    ServiceChanged,
    ServiceFlapping,
    ServiceStatusChanged,
    ServiceSteady,
    WatcherWentOffline,
)
from allgreen.ports import Change, EventBroker


@dataclass(frozen=True, slots=True, kw_only=True)
class Doorbells:
    """Rings where something committed may be of interest.

    Attributes:
        broker: Tells screens.
        on_schedule: Called when people changed what runs when.
        on_outbox: Called when messages are owed.
    """

    broker: EventBroker
    on_schedule: Callable[[], None]
    on_outbox: Callable[[], None]

    def result(self, event: CheckSucceeded | CheckFailed) -> None:
        """Say that a service has a new result."""
        result = event.result
        self.broker.publish(
            [Change(workspace_id=result.workspace_id, kind="result", id=result.service_id)]
        )

    def health(self, event: ServiceStatusChanged) -> None:
        """Say that the health of a service turned."""
        self.broker.publish(
            [Change(workspace_id=event.workspace_id, kind="service", id=event.service_id)]
        )

    def change(self, event: ServiceChanged) -> None:
        """Say that people changed a service."""
        hint = Change(
            workspace_id=event.workspace_id,
            kind="service",
            id=event.service_id,
            version=event.version,
        )
        self.broker.publish([hint])
        self.on_schedule()

    def incident(
        self, event: IncidentOpened | IncidentReleased | IncidentReminded | IncidentResolved
    ) -> None:
        """Say that an incident began or ended, and that people are to be told."""
        incident = event.incident
        self.broker.publish(
            [Change(workspace_id=incident.workspace_id, kind="incident", id=incident.id)]
        )
        self.on_outbox()

    def message(
        self,
        _event: RecipientAdded | ServiceBlocked | CheckParked | ServiceFlapping | ServiceSteady,
    ) -> None:
        """Say that people may have to be told."""
        self.on_outbox()

    def watcher(self, event: WatcherWentOffline | AbsenceEnded) -> None:
        """Say in all workspaces that a watcher went away or came back."""
        self.broker.publish(
            Change(workspace_id=each, kind="workspace", id=each, is_public=True)
            for each in event.workspaces
        )
        self.on_schedule()
        self.on_outbox()
