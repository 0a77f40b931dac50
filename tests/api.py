"""People who use the API: a client with a session, and forms with defaults."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import httpx2
from fastapi import FastAPI

from allgreen.server.platform import Platform
from allgreen.server.setup.actions import renew_setup_token

ADDRESS = "http://127.0.0.1:8000"
PASSWORD = "nine quiet otters swim"


def person_of(app: FastAPI) -> httpx2.AsyncClient:
    """Return a client without a session; faults come as answers, not as exceptions."""
    transport = httpx2.ASGITransport(app=app, raise_app_exceptions=False)
    return httpx2.AsyncClient(transport=transport, base_url=ADDRESS)


async def set_up(client: httpx2.AsyncClient, platform: Platform) -> Person:
    """Make the first account with a new setup token."""
    token = await renew_setup_token(platform.database, platform.clock.now())
    answer = await client.post("/api/v1/setup", json=setup_form(token=token))
    assert answer.status_code == 201, answer.text
    return Person(client=client, me=answer.json())


@dataclass
class Person:
    """Somebody who is signed in."""

    client: httpx2.AsyncClient
    me: dict[str, Any]

    @classmethod
    async def register(cls, client: httpx2.AsyncClient, *, name: str, email: str) -> Person:
        """Make an account where no mail server is set."""
        form = {"name": name, "email": email, "password": PASSWORD}
        answer = await client.post("/api/v1/accounts", json=form)
        assert answer.status_code == 201, answer.text
        return cls(client=client, me=answer.json())

    @property
    def workspace(self) -> str:
        """Path of their workspace."""
        return f"/api/v1/workspaces/{self.me['workspaces'][0]['id']}"

    async def watch(self, url: str, **changes: object) -> dict[str, Any]:
        """Create a service and return it."""
        form = service_form(url, **changes)
        answer = await self.client.post(f"{self.workspace}/services", json=form)
        assert answer.status_code == 201, answer.text
        service: dict[str, Any] = answer.json()
        return service


def setup_form(**changes: object) -> dict[str, Any]:
    """Return what the first run asks for."""
    form = {
        "token": "",
        "name": "Ana Petrov",
        "email": "ana@example.org",
        "password": PASSWORD,
        "workspace_name": "Nordlys",
    }
    return form | changes


def service_form(url: str, **changes: object) -> dict[str, Any]:
    """Return a service with one check."""
    check = {"url": url} | dict(changes.pop("check", {}))  # type: ignore[call-overload]  # a mapping
    form = {
        "name": "Checkout",
        "checks": [check],
        "period": {"every": 15, "unit": "minutes"},
        "recipients": [],
    }
    return form | changes


def fields(answer: httpx2.Response) -> dict[str, str]:
    """Return the code of each field that an answer refuses."""
    return {error["field"]: error["code"] for error in answer.json().get("errors", [])}
