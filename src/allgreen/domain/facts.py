"""Facts: what a message is made of, frozen when it happened.

They are stored as JSON with the outbox row and rendered when the message is sent, so that a late
message can say that it is late. No secret, no header value and no body of a target is a fact.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The facts of one notice; a kind of notice uses those that concern it.

    Attributes:
        reason: Short text of the failure, such as ``503 instead of 202``.
        message: The same as one sentence for people.
        expected: What a good answer is: ``202, within 800 ms``.
        got: What came instead: ``503, after 1,204 ms``.
        request: Method and URL without query and user info.
        attempts: How many failures in a row confirmed it; 0 when that is not known.
        health: How the service is after it came back: ``up`` or ``degraded``.
        period: When it is checked again, in words: ``every minute``.
        told_others: How many other recipients are told the same.
        strip14: Letters of `DayGrade` for the latest 14 local days, today last.
        zone: IANA name of the zone in which times are shown and days are cut.
        late: The recipient is told after the others, on joining the list of an open incident.
        turns: How often it turned within the last hour, for one that is flapping.
        affected: Names of services that depend on this one and are down with it; only for
            members, because others need not know what else there is.
        affected_count: How many those are.
        address: Whom a message that was given up was meant for.
        incidents: Of how many incidents that message told.
        actor: Name of the person who did it.
        role: The role that a person is given.
        change: What changed, as the end of a sentence: ``your password was changed``.
        until: Until when something can be done about it.
        to_member: It goes to somebody who was a member when it happened, and whose address only
            owners see, also once they are gone.
    """

    service_name: str = ""
    workspace_name: str = ""
    reason: str = ""
    message: str = ""
    expected: str = ""
    got: str = ""
    request: str = ""
    attempts: int = 0
    health: str = ""
    began_at: datetime | None = None
    confirmed_at: datetime | None = None
    ended_at: datetime | None = None
    duration_s: float | None = None
    period: str = ""
    told_others: int = 0
    strip14: str = ""
    zone: str = "UTC"
    late: bool = False
    turns: int = 0
    affected: tuple[str, ...] = ()
    affected_count: int = 0
    address: str = ""
    incidents: int = 1
    actor: str = ""
    role: str = ""
    change: str = ""
    until: datetime | None = None
    to_member: bool = False

    def for_strangers(self) -> Facts:
        """Return what somebody may hear who is on the list and no member of the workspace."""
        return replace(self, affected=(), to_member=False)

    def for_members(self) -> Facts:
        """Return what somebody hears who is a member of the workspace."""
        return replace(self, to_member=True)

    def to_json(self) -> dict[str, object]:
        """Return what a JSON column can hold; instants become RFC 3339 text."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {
            name: value.isoformat() if isinstance(value, datetime) else _as_json(value)
            for name, value in values.items()
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, object]) -> Facts:
        """Read them back.

        A name that is unknown (of a newer release) is left out and one that is missing (of an
        older one) has its default, so that a waiting message survives an upgrade.
        """
        values = {field.name: stored[field.name] for field in fields(cls) if field.name in stored}
        for name in _INSTANTS & values.keys():
            values[name] = _instant(values[name])
        if isinstance(affected := values.get("affected"), list):
            values["affected"] = tuple(affected)
        return cls(**values)  # type: ignore[arg-type]  # written by `to_json`

    @property
    def duration(self) -> timedelta | None:
        """Return how long the outage lasted."""
        return None if self.duration_s is None else timedelta(seconds=self.duration_s)


_INSTANTS = {"began_at", "confirmed_at", "ended_at", "until"}


def _as_json(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value


def _instant(value: object) -> datetime | None:
    return datetime.fromisoformat(value) if isinstance(value, str) else None
