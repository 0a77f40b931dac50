"""Writes of keys."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, insert

from allgreen.domain.facts import Facts
from allgreen.domain.notice import NoticeKind
from allgreen.domain.policy import Permission
from allgreen.errors import InvalidInputError, NotAllowedError
from allgreen.ports import AuditRow, Change
from allgreen.server.auth.access import Access, Member
from allgreen.server.auth.errands import owe_errand, tell_change
from allgreen.server.auth.keys import new_key
from allgreen.server.auth.memberships import list_owners
from allgreen.server.auth.sessions import Client, Session, hash_of
from allgreen.server.keys import queries
from allgreen.server.keys.schemas import KeyInput, Maker, NewKey
from allgreen.server.platform import Platform
from allgreen.storage.sql.tables import api_keys
from allgreen.storage.sql.unit_of_work import SqlUnitOfWork

MOST_KEYS: Final = 50
"""So many keys one member may have in one workspace."""
_HINT_LENGTH: Final = 4


async def make_key(
    platform: Platform, access: Access, workspace_id: str, form: KeyInput, client: Client
) -> NewKey:
    """Make a key that can do no more than its maker, whatever they are when it is used.

    Its maker is told by mail, and so are the owners.

    Raises:
        ProofNeededError: The password was typed long ago.
        InvalidInputError: There are too many keys.
    """
    now = platform.clock.now()
    async with platform.database.unit_of_work() as uow:
        member = await access.workspace(uow.connection, workspace_id)
        access.caller.require_proof(now)
        if await queries.count_keys(uow.connection, member) >= MOST_KEYS:
            raise InvalidInputError.at(
                "name", "too_many", f"You have {MOST_KEYS} keys here. Revoke one that is not used."
            )
        made = _new_key(platform, member, form, now)
        await uow.connection.execute(
            insert(api_keys).values(
                id=made.id,
                workspace_id=member.workspace_id,
                account_id=member.account_id,
                key_hash=hash_of(made.key),
                hint=made.hint,
                name=made.name,
                scope=made.scope,
                created_at=now,
                expires_at=made.expires_at,
            )
        )
        words = f"made the key {made.name} (…{made.hint}), which may {made.scope}"
        await uow.audit.add([_audit_row(member, "key.made", words, now)])
        await _tell(platform, uow, access.caller, member, made, client)
        await uow.commit()
    platform.broker.publish([_hint(member)])
    platform.wake_dispatcher()
    return made


async def revoke_key(platform: Platform, access: Access, workspace_id: str, key_id: str) -> None:
    """Let a key open nothing any more.

    Raises:
        NotFoundError: There is no such key.
        NotAllowedError: It is of somebody else, and the caller is no owner.
    """
    now = platform.clock.now()
    async with platform.database.unit_of_work() as uow:
        member = await access.workspace(uow.connection, workspace_id)
        key = await queries.get_key(uow.connection, member, key_id)
        if not key.maker.you and not member.has(Permission.KEY_MANAGE):
            raise NotAllowedError(Permission.KEY_MANAGE)
        await uow.connection.execute(delete(api_keys).where(api_keys.c.id == key.id))
        words = f"revoked the key {key.name} (…{key.hint})"
        if not key.maker.you:
            words += f" of {key.maker.name}"
        await uow.audit.add([_audit_row(member, "key.revoked", words, now)])
        await uow.commit()
    platform.broker.publish([_hint(member)])


async def _tell(
    platform: Platform,
    uow: SqlUnitOfWork,
    maker: Session,
    member: Member,
    made: NewKey,
    client: Client,
) -> None:
    id_ = member.workspace_id
    workspace_name = await uow.workspaces.name(id_)
    about = f"{made.name} (…{made.hint}), which may {made.scope}"
    change = f"a key of the API was made in your name, for {workspace_name}: {about}"
    await tell_change(
        platform, uow, maker.account_id, maker.email, "key.made", change, client=client
    )
    facts = Facts(
        workspace_name=workspace_name,
        zone=await uow.workspaces.zone(id_),
        actor=member.name,
        change=about,
    )
    for owner in await list_owners(uow.connection, id_):
        if owner != maker.email:
            await owe_errand(
                platform, uow, NoticeKind.KEY_MADE, owner, facts=facts, workspace_id=id_
            )


def _new_key(platform: Platform, member: Member, form: KeyInput, now: datetime) -> NewKey:
    key, days = new_key(), form.expires_in_days
    return NewKey(
        id=platform.new_id(),
        key=key,
        name=form.name,
        hint=key[-_HINT_LENGTH:],
        scope=form.scope,
        maker=Maker(account_id=member.account_id, name=member.name, you=True),
        created_at=now,
        expires_at=None if days is None else now + timedelta(days=days),
        last_used_at=None,
    )


def _audit_row(member: Member, action: str, words: str, now: datetime) -> AuditRow:
    return AuditRow(
        workspace_id=member.workspace_id, at=now, action=action, summary=words, by=member.account_id
    )


def _hint(member: Member) -> Change:
    # Of the workspace, and not of the key: who may know of it is decided when it is listed.
    return Change(workspace_id=member.workspace_id, kind="workspace", id=member.workspace_id)
