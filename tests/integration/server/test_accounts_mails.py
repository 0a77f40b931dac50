"""The life of an account by real mails: each link leads on, and is written down nowhere."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import httpx2
import pytest
from fastapi import FastAPI
from pydantic import SecretStr
from sqlalchemy import select

from allgreen.server.app import create_app, open_platform
from allgreen.server.platform import Platform
from allgreen.server.settings import Settings
from allgreen.storage.sql.tables import account_events, audit, outbox
from tests.api import PASSWORD, person_of, set_up
from tests.mail import SmtpSink

VIC = "vic@example.com"
NEW = "vic@example.net"


@pytest.fixture
async def platform(settings: Settings, smtp_sink: SmtpSink) -> AsyncIterator[Platform]:
    """One that sends mails."""
    url = SecretStr(f"smtp://{smtp_sink.host}:{smtp_sink.port}")
    async with open_platform(settings.model_copy(update={"smtp_url": url})) as platform:
        yield platform


@pytest.fixture
def app(platform: Platform, tmp_path: Path) -> FastAPI:
    return create_app(platform, bundle=tmp_path / "no bundle")


@pytest.fixture
async def vic(app: FastAPI, platform: Platform) -> AsyncIterator[httpx2.AsyncClient]:
    """Somebody without an account, where one was made already."""
    async with AsyncExitStack() as stack:
        await set_up(await stack.enter_async_context(person_of(app)), platform)
        yield await stack.enter_async_context(person_of(app))


async def link_to(sink: SmtpSink, address: str, subject: str) -> str:
    """Wait for a mail and return the path of its button."""
    mail = await asyncio.to_thread(sink.wait_for_mail_to, address, subject)
    found = set(
        re.findall(r"http://127\.0\.0\.1:8000(/(?:verify|reset|change-email)/\S+)", mail.text)
    )
    assert len(found) == 1
    return str(found.pop())


async def test_each_link_leads_on_and_is_written_down_nowhere(
    vic: httpx2.AsyncClient,
    platform: Platform,
    smtp_sink: SmtpSink,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG, logger="allgreen")
    form = {"name": "Vic Timm", "email": VIC, "password": PASSWORD}
    await vic.post("/api/v1/accounts", json=form)
    verify = await link_to(smtp_sink, VIC, "")
    verified = await vic.post(verify, data={"password": PASSWORD})

    await vic.post("/api/v1/password/forgot", json={"email": VIC})
    reset = await link_to(smtp_sink, VIC, "Set a new password")
    new = {"token": reset.removeprefix("/reset/"), "password": "seven loud herons dance"}
    was_reset = await vic.post("/api/v1/password/reset", json=new)

    log_in = {"email": VIC, "password": new["password"]}
    await vic.post("/api/v1/session", json=log_in)
    await vic.post("/api/v1/account/email", json={"email": NEW})
    change = await link_to(smtp_sink, NEW, "new address")
    changed = await vic.post(change)
    told = await asyncio.to_thread(smtp_sink.wait_for_mail_to, VIC, "your address was changed")

    assert (verified.status_code, was_reset.status_code, changed.status_code) == (200, 204, 200)
    assert (await vic.get("/api/v1/me")).json()["email"] == NEW
    assert NEW in told.text
    assert "set a new one at once" in told.text
    async with platform.database.read() as connection:
        rows = [
            str(row)
            for table in (outbox, audit, account_events)
            for row in await connection.execute(select(table))
        ]
    tokens = [path.rpartition("/")[2] for path in (verify, reset, change)]
    ours = (each.getMessage() for each in caplog.records if each.name.startswith("allgreen"))
    written = "\n".join([*rows, *ours])
    assert [token for token in tokens if token in written] == []
