"""Writes of maintenance windows: definitions are ended and followed, never changed.

What a window means for services and their incidents is looked up where it matters; here is only
what people planned, and the line in the history. The keeper notices begins and ends.
"""

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from allgreen.domain.calendar import is_zone
from allgreen.domain.identity import ServiceId, WindowId
from allgreen.domain.maintenance import Recurrence, Repeat, Window, upcoming
from allgreen.errors import (
    FieldProblem,
    InvalidInputError,
    NotFoundError,
    VersionConflictError,
)
from allgreen.ports import AuditRow, Change
from allgreen.server.auth.access import Access, Member
from allgreen.server.maintenance import queries
from allgreen.server.maintenance.schemas import (
    MaintenanceWindow,
    RecurrenceInput,
    WindowEdit,
    WindowInput,
)
from allgreen.server.platform import Platform
from allgreen.server.wire import read_version
from allgreen.storage.sql.unit_of_work import SqlUnitOfWork

MOST_WINDOWS = 200
"""Windows of one workspace that are not over: pages look at each of them."""


async def plan_window(
    platform: Platform, access: Access, workspace_id: str, form: WindowInput
) -> MaintenanceWindow:
    """Plan a window.

    Raises:
        InvalidInputError: Something cannot be saved; every field that is wrong is told.
    """
    now = platform.clock.now()
    async with platform.database.unit_of_work() as uow:
        member = await access.workspace(uow.connection, workspace_id)
        if await queries.count_windows(uow.connection, member.workspace_id, now) >= MOST_WINDOWS:
            raise InvalidInputError.at(
                "", "limit", f"A workspace has at most {MOST_WINDOWS} windows. Delete one first."
            )
        zone = form.zone or (await uow.workspaces.calendar(member.workspace_id)).zone
        window = Window(
            id=WindowId(platform.new_id()),
            workspace_id=member.workspace_id,
            name=form.name,
            service_ids=_ids(form.service_ids),
            zone=zone,
            first=form.first,
            at=form.at,
            duration=timedelta(minutes=form.duration_minutes),
            recurrence=_read_recurrence(form.recurrence),
            holds_from=now,
        )
        await _refuse(window, window.service_ids, now, uow)
        await uow.windows.save([window])
        await _note(uow, member, window, "planned", now)
        await uow.commit()
    _tell(platform, window)
    return queries.show_window(window, now)


async def edit_window(
    platform: Platform,
    access: Access,
    workspace_id: str,
    window_id: str,
    form: WindowEdit,
    *,
    if_match: str,
) -> MaintenanceWindow:
    """Let a window be another from now on; the time that has passed stays as it was.

    Raises:
        VersionConflictError: Somebody else changed it since it was read.
        InvalidInputError: Something cannot be saved; every field that is wrong is told.
    """
    now = platform.clock.now()
    async with platform.database.unit_of_work() as uow:
        member = await access.workspace(uow.connection, workspace_id)
        before = await _get(uow, member, window_id, if_match)
        old, new = before.edited(_with(before, form), now)
        # One that was covered already may have been deleted since.
        added = set(new.service_ids) - set(before.service_ids)
        await _refuse(new, added, now, uow)
        await uow.windows.save([old, new])
        await _note(uow, member, new, "edited", now)
        await uow.commit()
    _tell(platform, new)
    return queries.show_window(new, now)


async def end_window(
    platform: Platform, access: Access, workspace_id: str, window_id: str, *, if_match: str | None
) -> MaintenanceWindow:
    """End a window that runs; when it comes back, it does so as planned.

    Raises:
        VersionConflictError: Somebody else changed it since it was read.
        InvalidInputError: It is not running.
    """
    now = platform.clock.now()
    async with platform.database.unit_of_work() as uow:
        member = await access.workspace(uow.connection, workspace_id)
        before = await _get(uow, member, window_id, if_match)
        try:
            old, new = before.ended(now)
        except ValueError as error:
            raise InvalidInputError.at("", "not_running", str(error)) from error
        await uow.windows.save([old, new])
        await _note(uow, member, new, "ended", now)
        await uow.commit()
    _tell(platform, new)
    return queries.show_window(new, now)


async def cancel_window(
    platform: Platform, access: Access, workspace_id: str, window_id: str, *, if_match: str | None
) -> None:
    """Cancel a window for ever; one that runs ends now.

    Raises:
        VersionConflictError: Somebody else changed it since it was read.
    """
    now = platform.clock.now()
    async with platform.database.unit_of_work() as uow:
        member = await access.workspace(uow.connection, workspace_id)
        window = await _get(uow, member, window_id, if_match)
        await uow.windows.save([window.cancelled(now)])
        await _note(uow, member, window, "cancelled", now)
        await uow.commit()
    _tell(platform, window)


async def _get(uow: SqlUnitOfWork, member: Member, window_id: str, if_match: str | None) -> Window:
    window = await uow.windows.get(WindowId(window_id), lock=True)
    if window.workspace_id != member.workspace_id:
        raise NotFoundError("maintenance window")
    if if_match is not None and window.version != read_version(if_match, "maintenance window"):
        raise VersionConflictError("maintenance window")
    return window


def _with(window: Window, form: WindowEdit) -> Window:
    """Return a definition with the parts that were sent."""
    return replace(
        window,
        name=window.name if form.name is None else form.name,
        service_ids=window.service_ids if form.service_ids is None else _ids(form.service_ids),
        zone=window.zone if form.zone is None else form.zone,
        first=window.first if form.first is None else form.first,
        at=window.at if form.at is None else form.at,
        duration=window.duration
        if form.duration_minutes is None
        else timedelta(minutes=form.duration_minutes),
        recurrence=window.recurrence
        if form.recurrence is None
        else _read_recurrence(form.recurrence),
    )


def _read_recurrence(form: RecurrenceInput) -> Recurrence:
    """Read how a window comes back; what does not belong to its kind is left out.

    Raises:
        InvalidInputError: What its kind needs is missing.
    """
    is_weekly, is_monthly = form.repeat is Repeat.WEEKLY, form.repeat is Repeat.MONTHLY
    try:
        return Recurrence(
            repeat=form.repeat,
            weekdays=frozenset(form.weekdays if is_weekly else ()),
            day=form.day if is_monthly else None,
            until=None if form.repeat is Repeat.NONE else form.until,
        )
    except ValueError as error:
        field = "recurrence.weekdays" if is_weekly else "recurrence.day"
        raise InvalidInputError.at(field, "missing", str(error)) from error


async def _refuse(
    window: Window, added: Collection[ServiceId], now: datetime, uow: SqlUnitOfWork
) -> None:
    """Refuse what makes no sense, all of it at once.

    Raises:
        InvalidInputError: Something does not.
    """
    known = await queries.list_service_ids(uow.connection, window.workspace_id)
    problems = [
        FieldProblem(
            field=f"service_ids.{place}",
            code="unknown",
            message="There is no such service in this workspace.",
        )
        for place, service_id in enumerate(window.service_ids)
        if service_id in added and service_id not in known
    ]
    problems += _problems_of_time(window, now)
    if problems:
        raise InvalidInputError(problems)


def _problems_of_time(window: Window, now: datetime) -> Iterable[FieldProblem]:
    gap = window.recurrence.shortest_gap
    if not is_zone(window.zone):
        yield FieldProblem(
            field="zone",
            code="unknown",
            message="This time zone is not known. Write a name such as Europe/Rome.",
        )
    elif gap is not None and window.duration >= gap:
        yield FieldProblem(
            field="duration_minutes",
            code="too_long",
            message="It would last until it comes back, and nobody would ever be told of an "
            "outage. Make it shorter.",
        )
    elif not upcoming(window, now, 1):
        yield FieldProblem(
            field="first", code="passed", message="This time has passed. Choose a later one."
        )


def _ids(service_ids: Iterable[str]) -> tuple[ServiceId, ...]:
    return tuple(ServiceId(each) for each in dict.fromkeys(service_ids))


async def _note(uow: SqlUnitOfWork, member: Member, window: Window, did: str, at: datetime) -> None:
    row = AuditRow(
        workspace_id=member.workspace_id,
        at=at,
        action=f"window.{did}",
        summary=f"{did} the maintenance window {window.name}",
        by=member.account_id,
        after={"window_id": window.id, "version": window.version},
    )
    await uow.audit.add([row])


def _tell(platform: Platform, window: Window) -> None:
    """Let screens look again at once, should it be running."""
    id_ = window.workspace_id
    platform.broker.publish([Change(workspace_id=id_, kind="workspace", id=id_, is_public=True)])
