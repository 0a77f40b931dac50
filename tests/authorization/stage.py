"""One workspace, with everything in it that has an id, and everybody who may ask for it."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
from fastapi import FastAPI
from sqlalchemy import insert, select, update

from allgreen.domain.identity import AccountId, CheckId, IncidentId, ServiceId, WorkspaceId
from allgreen.domain.policy import Role, Scope
from allgreen.server.app import create_app, open_platform
from allgreen.server.limits import Limits
from allgreen.server.platform import Platform
from allgreen.server.settings import Settings
from allgreen.storage.sql.tables import (
    accounts,
    api_keys,
    invitations,
    photos,
    profiles,
    sessions,
    status_pages,
)
from allgreen.testing import FakeClock, a_result, an_incident
from tests.api import ADDRESS, Person, person_of
from tests.people import enrol, make_key, set_role, shown

TARGET = "http://127.0.0.1:9/"
WINDOW = {"name": "Move", "first": "2199-01-01", "at": "02:30", "duration_minutes": 60}
ELSEWHERE = "01970000-0000-7000-8000-000000000001"


@dataclass
class Stage:
    """A platform with people in it.

    Attributes:
        ids: Of what stands in the workspace, by the name that paths have for it.
        own: Ids of what is somebody's own, by who they are.
        headers: What everybody sends who may ask, by who they are.
    """

    platform: Platform
    app: FastAPI
    clock: FakeClock
    people: dict[str, Person]
    ids: dict[str, str]
    own: dict[str, dict[str, str]]
    headers: dict[str, dict[str, str]]
    client: httpx2.AsyncClient
    _live: sqlite3.Connection | None
    _snapshot: sqlite3.Connection = field(default_factory=lambda: sqlite3.connect(":memory:"))

    def ids_for(self, who: str) -> dict[str, str]:
        """Return the ids that somebody asks for: their own, where they have one."""
        return self.ids | self.own.get(who, {})

    def keep(self) -> None:
        """Remember the database as it is now; one on a server is not had again."""
        if self._live is not None:
            self._live.backup(self._snapshot)

    def state(self) -> int:
        """Return a number that is another one after anything was written."""
        if self._live is None:
            return 0
        (number,) = self._live.execute("PRAGMA data_version").fetchone()
        return int(number)

    def restore(self) -> None:
        """Have the database again as it was, and nothing in memory."""
        if self._live is not None:
            self._snapshot.backup(self._live)
        self.forget()

    def forget(self) -> None:
        """Forget what is counted and kept in memory."""
        self.platform.limits._limiter = Limits()._limiter
        self.platform.recent.forget_all()

    async def ask(
        self, method: str, path: str, *, who: str = "public", **parts: Any
    ) -> httpx2.Response:
        """Ask as somebody; whatever an answer sets in a browser is forgotten."""
        headers = {**self.headers[who], **parts.pop("headers", {})}
        answer = await self.client.request(method, path, headers=headers, **parts)
        self.client.cookies.clear()
        return answer


Setting = Callable[[Stage], Any]


@asynccontextmanager
async def open_stage(folder: Path, *, url: str | None = None) -> AsyncIterator[Stage]:
    """Open a platform on a database of its own, with everybody and everything in it.

    Args:
        folder: Where its files are.
        url: Of an empty database on a server; without it, it is a file.
    """
    settings = Settings(
        data_dir=folder,
        database_url=url,
        public_url=ADDRESS,
        allow_targets="127.0.0.1:9",
        min_interval_s=60,
    )
    clock = FakeClock(datetime.now(UTC))  # noqa: TID251 - ids hold the real time
    async with AsyncExitStack() as stack:
        platform = await stack.enter_async_context(
            open_platform(settings, clock=clock, watches=False)
        )
        app = create_app(platform, bundle=folder / "no bundle")
        live = None
        if url is None:
            live = stack.enter_context(closing(sqlite3.connect(folder / "allgreen.db")))
        stage = Stage(
            platform=platform,
            app=app,
            clock=clock,
            people={},
            ids={},
            own={},
            headers={"public": {}},
            client=await stack.enter_async_context(person_of(app)),
            _live=live,
        )
        await _invite_everybody(stack, stage)
        await _furnish(stage)
        await _shut_some_out(stage)
        stage.keep()
        yield stage
        stage._snapshot.close()


async def _invite_everybody(stack: AsyncExitStack, stage: Stage) -> None:
    app, platform = stage.app, stage.platform

    async def add(who: str, **options: Any) -> Person:
        person = await enrol(stack, app, platform, who.title(), **options)
        stage.people[who] = person
        stage.headers[who] = {"cookie": f"allgreen={person.client.cookies['allgreen']}"}
        return person

    await add("instance", is_instance_admin=True)
    owner = await add("owner")
    workspace_id = owner.me["workspaces"][0]["id"]
    for who, role in (
        ("other owner", Role.OWNER),
        ("admin", Role.ADMIN),
        ("observer", Role.OBSERVER),
        ("somebody else", Role.OBSERVER),
        ("removed", Role.ADMIN),
        ("disabled", Role.OWNER),
        ("expired", Role.OWNER),
        ("demoted", Role.ADMIN),
    ):
        await add(who, in_workspace=workspace_id, role=role)
    await add("stranger")
    stage.ids["workspace_id"] = workspace_id


async def _furnish(stage: Stage) -> None:
    owner, ids, platform = stage.people["owner"], stage.ids, stage.platform
    service = await owner.watch(TARGET)
    window = await owner.client.post(f"{owner.workspace}/maintenance-windows", json=WINDOW)
    ids |= {
        "service_id": service["id"],
        "check_id": service["checks"][0]["id"],
        "incident_id": platform.new_id(),
        "window_id": window.json()["id"],
        "account_id": stage.people["somebody else"].me["id"],
        "invitation_id": platform.new_id(),
        "photo_id": "f" * 64,
        "slug": "nordlys",
        "elsewhere": stage.people["stranger"].me["workspaces"][0]["id"],
    }
    # Who has such things too may still not reach those of others by them.
    theirs = await stage.people["stranger"].watch(TARGET)
    elsewhere: dict[str, Any] = {
        "service_id": ServiceId(theirs["id"]),
        "workspace_id": WorkspaceId(ids["elsewhere"]),
    }
    for who, scope, name in (
        ("owner", Scope.READ, "read key"),
        ("owner", Scope.WRITE, "write key"),
        ("demoted", Scope.WRITE, "key of the demoted"),
        ("removed", Scope.WRITE, "key of the removed"),
    ):
        made = await make_key(stage.people[who], scope, name=name)
        stage.headers[name] = shown(made["key"])
        ids["key_id"] = ids.get("key_id", made["id"])
    for who in ("admin", "observer"):
        made = await make_key(stage.people[who], Scope.READ)
        stage.own[who] = {"key_id": made["id"]}
    workspace_id = WorkspaceId(ids["workspace_id"])
    async with platform.database.unit_of_work() as uow:
        of_service: dict[str, Any] = {
            "service_id": ServiceId(ids["service_id"]),
            "workspace_id": workspace_id,
        }
        for incident_id, where in (
            (ids["incident_id"], of_service),
            (platform.new_id(), elsewhere),
        ):
            incident = an_incident(id=IncidentId(incident_id), began_at=stage.clock.now(), **where)
            await uow.incidents.save(incident)
        result = a_result(check_id=CheckId(ids["check_id"]), slot=stage.clock.now(), **of_service)
        await uow.results.add([result])
        await uow.connection.execute(insert(invitations).values(_invitation(stage)))
        await uow.connection.execute(insert(photos).values(_photo(stage)))
        await uow.connection.execute(insert(status_pages).values(_status_page(stage)))
        await uow.connection.execute(insert(profiles).values(_profile(stage)))
        # Used just now: else the first use would be written down.
        await uow.connection.execute(update(api_keys).values(last_used_at=stage.clock.now()))
        await uow.commit()


def _invitation(stage: Stage) -> dict[str, Any]:
    now = stage.clock.now()
    return {
        "id": stage.ids["invitation_id"],
        "workspace_id": stage.ids["workspace_id"],
        "email": "stranger@example.com",
        "role": Role.OBSERVER,
        "invited_by": stage.people["owner"].me["id"],
        "sendings": 1,
        "created_at": now,
        "sent_at": now,
        "expires_at": now + timedelta(days=7),
    }


def _photo(stage: Stage) -> dict[str, Any]:
    return {
        "id": stage.ids["photo_id"],
        "account_id": stage.ids["account_id"],
        "large": b"RIFF large",
        "small": b"RIFF small",
        "created_at": stage.clock.now(),
    }


def _profile(stage: Stage) -> dict[str, Any]:
    return {
        "account_id": stage.ids["account_id"],
        **dict.fromkeys(("surname", "pronouns", "city", "bio", "github", "linkedin"), ""),
        "website": "",
        "visibility": "public",
        "photo_id": stage.ids["photo_id"],
    }


def _status_page(stage: Stage) -> dict[str, Any]:
    return {
        "workspace_id": stage.ids["workspace_id"],
        "slug": stage.ids["slug"],
        "is_published": True,
        "title": "Nordlys",
        "about": "",
        "website": "",
        "shows_latency": True,
        "version": 1,
        "published_at": stage.clock.now(),
    }


async def _shut_some_out(stage: Stage) -> None:
    now = stage.clock.now()

    def account_of(who: str) -> AccountId:
        return AccountId(stage.people[who].me["id"])

    async with stage.platform.database.unit_of_work() as uow:
        for change in (
            update(accounts).where(accounts.c.id == account_of("disabled")).values(disabled_at=now),
            update(sessions)
            .where(sessions.c.account_id == account_of("expired"))
            .values(expires_at=now),
        ):
            await uow.connection.execute(change)
        rows = await uow.connection.execute(select(sessions.c.account_id, sessions.c.id))
        by_account = {row.account_id: row.id for row in rows}
        await uow.commit()
    stage.ids["session_id"] = by_account[account_of("somebody else")]
    for who in stage.people:
        mine = stage.own.setdefault(who, {})
        mine["session_id"] = by_account[account_of(who)]
    await set_role(stage.platform, account_of("removed"), None)
    await set_role(stage.platform, account_of("demoted"), Role.OBSERVER)
