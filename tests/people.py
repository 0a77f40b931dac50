"""More than one person in a workspace: members of each role, as the database has them."""

from __future__ import annotations

from contextlib import AsyncExitStack
from functools import cache
from typing import Any

import httpx2
from fastapi import FastAPI
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlalchemy import delete, insert, update

from allgreen.domain.identity import AccountId, WorkspaceId
from allgreen.domain.policy import Role
from allgreen.server.auth import actions
from allgreen.server.auth.sessions import Client, open_session
from allgreen.server.platform import Platform
from allgreen.storage.sql.tables import memberships
from tests.api import PASSWORD, Person, person_of


async def enrol(
    stack: AsyncExitStack,
    app: FastAPI,
    platform: Platform,
    name: str,
    *,
    in_workspace: str | None = None,
    role: Role | None = None,
    is_instance_admin: bool = False,
) -> Person:
    """Return somebody with a verified address who is signed in, and a member of one workspace.

    Their workspace is their own, where none is named; without a role they are in none.
    """
    now, account_id = platform.clock.now(), AccountId(platform.new_id())
    workspace_id = WorkspaceId(in_workspace or platform.new_id())
    async with platform.database.unit_of_work() as uow:
        await actions.add_account(
            uow.connection,
            account_id=account_id,
            name=name,
            email=f"{name.lower().replace(' ', '.')}@example.com",
            password_hash=_password_hash(),
            now=now,
            is_instance_admin=is_instance_admin,
            is_verified=True,
        )
        if in_workspace is None:
            await actions.add_workspace(
                uow.connection,
                workspace_id=workspace_id,
                name=f"{name}'s workspace",
                owner_id=account_id,
                is_held=False,
                now=now,
            )
        elif role is not None:
            await uow.connection.execute(
                insert(memberships).values(
                    account_id=account_id, workspace_id=workspace_id, role=role, created_at=now
                )
            )
        token = await open_session(
            uow.connection,
            account_id,
            session_id=platform.new_id(),
            client=Client(address="127.0.0.1", device="A program"),
            keep=False,
            now=now,
        )
        await uow.commit()
    client = await stack.enter_async_context(person_of(app))
    client.cookies.set("allgreen", token)
    me = {"id": account_id, "name": name, "workspaces": [{"id": workspace_id}]}
    return Person(client=client, me=me)


@cache
def _password_hash() -> str:
    """Return a hash of the password of everybody that is quick to verify."""
    return Argon2Hasher(memory_cost=8, time_cost=1, parallelism=1).hash(PASSWORD)


async def set_role(platform: Platform, account_id: str, role: Role | None) -> None:
    """Give somebody another role in all their workspaces; `None` removes them."""
    of_theirs = memberships.c.account_id == account_id
    change: Any = delete(memberships) if role is None else update(memberships).values(role=role)
    async with platform.database.unit_of_work() as uow:
        await uow.connection.execute(change.where(of_theirs))
        await uow.commit()
    platform.recent.forget_all()


async def make_key(person: Person, scope: str, **changes: object) -> dict[str, Any]:
    """Return a new key of somebody, in the answer that tells it."""
    form = {"name": "Deploys", "scope": scope} | changes
    answer = await person.client.post(f"{person.workspace}/keys", json=form)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def shown(key: str) -> dict[str, str]:
    """Return the header that shows a key."""
    return {"authorization": f"Bearer {key}"}


def program_of(app: FastAPI, key: str) -> httpx2.AsyncClient:
    """Return a client that knows nothing but a key."""
    client = person_of(app)
    client.headers.update(shown(key))
    return client
