"""Commands by which people say what is watched, and how."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from allgreen.domain.check import Check
from allgreen.domain.commands import (
    DeleteCheck,
    DeleteService,
    EditService,
    ExecuteChecks,
    PauseService,
    RegisterCheck,
    RegisterService,
    ResumeService,
)
from allgreen.domain.events import RecipientAdded, ServiceChanged
from allgreen.domain.identity import AccountId, CheckId
from allgreen.domain.service import Observed, Recipient, Service
from allgreen.domain.status import Mode
from allgreen.errors import InvalidInputError, NotFoundError, VersionConflictError
from allgreen.monitoring import wording
from allgreen.monitoring.bus import Turn
from allgreen.monitoring.handlers.asking import (
    ask_downstream,
    ask_now,
    not_confirming,
    plan_soon,
)
from allgreen.monitoring.handlers.dependencies import depend
from allgreen.monitoring.wording import Edit
from allgreen.ports import UnitOfWork


async def register_service(command: RegisterService, turn: Turn) -> None:
    """Store a service and its recipients; its checks come with commands of their own."""
    service = Service(
        id=command.service_id,
        workspace_id=command.workspace_id,
        name=command.name,
        remind_every=command.remind_every,
    )
    service = await depend(service, command.depends_on, turn.uow)
    await turn.uow.services.add(service)
    await turn.uow.recipients.replace(service.id, command.recipients)
    await turn.tell(
        _changed(service, "service.registered", "began to watch it", command.by, command.at)
    )


async def register_check(command: RegisterCheck, turn: Turn) -> None:
    """Add a check, due at once."""
    before = await turn.uow.services.get(command.check.service_id, lock=True)
    observed = before.reconfigure((*before.checks, command.check), command.at)
    # The first check is part of registering the service, which is one act with one version.
    after = _edited(observed.service) if before.checks else observed.service
    await turn.uow.services.save([after])
    await _plan_anew(before, after, command.at, turn.uow)
    change = f"added {wording.request_in_words(command.check)}"
    await turn.tell(
        *observed.events, _changed(after, "check.registered", change, command.by, command.at)
    )


async def edit_service(command: EditService, turn: Turn) -> None:
    """Change a service and run at once what is asked differently now."""
    uow = turn.uow
    before = await uow.services.get(command.service_id, lock=True)
    if before.version != command.expected_version:
        raise VersionConflictError("service")
    observed = _apply(before, command)
    after = _edited(observed.service)
    if command.depends_on is not None:
        after = await depend(after, command.depends_on, uow)
    await uow.services.save([after])
    await _plan_anew(before, after, command.at, uow)
    edits = wording.list_changes(before, after)
    added: list[RecipientAdded] = []
    if command.recipients is not None:
        added, told = await _replace_recipients(before, command.recipients, command.at, uow)
        edits += told
    await turn.tell(
        *observed.events,
        _edit(after, "service.edited", edits, command.by, command.at),
        *added,
    )
    await _release_downstream(before, after, command.at, uow)


async def pause_service(command: PauseService, turn: Turn) -> None:
    """Stop to check; results that are on their way belong to the history only."""
    before = await turn.uow.services.get(command.service_id, lock=True)
    if before.mode is Mode.PAUSED:
        return
    observed = before.pause(command.at)
    after = _edited(observed.service)
    await turn.uow.services.save([after])
    await turn.uow.checks.revoke_lease(check.id for check in after.checks)
    await turn.tell(
        *observed.events, _changed(after, "service.paused", "paused it", command.by, command.at)
    )
    await _release_downstream(before, after, command.at, turn.uow)


async def resume_service(command: ResumeService, turn: Turn) -> None:
    """Check again, at once."""
    before = await turn.uow.services.get(command.service_id, lock=True)
    if before.mode is Mode.ACTIVE:
        return
    observed = before.resume(command.at)
    after = _edited(observed.service)
    await turn.uow.services.save([after])
    await plan_soon(after.checks, command.at, turn.uow)
    await turn.tell(
        *observed.events, _changed(after, "service.resumed", "resumed it", command.by, command.at)
    )


async def delete_service(command: DeleteService, turn: Turn) -> None:
    """Stop to watch for ever; what was still to be told is not told any more."""
    before = await turn.uow.services.get(command.service_id, lock=True)
    observed = before.delete(command.at)
    after = _edited(observed.service)
    await turn.uow.checks.revoke_lease(check.id for check in after.checks)
    await turn.uow.outbox.cancel(after.id)
    await turn.uow.services.save([after])
    await turn.tell(
        *observed.events, _changed(after, "service.deleted", "deleted it", command.by, command.at)
    )
    await _release_downstream(before, after, command.at, turn.uow)


async def delete_check(command: DeleteCheck, turn: Turn) -> None:
    """Remove a check, but never the last one: a service without checks would say nothing."""
    before = await turn.uow.services.get(command.service_id, lock=True)
    kept = [check for check in before.checks if check.id != command.check_id]
    if len(kept) == len(before.checks):
        raise NotFoundError("check")
    if not kept:
        raise InvalidInputError.at(
            "checks",
            "last_check",
            "A service keeps at least one check. Delete the service instead.",
        )
    observed = before.reconfigure(kept, command.at)
    after = _edited(observed.service)
    await turn.uow.checks.revoke_lease([command.check_id])
    await turn.uow.services.save([after])
    edits = wording.list_changes(before, after)
    await turn.tell(*observed.events, _edit(after, "check.deleted", edits, command.by, command.at))
    await _release_downstream(before, after, command.at, turn.uow)


async def execute_checks(command: ExecuteChecks, turn: Turn) -> None:
    """Run all checks now."""
    service = await turn.uow.services.get(command.service_id, lock=True)
    if service.mode is not Mode.ACTIVE:
        raise InvalidInputError.at("", "paused", "This service is paused. Resume it to check it.")
    await ask_now(service.checks, command.at, turn.uow)
    await turn.tell(_changed(service, "service.checked", "checked it now", command.by, command.at))


async def _release_downstream(
    before: Service, after: Service, at: datetime, uow: UnitOfWork
) -> None:
    """Ask what was quiet for a service whose trouble ended by the will of people."""
    if before.is_in_trouble and not after.is_in_trouble:
        await ask_downstream([after.id], at, uow)


def _apply(before: Service, command: EditService) -> Observed:
    service, observed = before, Observed(service=before)
    if command.checks is not None:
        observed = service.reconfigure(command.checks, command.at)
        service = observed.service
    if command.name is not None:
        service = service.rename(command.name)
    if command.every is not None and _has_other_period(service, command):
        service = service.reschedule(command.every, command.at)
    if command.remind_every is not None:
        service = replace(service, remind_every=command.remind_every or None)
    return replace(observed, service=service)


def _has_other_period(service: Service, command: EditService) -> bool:
    return any(check.schedule.every != command.every for check in service.checks)


def _edited(service: Service) -> Service:
    return replace(service, version=service.version + 1)


async def _plan_anew(before: Service, after: Service, at: datetime, uow: UnitOfWork) -> None:
    """Plan the checks whose question or grid is another now; removed ones lose their lease."""
    old = {check.id: check for check in before.checks}
    asked_anew = [check for check in after.checks if _version(old, check) != check.version]
    moved = [
        check
        for check in after.checks
        if check not in asked_anew and old[check.id].schedule != check.schedule
    ]
    gone = old.keys() - {check.id for check in after.checks}
    # A failure that is being confirmed goes on being confirmed, on the old grid.
    now_due = [*asked_anew, *await not_confirming(moved, uow)]
    await plan_soon(now_due, at, uow)
    await uow.checks.revoke_lease([*gone, *(check.id for check in asked_anew)])


def _version(known: Mapping[CheckId, Check], check: Check) -> int | None:
    old = known.get(check.id)
    return None if old is None else old.version


async def _replace_recipients(
    service: Service, recipients: tuple[Recipient, ...], at: datetime, uow: UnitOfWork
) -> tuple[list[RecipientAdded], list[Edit]]:
    known = {recipient.id for recipient in await uow.recipients.of_service(service.id)}
    removed = known - {recipient.id for recipient in recipients}
    for recipient_id in removed:
        await uow.recipients.remove(recipient_id)
    await uow.recipients.replace(service.id, recipients)
    new = [recipient for recipient in recipients if recipient.id not in known]
    added = [
        RecipientAdded(
            recipient_id=recipient.id,
            service_id=service.id,
            workspace_id=service.workspace_id,
            at=at,
        )
        for recipient in new
        if recipient.confirmed_at is not None
    ]
    # How many, and not who: an address that is taken off must not stay for ever in the history.
    told = Edit(
        words="changed who is told",
        what="told",
        before=str(len(known)),
        after=str(len(recipients)),
    )
    return added, [told] if new or removed else []


def _edit(
    service: Service, action: str, edits: Sequence[Edit], by: AccountId, at: datetime
) -> ServiceChanged:
    """Note what was changed, in words and side by side."""
    change = wording.edits_in_words(edits) or "saved it without a change"
    return replace(
        _changed(service, action, change, by, at),
        before={edit.what: edit.before for edit in edits if edit.before},
        after={edit.what: edit.after for edit in edits if edit.after},
    )


def _changed(
    service: Service, action: str, change: str, by: AccountId, at: datetime
) -> ServiceChanged:
    return ServiceChanged(
        service_id=service.id,
        workspace_id=service.workspace_id,
        action=action,
        change=change,
        version=service.version,
        by=by,
        at=at,
    )
