"""T28: two hundred histories, each in a quiet world and in a busy one; nobody can tell which."""

from __future__ import annotations

import asyncio
import logging
import tempfile
from pathlib import Path

from allgreen.server.app import open_platform
from allgreen.server.settings import Settings
from tests.authorization.worlds import STEPS, compare
from tests.faults.scenario import Report, Tell

MANY, FEW = 200, 8


def run(tell: Tell) -> Report:
    """Compare two hundred histories."""
    return asyncio.run(_compare(tell, MANY))


def run_short(tell: Tell) -> Report:
    """Compare five."""
    return asyncio.run(_compare(tell, FEW))


async def _compare(tell: Tell, how_many: int) -> Report:
    logging.getLogger("allgreen").setLevel(logging.CRITICAL)
    faults = []
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        (folder / "empty").mkdir()
        async with open_platform(Settings(data_dir=folder / "empty"), watches=False):
            pass
        for seed in range(how_many):
            difference = await compare(folder, folder / "empty/allgreen.db", seed)
            if difference is not None:
                faults.append(f"T28: history {seed}: {difference}")
            if seed % 10 == 9:
                tell(f"{seed + 1} histories, {len(faults)} differ")
    figures = (f"{how_many} histories of {STEPS} steps, each in two worlds: {len(faults)} differ",)
    return Report(figures=figures, faults=tuple(faults))
