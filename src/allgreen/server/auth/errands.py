"""Errands: mails to people about their account or a workspace, owed in the same transaction."""

from collections.abc import Mapping

from allgreen.domain.facts import Facts
from allgreen.domain.identity import AccountId, OutboxId, WorkspaceId
from allgreen.domain.notice import Channel, Notice, NoticeKind
from allgreen.server.auth.events import note_event
from allgreen.server.auth.sessions import Client
from allgreen.server.links import ACCOUNT_FACT
from allgreen.server.platform import Platform
from allgreen.storage.sql.unit_of_work import SqlUnitOfWork

_NOTHING: Mapping[str, object] = {}


async def owe_errand(
    platform: Platform,
    uow: SqlUnitOfWork,
    kind: NoticeKind,
    address: str,
    *,
    facts: Facts | None = None,
    workspace_id: WorkspaceId | None = None,
    link: Mapping[str, object] = _NOTHING,
) -> None:
    """Owe one mail to one address; call `platform.wake_dispatcher` after the commit.

    Args:
        platform: What routes work with.
        uow: The transaction in which the reason for the mail is written too.
        kind: What it says.
        address: Where it goes.
        facts: What its text is made of.
        workspace_id: In whose list of messages it is shown; none for what concerns an account.
        link: See `links.link_fact`, for kinds with a link that acts.
    """
    now = platform.clock.now()
    notice_id = OutboxId(platform.new_id())
    notice = Notice(
        id=notice_id,
        key=f"{kind}/{notice_id}",
        kind=kind,
        channel=Channel.EMAIL,
        address=address,
        workspace_id=workspace_id,
        facts={**(facts or Facts()).to_json(), **link},
        created_at=now,
        due_at=now,
    )
    await uow.outbox.add([notice])


async def owe_verification(
    platform: Platform, uow: SqlUnitOfWork, account_id: AccountId, address: str
) -> None:
    """Owe the mail by which the address of an account is verified."""
    link = {ACCOUNT_FACT: account_id}
    await owe_errand(platform, uow, NoticeKind.VERIFY_EMAIL, address, link=link)


async def tell_change(
    platform: Platform,
    uow: SqlUnitOfWork,
    account_id: AccountId,
    address: str,
    action: str,
    change: str,
    *,
    client: Client,
) -> None:
    """Note that something changed by which an account is kept safe, and owe its owner a mail.

    Args:
        platform: What routes work with.
        uow: The transaction in which it changes.
        account_id: Whose account.
        address: Where the mail goes.
        action: Stable word, such as ``password.changed``.
        change: What changed, as the end of a sentence: ``your password was changed``.
        client: From where.
    """
    now = platform.clock.now()
    await note_event(uow.connection, account_id, action, change, client=client, now=now)
    facts = Facts(change=change)
    await owe_errand(platform, uow, NoticeKind.ACCOUNT_CHANGED, address, facts=facts)


async def owe_farewell(platform: Platform, uow: SqlUnitOfWork, address: str) -> None:
    """Owe the mail that tells that an account was deleted."""
    facts = Facts(change="your account was deleted")
    await owe_errand(platform, uow, NoticeKind.ACCOUNT_CHANGED, address, facts=facts)
