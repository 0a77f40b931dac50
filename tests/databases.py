"""The platform on SQLite and on PostgreSQL, where what people do at once differs."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Select

from allgreen.server.platform import Platform
from allgreen.server.settings import Settings
from tests.api import ADDRESS

BOTH = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]
"""Parameters of a fixture ``settings`` that returns `settings_of` its request."""


def settings_of(request: pytest.FixtureRequest, **changes: object) -> Settings:
    """Return the settings of a platform on the database that the request names."""
    folder: Path = request.getfixturevalue("tmp_path")
    port = request.getfixturevalue("silent_port")
    settings = Settings(data_dir=folder, public_url=ADDRESS, allow_targets=f"127.0.0.1:{port}")
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("empty_database"), folder)
    else:
        address = str(request.getfixturevalue("postgres_url"))
        changes = {"database_url": address.replace("+asyncpg", ""), **changes}
    return settings.model_copy(update=changes)


async def read_all(platform: Platform, query: Select[Any]) -> list[Any]:
    """Return the rows of a query."""
    async with platform.database.read() as connection:
        return list(await connection.execute(query))
