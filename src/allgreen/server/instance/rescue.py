"""Writes from the machine itself: let people in who are locked out, and say who runs Allgreen.

Whoever can read the database and its key needs no other proof. Nobody types a password here: a
link is printed by which its owner sets one.
"""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import update

from allgreen.domain.identity import AccountId, WorkspaceId
from allgreen.errors import InvalidInputError, NotFoundError
from allgreen.server.auth import actions as people
from allgreen.server.auth import endings
from allgreen.server.auth import queries as known
from allgreen.server.auth.errands import tell_change
from allgreen.server.auth.schemas import clean_email
from allgreen.server.auth.sessions import Client
from allgreen.server.instance import queries
from allgreen.server.instance.actions import Act
from allgreen.server.instance.schemas import ListedAccount
from allgreen.server.links import stamp_of
from allgreen.server.platform import Platform
from allgreen.storage.sql.tables import accounts
from allgreen.storage.sql.unit_of_work import SqlUnitOfWork

_CONSOLE: Final = Client(address="", device="The command line of the server")
"""In the history of the account that is touched."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Admin:
    """An account that runs this Allgreen now.

    Attributes:
        link: By which its password is set; empty where it has one.
    """

    email: str
    is_new: bool
    link: str


async def rescue(platform: Platform, email: str, doing: Act) -> ListedAccount:
    """Do something to an account, note it there, and tell its owner.

    Raises:
        NotFoundError: No account has this address.
    """
    async with platform.database.unit_of_work() as uow:
        account = await _get(uow, email)
        await doing.work(platform, uow, account)
        await _tell(platform, uow, account, doing.action, doing.told)
        await uow.commit()
    return account


async def make_reset_link(platform: Platform, email: str) -> str:
    """Return a link by which a password is set; it lives half an hour, and works once.

    Raises:
        NotFoundError: No account has this address.
        InvalidInputError: The account is disabled.
    """
    async with platform.database.unit_of_work() as uow:
        account = await _get(uow, email)
        if account.disabled_at is not None:
            raise InvalidInputError.at(
                "email",
                "disabled",
                f"This account is disabled. Enable it first: allgreen admin enable {account.email}",
            )
        told = "a link to set your password was made by who runs this Allgreen"
        await _tell(platform, uow, account, "password.link_made", told)
        link = await _link(platform, uow, account.email)
        await uow.commit()
    return link


async def make_admin(platform: Platform, email: str, name: str) -> Admin:
    """Let an account run this Allgreen; one that there is not is made, with its workspace.

    Of an account whose address was never proven nobody knows who made it: all is taken from it by
    which they could come back.

    Raises:
        InvalidInputError: This is no address.
    """
    address = _clean(email)
    async with platform.database.unit_of_work() as uow:
        before = await known.find_account_by_email(uow.connection, address)
        if before is None:
            await _add(platform, uow, address, name)
        account = await _get(uow, address)
        is_unproven = not account.email_verified
        if is_unproven:
            await _take_over(platform, uow, account)
        await uow.connection.execute(
            update(accounts)
            .where(accounts.c.id == account.id)
            .values(instance_admin=True, disabled_at=None)
        )
        told = "you were made somebody who runs this Allgreen"
        await _tell(platform, uow, account, "account.made_admin", told)
        needs_link = before is None or is_unproven
        link = await _link(platform, uow, address) if needs_link else ""
        await uow.commit()
    return Admin(email=address, is_new=before is None, link=link)


async def _get(uow: SqlUnitOfWork, email: str) -> ListedAccount:
    found = await known.find_account_by_email(uow.connection, _clean(email))
    if found is None:
        raise NotFoundError("account with this address")
    return await queries.get_account(uow.connection, found["id"])


async def _add(platform: Platform, uow: SqlUnitOfWork, email: str, name: str) -> None:
    now, account_id = platform.clock.now(), AccountId(platform.new_id())
    await people.add_account(
        uow.connection,
        account_id=account_id,
        name=name,
        email=email,
        password_hash=None,
        now=now,
        # Whoever reads the console of the server needs no mail to prove who they are.
        is_verified=True,
    )
    await people.add_workspace(
        uow.connection,
        workspace_id=WorkspaceId(platform.new_id()),
        name=f"{name.split()[0]}'s workspace",
        owner_id=account_id,
        is_held=False,
        now=now,
    )


async def _take_over(platform: Platform, uow: SqlUnitOfWork, account: ListedAccount) -> None:
    account_id = AccountId(account.id)
    await endings.wipe_unproven(uow.connection, account_id)
    await endings.release_workspaces(uow.connection, account_id)
    await uow.connection.execute(
        update(accounts)
        .where(accounts.c.id == account_id)
        .values(password_hash=None, email_verified_at=platform.clock.now())
    )


async def _tell(
    platform: Platform, uow: SqlUnitOfWork, account: ListedAccount, action: str, told: str
) -> None:
    account_id = AccountId(account.id)
    await tell_change(platform, uow, account_id, account.email, action, told, client=_CONSOLE)


async def _link(platform: Platform, uow: SqlUnitOfWork, email: str) -> str:
    account = await known.find_account_by_email(uow.connection, email)
    assert account is not None
    stamp = stamp_of(email, account["password_hash"] or "")
    token = platform.links.reset_token(account["id"], stamp, at=platform.clock.now())
    return platform.links.url("reset", token)


def _clean(email: str) -> str:
    try:
        return clean_email(email)
    except ValueError as error:
        raise InvalidInputError.at("email", "email", str(error)) from None
