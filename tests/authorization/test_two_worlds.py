"""What happens in one workspace is never noticed in another (see `worlds`)."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from allgreen.server.app import open_platform
from allgreen.server.settings import Settings
from tests.authorization.worlds import compare, live, open_world


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database whose schema is made."""
    folder = tmp_path_factory.mktemp("empty")

    async def make() -> None:
        async with open_platform(Settings(data_dir=folder), watches=False):
            pass

    asyncio.run(make())
    return folder / "allgreen.db"


@pytest.mark.parametrize("seed", range(20))
async def test_nothing_that_others_do_is_noticed(tmp_path: Path, template: Path, seed: int) -> None:
    assert await compare(tmp_path, template, seed, most_reads=60) is None


async def test_the_histories_are_worth_to_be_compared(tmp_path: Path, template: Path) -> None:
    async with open_world(tmp_path / "world", template) as world:
        said = await live(world, 1, is_busy=True)

    texts = " ".join(text for _, text in said)
    statuses = {text[:3] for _, text in said}
    assert {"200", "201", "401", "403", "404"} <= statuses
    assert len(world.ours.services) > 1
    assert len(world.others.services) > 0
    assert '"state":"open"' in texts or '"open"' in texts
