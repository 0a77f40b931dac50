"""Writes of what a workspace says of its page."""

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from allgreen.domain.policy import Permission
from allgreen.errors import (
    FieldProblem,
    InvalidInputError,
    NotAllowedError,
    VersionConflictError,
)
from allgreen.ports import AuditRow, Change
from allgreen.server.auth.access import Access, Member
from allgreen.server.auth.memberships import lock_workspace
from allgreen.server.page_copies import drop_copy
from allgreen.server.platform import Platform
from allgreen.server.status_pages import queries
from allgreen.server.status_pages.schemas import PageEdit, StatusPage
from allgreen.server.wire import read_version
from allgreen.storage.sql.dialect import upsert
from allgreen.storage.sql.tables import slugs, status_pages

KEPT_FREE_FOR: Final = timedelta(days=90)
"""So long nobody else gets a name that a page had: links to it still go about."""
MOST_KEPT: Final = 5
"""So many earlier names are kept for one page: else renaming would take names from everybody."""

_OF_OWNERS: Final = {"slug", "is_published", "service_ids"}
_TAKEN: Final = "This name is taken. Choose another one."
_RENAMED: Final = (
    f"This page had {MOST_KEPT} other names within 90 days, and they are kept for it. Choose one of "
    "them, or wait until one is free."
)


async def edit_page(
    platform: Platform, access: Access, workspace_id: str, form: PageEdit, *, if_match: str
) -> StatusPage:
    """Change parts of the page of a workspace.

    Raises:
        NotAllowedError: Something of it is for owners.
        VersionConflictError: Somebody else changed it since it was read.
        InvalidInputError: Something cannot be saved; every field that is wrong is told.
    """
    now = platform.clock.now()
    async with platform.database.unit_of_work() as uow:
        member = await access.workspace(uow.connection, workspace_id)
        if form.model_fields_set & _OF_OWNERS and not member.has(Permission.STATUS_PAGE_PUBLISH):
            raise NotAllowedError(Permission.STATUS_PAGE_PUBLISH)
        # Not of its row: of a page that nobody has written yet there is none.
        await lock_workspace(uow.connection, member.workspace_id)
        before = await queries.load_settings(uow.connection, member.workspace_id)
        if before["version"] != read_version(if_match, "status page"):
            raise VersionConflictError("status page")
        after = _apply(before, form, now)
        await _refuse(uow.connection, before, after, now)
        await _save(uow.connection, before, after, now)
        await uow.audit.add([_audit_row(member, before, after, now)])
        shown = await queries.show_settings(uow.connection, after, platform.settings.base_url, now)
        await uow.commit()
    id_ = member.workspace_id
    platform.broker.publish([Change(workspace_id=id_, kind="workspace", id=id_, is_public=True)])
    if before["slug"] and (not after["is_published"] or before["slug"] != after["slug"]):
        # Else a restart without a database would show what is no longer for everybody. After the
        # hint: whoever writes a copy in this moment sees by it that they must take it back.
        await asyncio.to_thread(drop_copy, platform.settings.data_dir, before["slug"])
    return shown


def _apply(before: Mapping[str, Any], form: PageEdit, now: datetime) -> dict[str, Any]:
    """Return the row with what was sent; null means something for the services only."""
    sent = form.model_dump(include=form.model_fields_set)
    changed = {name: value for name, value in sent.items() if value is not None}
    if "service_ids" in sent:
        ids = sent["service_ids"]
        changed["service_ids"] = None if ids is None else list(dict.fromkeys(ids))
    after = {**before, **changed, "version": before["version"] + 1}
    if not after["is_published"]:
        after["published_at"] = None
    elif not before["is_published"]:
        after["published_at"] = now
    return after


async def _refuse(
    connection: AsyncConnection, before: Mapping[str, Any], after: Mapping[str, Any], now: datetime
) -> None:
    """Refuse what cannot be saved, all of it at once.

    Raises:
        InvalidInputError: Something cannot.
    """
    workspace_id, slug = after["workspace_id"], after["slug"]
    problems = []
    if slug != before["slug"] and await queries.is_taken(connection, slug, workspace_id, now):
        problems.append(FieldProblem(field="slug", code="taken", message=_TAKEN))
    elif await _holds_many(connection, before, slug, now):
        problems.append(FieldProblem(field="slug", code="too_many", message=_RENAMED))
    if after["is_published"] and slug is None:
        message = "Choose the name in its address first; then the page can be published."
        problems.append(FieldProblem(field="slug", code="missing", message=message))
    # One that was shown already may have been deleted since.
    added = set(after["service_ids"] or ()) - set(before["service_ids"] or ())
    known = await queries.list_service_ids(connection, workspace_id) if added else set()
    problems += [
        FieldProblem(
            field=f"service_ids.{place}",
            code="unknown",
            message="There is no such service in this workspace.",
        )
        for place, service_id in enumerate(after["service_ids"] or ())
        if service_id in added - known
    ]
    if problems:
        raise InvalidInputError(problems)


async def _holds_many(
    connection: AsyncConnection, before: Mapping[str, Any], slug: str | None, now: datetime
) -> bool:
    """Tell whether a page would keep too many names by taking another one."""
    if before["slug"] is None or slug == before["slug"]:
        return False
    kept = await queries.list_kept(connection, before["workspace_id"], now)
    return slug not in kept and len(kept) >= MOST_KEPT


async def _save(
    connection: AsyncConnection, before: Mapping[str, Any], after: Mapping[str, Any], now: datetime
) -> None:
    """Store a page, and keep the name that it had from others.

    Raises:
        InvalidInputError: Somebody else took the name at this very moment.
    """
    old, new = before["slug"], after["slug"]
    try:
        await upsert(connection, status_pages, [dict(after)])
    except IntegrityError as error:
        raise InvalidInputError.at("slug", "taken", _TAKEN) from error
    if old == new:
        return
    await connection.execute(delete(slugs).where(slugs.c.slug == new))
    if old is not None:
        kept = {"slug": old, "workspace_id": after["workspace_id"], "until": now + KEPT_FREE_FOR}
        await upsert(connection, slugs, [kept])


def _audit_row(
    member: Member, before: Mapping[str, Any], after: Mapping[str, Any], now: datetime
) -> AuditRow:
    told = ("slug", "is_published", "title", "website", "shows_latency", "service_ids")
    changed = [name for name in told if before[name] != after[name]]
    return AuditRow(
        workspace_id=member.workspace_id,
        at=now,
        action=_action(before, after),
        summary=_summary(before, after),
        by=member.account_id,
        before={name: before[name] for name in changed},
        after={name: after[name] for name in changed},
    )


def _action(before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    if before["is_published"] == after["is_published"]:
        return "status_page.edited"
    return "status_page.published" if after["is_published"] else "status_page.unpublished"


def _summary(before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    words = []
    if before["is_published"] != after["is_published"]:
        words.append("published it" if after["is_published"] else "took it back from the public")
    if before["slug"] != after["slug"]:
        words.append(f"named its address {after['slug']}")
    if before["service_ids"] != after["service_ids"]:
        words.append("changed which services it shows")
    if any(before[name] != after[name] for name in ("title", "about", "website")):
        words.append("changed what it says")
    if before["shows_latency"] != after["shows_latency"]:
        words.append("let it show latencies" if after["shows_latency"] else "hid its latencies")
    return f"status page: {'; '.join(words) or 'saved without a change'}"
