"""Checks of a small shop. Every program in this folder mounts them; `allgreen check` runs them."""

import asyncio
import shutil
import sqlite3
import tempfile
from contextlib import closing

from allgreen import check, expect, make_sure
from allgreen.health.components.memory import memory

QUEUE = asyncio.Queue[str](maxsize=1000)


@check("Disk has room", tags="ready")
def disk():
    free_mb = shutil.disk_usage(tempfile.gettempdir()).free // 10**6
    expect(free_mb).to_be_greater_than(100)


@check("Orders can be read", tags="ready", timeout=2)
def orders():
    with closing(sqlite3.connect(":memory:")) as database:
        make_sure(database.execute("select 1").fetchone(), "the database does not answer")


@check("Queue is short", depends_on="orders", critical=False)
async def queue():
    expect(QUEUE.qsize()).to_be_less_than(500)


@check("Exchange rates are recent", run="2 times per day", failures=2)
def rates():
    return "healthy", "12 rates of today", {"rates": 12}


@check("Demonstration data is loaded", only=["development", "staging"])
def demonstration():
    return True


check("Memory is left", name="memory", critical=False)(memory(max_used_pct=99.5))
