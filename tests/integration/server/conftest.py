"""The platform on a real SQLite file, asked through ASGI in this process; nothing is probed."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import httpx2
import pytest
from fastapi import FastAPI

from allgreen.server.app import create_app, open_platform
from allgreen.server.platform import Platform
from allgreen.server.settings import Settings
from allgreen.testing import FakeClock
from tests.api import ADDRESS, Person, person_of, set_up
from tests.services import free_port


@pytest.fixture
def silent_port() -> int:
    """A port that may be probed, and at which nobody listens."""
    return free_port()


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database whose schema is made, to be copied: making it takes longer than most tests."""
    folder = tmp_path_factory.mktemp("empty")
    settings = Settings(data_dir=folder)

    async def make() -> None:
        async with open_platform(settings, watches=False):
            pass

    asyncio.run(make())
    return folder / "allgreen.db"


@pytest.fixture
def settings(tmp_path: Path, silent_port: int, empty_database: Path) -> Settings:
    shutil.copy(empty_database, tmp_path)
    return Settings(
        data_dir=tmp_path,
        public_url=ADDRESS,
        allow_targets=f"127.0.0.1:{silent_port}",
        min_interval_s=60,
    )


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(datetime.now(UTC))  # noqa: TID251 - ids hold the real time


@pytest.fixture
async def platform(settings: Settings, clock: FakeClock) -> AsyncIterator[Platform]:
    async with open_platform(settings, clock=clock, watches=False) as platform:
        yield platform


@pytest.fixture
def app(platform: Platform, tmp_path: Path) -> FastAPI:
    return create_app(platform, bundle=tmp_path / "no bundle")


@pytest.fixture
async def anonymous(app: FastAPI) -> AsyncIterator[httpx2.AsyncClient]:
    async with person_of(app) as client:
        yield client


@pytest.fixture
async def owner(app: FastAPI, platform: Platform) -> AsyncIterator[Person]:
    """The one who set it up, in a workspace of their own."""
    async with person_of(app) as client:
        yield await set_up(client, platform)


@pytest.fixture
async def stranger(app: FastAPI, owner: Person) -> AsyncIterator[Person]:
    """Somebody with another workspace."""
    async with person_of(app) as client:
        yield await Person.register(client, name="Eve Stranger", email="eve@example.net")
