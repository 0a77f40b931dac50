"""Rows to domain values and back: the one mapping between tables and domain."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping

from allgreen.domain.check import Check, CheckState, Confirmation
from allgreen.domain.flapping import Flaps
from allgreen.domain.identity import (
    AccountId,
    CheckId,
    IncidentId,
    OutboxId,
    RecipientId,
    ServiceId,
    WorkspaceId,
)
from allgreen.domain.incident import Incident
from allgreen.domain.notice import Notice
from allgreen.domain.result import Phases, Result, SlotKey
from allgreen.domain.schedule import Schedule
from allgreen.domain.service import Recipient, Service
from allgreen.storage.sql import codec
from allgreen.storage.sql.cipher import Cipher

Row = dict[str, Any]


def service_from_row(
    row: RowMapping,
    checks: Iterable[Check],
    incident: Incident | None,
    depends_on: Iterable[ServiceId],
) -> Service:
    """Build a service with its checks and its open incident."""
    return Service(
        id=ServiceId(row["id"]),
        workspace_id=WorkspaceId(row["workspace_id"]),
        name=row["name"],
        mode=row["mode"],
        version=row["version"],
        revision=row["revision"],
        health=row["health"],
        since=row["since"],
        checks=tuple(checks),
        incident=incident,
        depends_on=tuple(depends_on),
        remind_every=row["remind_every"],
        flaps=Flaps(
            turns=tuple(map(datetime.fromisoformat, row["turns"])),
            since=row["flapping_since"],
            summaries=row["summaries"],
            restless_at=row["restless_at"],
        ),
    )


def service_to_row(service: Service) -> Row:
    """Return all columns of a service."""
    return {
        "id": service.id,
        "workspace_id": service.workspace_id,
        "name": service.name,
        "mode": service.mode,
        "version": service.version,
        "remind_every": service.remind_every,
        **service_state_to_row(service),
    }


def service_state_to_row(service: Service) -> Row:
    """Return the columns of a service that results change."""
    return {
        "revision": service.revision,
        "health": service.health,
        "since": service.since,
        "turns": [turn.isoformat() for turn in service.flaps.turns],
        "flapping_since": service.flaps.since,
        "summaries": service.flaps.summaries,
        "restless_at": service.flaps.restless_at,
    }


def check_from_row(row: RowMapping | Row, cipher: Cipher) -> Check:
    """Build a check with its state and its decrypted options."""
    secrets = None if row["secrets"] is None else cipher.decrypt(row["secrets"])
    return Check(
        id=CheckId(row["id"]),
        workspace_id=WorkspaceId(row["workspace_id"]),
        service_id=ServiceId(row["service_id"]),
        kind=row["kind"],
        options=codec.options_from_json(row["kind"], row["options"], secrets),
        expectation=codec.expectation_from_json(row["expectation"]),
        schedule=Schedule(every=row["every"], anchor=row["anchor"]),
        timeout=row["timeout"],
        answers_within=row["answers_within"],
        upside_down=row["upside_down"],
        confirmation=Confirmation(
            down=row["confirm_down"],
            up=row["confirm_up"],
            slow=row["confirm_slow"],
            blind=row["confirm_blind"],
        ),
        version=row["version"],
        state=_state_from_row(row),
    )


def check_to_row(check: Check, position: int, cipher: Cipher) -> Row:
    """Return all columns of a check that is not deleted."""
    secrets = codec.secrets_to_text(check.options)
    return {
        "id": check.id,
        "workspace_id": check.workspace_id,
        "service_id": check.service_id,
        "position": position,
        "is_deleted": False,
        "kind": check.kind,
        "options": codec.options_to_json(check.options),
        "secrets": None if secrets is None else cipher.encrypt(secrets),
        "expectation": codec.expectation_to_json(check.expectation),
        "every": check.schedule.every,
        "anchor": check.schedule.anchor,
        "timeout": check.timeout,
        "answers_within": check.answers_within,
        "upside_down": check.upside_down,
        "confirm_down": check.confirmation.down,
        "confirm_up": check.confirmation.up,
        "confirm_slow": check.confirmation.slow,
        "confirm_blind": check.confirmation.blind,
        "version": check.version,
        **check_state_to_row(check.state),
    }


def check_state_to_row(state: CheckState) -> Row:
    """Return the columns of a check that results change."""
    return {
        "health": state.health,
        "counts_as": state.counts_as,
        "bad": state.bad,
        "good": state.good,
        "slow": state.slow,
        "blind": state.blind,
        "first_bad_slot": state.first_bad_slot,
        "first_good_at": state.first_good_at,
        "last_slot": state.last.slot if state.last else None,
        "last_attempt": state.last.attempt if state.last else None,
        "last_evidence_at": state.last_evidence_at,
        "reason": state.reason,
        "since": state.since,
        "blocked_told": state.blocked_told,
    }


def _state_from_row(row: RowMapping | Row) -> CheckState:
    last_slot = row["last_slot"]
    return CheckState(
        health=row["health"],
        counts_as=row["counts_as"],
        bad=row["bad"],
        good=row["good"],
        slow=row["slow"],
        blind=row["blind"],
        first_bad_slot=row["first_bad_slot"],
        first_good_at=row["first_good_at"],
        last=None if last_slot is None else SlotKey(last_slot, row["last_attempt"]),
        last_evidence_at=row["last_evidence_at"],
        reason=row["reason"],
        since=row["since"],
        blocked_told=row["blocked_told"],
    )


def result_from_row(row: RowMapping) -> Result:
    """Build a result; without explanations when their column was not asked for."""
    return Result(
        check_id=CheckId(row["check_id"]),
        service_id=ServiceId(row["service_id"]),
        workspace_id=WorkspaceId(row["workspace_id"]),
        slot=row["slot"],
        attempt=row["attempt"],
        started_at=row["started_at"],
        finished_at=row["finished_at"],
        outcome=row["outcome"],
        version=row["version"],
        fence=row["fence"],
        failure=row["failure"],
        reason=row["reason"],
        message=row["message"],
        http_status=row["http_status"],
        latency_ms=row["latency_ms"],
        phases=Phases(
            dns_ms=row["dns_ms"],
            connect_ms=row["connect_ms"],
            tls_ms=row["tls_ms"],
            first_byte_ms=row["first_byte_ms"],
            body_ms=row["body_ms"],
        ),
        explanations=codec.explanations_from_json(row.get("explanations")),
        certificate_days=row["certificate_days"],
    )


def result_to_row(result: Result) -> Row:
    """Return all columns of a result."""
    return {
        "check_id": result.check_id,
        "slot": result.slot,
        "attempt": result.attempt,
        "service_id": result.service_id,
        "workspace_id": result.workspace_id,
        "started_at": result.started_at,
        "finished_at": result.finished_at,
        "outcome": result.outcome,
        "version": result.version,
        "fence": result.fence,
        "failure": result.failure,
        "reason": result.reason,
        "message": result.message,
        "http_status": result.http_status,
        "latency_ms": result.latency_ms,
        "dns_ms": result.phases.dns_ms,
        "connect_ms": result.phases.connect_ms,
        "tls_ms": result.phases.tls_ms,
        "first_byte_ms": result.phases.first_byte_ms,
        "body_ms": result.phases.body_ms,
        "explanations": codec.explanations_to_json(result.explanations) or None,
        "certificate_days": result.certificate_days,
    }


def incident_from_row(row: RowMapping) -> Incident:
    """Build an incident."""
    return Incident(
        id=IncidentId(row["id"]),
        workspace_id=WorkspaceId(row["workspace_id"]),
        service_id=ServiceId(row["service_id"]),
        state=row["state"],
        began_at=row["began_at"],
        confirmed_at=row["confirmed_at"],
        ended_at=row["ended_at"],
        reason=row["reason"],
        resolution=row["resolution"],
        reopened=row["reopened"],
        reopened_at=row["reopened_at"],
        quiet=row["quiet"],
        blocked_by=None if row["blocked_by"] is None else ServiceId(row["blocked_by"]),
        reminded=row["reminded"],
    )


def incident_to_row(incident: Incident) -> Row:
    """Return all columns of an incident."""
    return {
        "id": incident.id,
        "workspace_id": incident.workspace_id,
        "service_id": incident.service_id,
        "state": incident.state,
        "began_at": incident.began_at,
        "confirmed_at": incident.confirmed_at,
        "ended_at": incident.ended_at,
        "reason": incident.reason,
        "resolution": incident.resolution,
        "reopened": incident.reopened,
        "reopened_at": incident.reopened_at,
        "quiet": incident.quiet,
        "blocked_by": incident.blocked_by,
        "reminded": incident.reminded,
    }


def recipient_from_row(row: RowMapping) -> Recipient:
    """Build a recipient."""
    account_id = row["account_id"]
    return Recipient(
        id=RecipientId(row["id"]),
        service_id=ServiceId(row["service_id"]),
        workspace_id=WorkspaceId(row["workspace_id"]),
        address=row["address"],
        name=row["name"],
        account_id=None if account_id is None else AccountId(account_id),
        confirmed_at=row["confirmed_at"],
    )


def recipient_to_row(recipient: Recipient) -> Row:
    """Return all columns of a recipient but its position."""
    return {
        "id": recipient.id,
        "service_id": recipient.service_id,
        "workspace_id": recipient.workspace_id,
        "address": recipient.address,
        "name": recipient.name,
        "account_id": recipient.account_id,
        "confirmed_at": recipient.confirmed_at,
    }


def notice_from_row(row: RowMapping) -> Notice:
    """Build a notice; without facts when their column was not asked for."""
    return Notice(
        id=OutboxId(row["id"]),
        key=row["key"],
        kind=row["kind"],
        channel=row["channel"],
        address=row["address"],
        workspace_id=row["workspace_id"],
        service_id=row["service_id"],
        incident_id=row["incident_id"],
        recipient_id=row["recipient_id"],
        facts=row.get("facts", {}),
        state=row["state"],
        attempt=row["attempt"],
        fence=row["fence"],
        created_at=row["created_at"],
        due_at=row["due_at"],
        sent_at=row["sent_at"],
        last_error=row["last_error"],
        failed_at=row["failed_at"],
        batch=row["batch"],
        is_unsure=row["is_unsure"],
    )


def notice_to_row(notice: Notice) -> Row:
    """Return all columns of a notice but its place in the order."""
    return {
        "id": notice.id,
        "key": notice.key,
        "kind": notice.kind,
        "channel": notice.channel,
        "address": notice.address,
        "workspace_id": notice.workspace_id,
        "service_id": notice.service_id,
        "incident_id": notice.incident_id,
        "recipient_id": notice.recipient_id,
        "facts": dict(notice.facts),
        "state": notice.state,
        "attempt": notice.attempt,
        "fence": notice.fence,
        "created_at": notice.created_at,
        "due_at": notice.due_at,
        "sent_at": notice.sent_at,
        "last_error": notice.last_error,
        "failed_at": notice.failed_at,
        "batch": notice.batch,
        "is_unsure": notice.is_unsure,
    }
