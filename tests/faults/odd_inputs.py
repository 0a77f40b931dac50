"""T49: a hundred thousand odd requests, by everybody, to every operation: no fault of ours."""

from __future__ import annotations

import asyncio
import logging
import tempfile
import time
from pathlib import Path
from random import Random

from tests.authorization.odd import draw_odd, send_odd
from tests.authorization.stage import open_stage
from tests.faults.scenario import Report, Tell

MANY, FEW = 100_000, 1_500
LONGEST_S = 2.0
SEED = 5


def run(tell: Tell) -> Report:
    """Send a hundred thousand."""
    return asyncio.run(_send(tell, MANY))


def run_short(tell: Tell) -> Report:
    """Send fifteen hundred."""
    return asyncio.run(_send(tell, FEW))


async def _send(tell: Tell, how_many: int) -> Report:
    logging.getLogger("allgreen").setLevel(logging.CRITICAL)
    faults: list[str] = []
    slowest_s, slowest = 0.0, ""
    chance = Random(SEED)
    with tempfile.TemporaryDirectory() as folder:
        async with open_stage(Path(folder)) as stage:
            for number in range(how_many):
                odd = draw_odd(stage, chance)
                began_s = time.perf_counter()
                fault = await send_odd(stage, odd)
                took_s = time.perf_counter() - began_s
                if took_s > slowest_s:
                    slowest_s, slowest = took_s, odd.operation.id
                if fault is not None:
                    faults.append(fault)
                if number % 10_000 == 9_999:
                    tell(f"{number + 1} sent, {len(faults)} faults")
    if slowest_s > LONGEST_S:
        faults.append(f"{slowest} took {slowest_s:.1f} s to answer")
    figures = (
        f"{how_many} odd requests, answered without a fault of ours: {how_many - len(faults)}",
        f"the slowest answer took {slowest_s:.2f} s ({slowest})",
    )
    return Report(figures=figures, faults=tuple(faults))
