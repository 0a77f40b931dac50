"""Writes of services: the permission first, then commands, in one transaction."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta

from allgreen.domain.check import Check
from allgreen.domain.commands import (
    Command,
    DeleteService,
    EditService,
    ExecuteChecks,
    PauseService,
    RegisterCheck,
    RegisterService,
    ResumeService,
)
from allgreen.domain.events import Event
from allgreen.domain.identity import AccountId, CheckId, RecipientId, ServiceId
from allgreen.domain.service import Recipient, Service
from allgreen.domain.status import Outcome
from allgreen.errors import InvalidInputError, VersionConflictError
from allgreen.executors.matching import prepare_patterns
from allgreen.executors.verdict import Preview
from allgreen.failpoints import Seam, failpoint
from allgreen.server import limits
from allgreen.server.auth.access import Access, Member
from allgreen.server.auth.schemas import clean_email
from allgreen.server.catalog import queries, schemas
from allgreen.server.catalog.check_schemas import CheckInput
from allgreen.server.catalog.expectations import list_patterns
from allgreen.server.catalog.mistakes import Problems
from allgreen.server.catalog.questions import ask_strangers
from allgreen.server.catalog.room import refuse_full
from allgreen.server.catalog.schemas import (
    RecipientInput,
    ServiceEdit,
    ServiceInput,
)
from allgreen.server.catalog.taken_off import tell_taken_off
from allgreen.server.catalog.translation import (
    Frame,
    read_check,
    read_checks,
    read_period,
    read_reminder,
)
from allgreen.server.platform import Platform
from allgreen.server.views.explanations import show_explanation
from allgreen.server.wire import read_version
from allgreen.storage.sql.unit_of_work import SqlUnitOfWork


async def create_service(
    platform: Platform, access: Access, workspace_id: str, form: ServiceInput
) -> schemas.Service:
    """Begin to watch a service.

    Raises:
        InvalidInputError: Something cannot be saved; every field that is wrong is told.
        TooManyError: Many new addresses were named within a day.
    """
    now, problems = platform.clock.now(), Problems()
    await _prepare(form.checks)
    async with platform.database.unit_of_work() as uow:
        member = await access.workspace(uow.connection, workspace_id)
        await refuse_full(uow, member)
        service_id = ServiceId(platform.new_id())
        every = read_period(form.period, shortest=platform.settings.min_interval, problems=problems)
        frame = Frame(
            workspace_id=member.workspace_id,
            service_id=service_id,
            every=every,
            at=now,
            new_id=platform.new_id,
            guard=platform.guard,
        )
        checks = read_checks(form.checks, frame, problems)
        recipients = await _read_recipients(platform, uow, frame, form.recipients, [], problems)
        remind_every = read_reminder(form.remind_every, problems)
        problems.refuse()
        events = await _handle(
            platform,
            uow,
            RegisterService(
                service_id=service_id,
                workspace_id=member.workspace_id,
                name=form.name,
                recipients=recipients,
                depends_on=_service_ids(form.depends_on),
                remind_every=remind_every,
                by=member.account_id,
                at=now,
            ),
            *(RegisterCheck(check=check, by=member.account_id, at=now) for check in checks),
        )
        await ask_strangers(platform, uow, member, recipients, service_name=form.name, now=now)
        shown = await _show(platform, uow, member, service_id, now)
        await uow.commit()
    _announce(platform, events)
    return shown


async def edit_service(
    platform: Platform, access: Access, service_id: str, form: ServiceEdit, *, if_match: str
) -> schemas.Service:
    """Change parts of a service.

    Raises:
        VersionConflictError: Somebody else changed it since it was read.
        InvalidInputError: Something cannot be saved; every field that is wrong is told.
    """
    now, problems = platform.clock.now(), Problems()
    await _prepare(form.checks or ())
    async with platform.database.unit_of_work() as uow:
        member = await access.service(uow.connection, service_id)
        service = await uow.services.get(ServiceId(service_id), lock=True)
        if service.version != read_version(if_match, "service"):
            raise VersionConflictError("service")
        command = await _read_edit(platform, uow, member, service, form, now, problems)
        problems.refuse()
        await tell_taken_off(platform, uow, member, service, command.recipients)
        events = await _handle(platform, uow, command)
        await ask_strangers(
            platform,
            uow,
            member,
            command.recipients or (),
            service_name=command.name or service.name,
            now=now,
        )
        shown = await _show(platform, uow, member, service.id, now)
        await uow.commit()
    _announce(platform, events)
    return shown


async def delete_service(platform: Platform, access: Access, service_id: str) -> None:
    """Stop to watch a service for ever."""
    now = platform.clock.now()
    async with platform.database.unit_of_work() as uow:
        member = await access.service(uow.connection, service_id)
        command = DeleteService(service_id=ServiceId(service_id), by=member.account_id, at=now)
        events = await _handle(platform, uow, command)
        await uow.commit()
    _announce(platform, events)


async def pause_service(platform: Platform, access: Access, service_id: str) -> schemas.Service:
    """Stop to check a service until it is resumed."""
    now = platform.clock.now()
    async with platform.database.unit_of_work() as uow:
        member = await access.service(uow.connection, service_id)
        command = PauseService(service_id=ServiceId(service_id), by=member.account_id, at=now)
        events = await _handle(platform, uow, command)
        shown = await _show(platform, uow, member, ServiceId(service_id), now)
        await uow.commit()
    _announce(platform, events)
    return shown


async def resume_service(platform: Platform, access: Access, service_id: str) -> schemas.Service:
    """Check a paused service again, at once."""
    now = platform.clock.now()
    async with platform.database.unit_of_work() as uow:
        member = await access.service(uow.connection, service_id)
        command = ResumeService(service_id=ServiceId(service_id), by=member.account_id, at=now)
        events = await _handle(platform, uow, command)
        shown = await _show(platform, uow, member, ServiceId(service_id), now)
        await uow.commit()
    _announce(platform, events)
    return shown


async def check_now(platform: Platform, access: Access, service_id: str) -> datetime:
    """Run the checks of a service outside of their grid; return the slot.

    Raises:
        TooManyError: It was asked for within the last 10 s.
        InvalidInputError: The service is paused.
    """
    now = platform.clock.now()
    async with platform.database.unit_of_work() as uow:
        member = await access.service(uow.connection, service_id)
        await _refuse_held(uow, member)
        platform.limits.count(
            limits.CHECKS_PER_SERVICE,
            service_id,
            message="It was checked a moment ago. Wait ten seconds.",
        )
        command = ExecuteChecks(service_id=ServiceId(service_id), by=member.account_id, at=now)
        events = await _handle(platform, uow, command)
        await uow.commit()
    _announce(platform, events)
    return now


async def preview_check(
    platform: Platform, access: Access, workspace_id: str, form: CheckInput
) -> schemas.Preview:
    """Run a check once; nothing of it is kept.

    Raises:
        InvalidInputError: It could not be saved either.
        TooManyError: Too many previews within a minute.
    """
    now, problems = platform.clock.now(), Problems()
    await _prepare([form])
    async with platform.database.read() as connection:
        member = await access.workspace(connection, workspace_id)
        if await queries.is_held(connection, member.workspace_id):
            raise _unverified()
        known = None
        if form.id is not None:
            cipher = platform.database.cipher
            known = await queries.find_service_of_check(connection, cipher, member, form.id)
    frame = Frame(
        workspace_id=member.workspace_id,
        service_id=known.id if known else ServiceId(platform.new_id()),
        every=platform.settings.min_interval,
        at=now,
        new_id=platform.new_id,
        guard=platform.guard,
        known=_by_id(known),
    )
    check = read_check(form, frame, problems, under="")
    problems.refuse()
    assert check is not None
    platform.limits.count(
        limits.PREVIEWS_PER_ACCOUNT,
        member.account_id,
        message="Many previews in a minute. Wait a moment.",
    )
    return _show_preview(check, await platform.preview(check))


async def _prepare(forms: Iterable[CheckInput]) -> None:
    """Do before a transaction what takes a while, so that nobody waits for it."""
    await prepare_patterns(
        pattern for form in forms for pattern in list_patterns(form.expectations)
    )


async def _read_edit(
    platform: Platform,
    uow: SqlUnitOfWork,
    member: Member,
    service: Service,
    form: ServiceEdit,
    now: datetime,
    problems: Problems,
) -> EditService:
    every = None
    if form.period is not None:
        shortest = platform.settings.min_interval
        every = read_period(form.period, shortest=shortest, problems=problems)
    frame = Frame(
        workspace_id=service.workspace_id,
        service_id=service.id,
        every=every or min(check.schedule.every for check in service.checks),
        at=now,
        new_id=platform.new_id,
        guard=platform.guard,
        known=_by_id(service),
    )
    checks = None if form.checks is None else read_checks(form.checks, frame, problems)
    recipients = None
    if form.recipients is not None:
        known = await uow.recipients.of_service(service.id)
        recipients = await _read_recipients(platform, uow, frame, form.recipients, known, problems)
    return EditService(
        service_id=service.id,
        expected_version=service.version,
        name=form.name,
        checks=checks,
        every=every,
        recipients=recipients,
        depends_on=None if form.depends_on is None else _service_ids(form.depends_on),
        remind_every=_read_new_reminder(form, problems),
        by=member.account_id,
        at=now,
    )


def _read_new_reminder(form: ServiceEdit, problems: Problems) -> timedelta | None:
    """Return the new rhythm of reminders: zero for never, `None` when the form says nothing."""
    if "remind_every" not in form.model_fields_set:
        return None
    return read_reminder(form.remind_every, problems) or timedelta(0)


def _service_ids(ids: Iterable[str]) -> tuple[ServiceId, ...]:
    return tuple(map(ServiceId, ids))


async def _read_recipients(
    platform: Platform,
    uow: SqlUnitOfWork,
    frame: Frame,
    forms: Sequence[RecipientInput],
    known: Iterable[Recipient],
    problems: Problems,
) -> tuple[Recipient, ...]:
    """Return who is told: members at once, strangers once they have confirmed."""
    members = await queries.list_members(uow.connection, frame.workspace_id)
    by_address = {recipient.address: recipient for recipient in known}
    listed: dict[str, Recipient] = {}
    for index, form in enumerate(forms):
        found = _find_address(form, members, problems, f"recipients.{index}")
        if found is None:
            continue
        address, account_id = found
        if address in listed:
            place = "email" if form.account_id is None else "account_id"
            problems.add(f"recipients.{index}.{place}", "twice", "This address is told already.")
        listed[address] = by_address.get(address) or Recipient(
            id=RecipientId(platform.new_id()),
            service_id=frame.service_id,
            workspace_id=frame.workspace_id,
            address=address,
            name=members[account_id][0] if account_id else "",
            account_id=account_id,
            confirmed_at=frame.at if account_id else None,
        )
    return tuple(listed.values())


def _find_address(
    form: RecipientInput,
    members: Mapping[AccountId, tuple[str, str]],
    problems: Problems,
    where: str,
) -> tuple[str, AccountId | None] | None:
    if (form.account_id is None) == (form.email is None):
        problems.add(where, "one_of", "Name a member or an address, and not both.")
        return None
    if form.account_id is not None:
        account_id = AccountId(form.account_id)
        if account_id not in members:
            problems.add(f"{where}.account_id", "unknown", "This person is not in the workspace.")
            return None
        return members[account_id][1], account_id
    try:
        address = clean_email(form.email or "")
    except ValueError as error:
        problems.add(f"{where}.email", "email", str(error))
        return None
    owner = next((id_ for id_, (_, email) in members.items() if email == address), None)
    return address, owner


async def _handle(platform: Platform, uow: SqlUnitOfWork, *commands: Command) -> list[Event]:
    return [event for each in commands for event in await platform.bus.handle(each, uow)]


def _announce(platform: Platform, events: Iterable[Event]) -> None:
    failpoint(Seam.AFTER_COMMIT_OF_CHANGE)
    platform.bus.announce(events)
    platform.wake_dispatcher()


async def _show(
    platform: Platform, uow: SqlUnitOfWork, member: Member, service_id: ServiceId, now: datetime
) -> schemas.Service:
    return await queries.load_service(
        uow.connection, platform.database.cipher, member, service_id, now
    )


async def _refuse_held(uow: SqlUnitOfWork, member: Member) -> None:
    if await queries.is_held(uow.connection, member.workspace_id):
        raise _unverified()


def _unverified() -> InvalidInputError:
    return InvalidInputError.at(
        "", "unverified", "Verify your address first: open the link in the mail that was sent."
    )


def _by_id(service: Service | None) -> dict[CheckId, Check]:
    return {} if service is None else {check.id: check for check in service.checks}


def _show_preview(check: Check, preview: Preview) -> schemas.Preview:
    result, within = preview.result, check.answers_within
    failure = None
    if result.outcome not in (Outcome.OK, Outcome.SLOW):
        kind = result.failure.value if result.failure else result.outcome.value
        failure = schemas.Failure(kind=kind, message=result.message)
    return schemas.Preview(
        outcome=result.outcome,
        latency_ms=result.latency_ms,
        phases=schemas.Phases(**asdict(result.phases)),
        answers_within_ms=None if within is None else round(within / timedelta(milliseconds=1)),
        explanations=[show_explanation(line, is_whole=True) for line in preview.explanations],
        failure=failure,
        body_excerpt=preview.body_excerpt,
        certificate_days=result.certificate_days,
        http_status=result.http_status,
    )
