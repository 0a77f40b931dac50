"""What lies in the outbox, for tests of the platform in which no mail server is asked."""

from __future__ import annotations

from sqlalchemy import select

from allgreen.domain.facts import Facts
from allgreen.domain.notice import Notice, NoticeKind, NoticeState
from allgreen.server.platform import Platform
from allgreen.storage.sql.rows import notice_from_row
from allgreen.storage.sql.tables import outbox


async def letters(platform: Platform, kind: NoticeKind, address: str | None = None) -> list[Notice]:
    """Return the messages of one kind that are owed, newest first."""
    query = select(outbox).where(outbox.c.kind == kind, outbox.c.state != NoticeState.CANCELLED)
    if address is not None:
        query = query.where(outbox.c.address == address)
    async with platform.database.read() as connection:
        rows = (await connection.execute(query.order_by(outbox.c.seq.desc()))).mappings().all()
    return [notice_from_row(row) for row in rows]


async def link_in(platform: Platform, kind: NoticeKind, address: str) -> str:
    """Return the path of the button in the newest message of one kind to an address."""
    newest = (await letters(platform, kind, address))[0]
    return platform.links.of_notice(newest).act.removeprefix(platform.settings.base_url)


async def changes_told_to(platform: Platform, address: str) -> list[str]:
    """Return what an owner was told that changed about their account, newest first."""
    owed = await letters(platform, NoticeKind.ACCOUNT_CHANGED, address)
    return [Facts.from_json(each.facts).change for each in owed]
