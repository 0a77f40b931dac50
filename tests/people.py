"""More than one person in a workspace: members of each role, as the database has them."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import Any

import httpx2
from fastapi import FastAPI
from sqlalchemy import delete, insert, update

from allgreen.domain.policy import Role
from allgreen.server.platform import Platform
from allgreen.storage.sql.tables import memberships
from tests.api import Person, person_of


async def join(
    stack: AsyncExitStack,
    app: FastAPI,
    platform: Platform,
    workspace_id: str,
    *,
    name: str,
    role: Role | None,
) -> Person:
    """Return somebody who is signed in, a member with `role` and with no other workspace."""
    client = await stack.enter_async_context(person_of(app))
    email = f"{name.lower().replace(' ', '.')}@example.com"
    person = await Person.register(client, name=name, email=email)
    async with platform.database.unit_of_work() as uow:
        account_id = person.me["id"]
        await uow.connection.execute(
            delete(memberships).where(memberships.c.account_id == account_id)
        )
        if role is not None:
            await uow.connection.execute(
                insert(memberships).values(
                    account_id=account_id,
                    workspace_id=workspace_id,
                    role=role,
                    created_at=platform.clock.now(),
                )
            )
        await uow.commit()
    person.me = (await client.get("/api/v1/me")).json()
    return person


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
