"""T17, T27: a stopwatch tells neither who has an account here nor how much of a secret is right."""

from __future__ import annotations

import asyncio
import logging
import tempfile
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from itertools import count
from math import sqrt
from pathlib import Path
from random import Random
from statistics import correlation

import httpx2
from fastapi import FastAPI
from pydantic import SecretStr

from allgreen.errors import NotFoundError
from allgreen.server.app import create_app, open_platform
from allgreen.server.limits import Limits
from allgreen.server.links import Purpose
from allgreen.server.platform import Platform
from allgreen.server.settings import Settings
from tests.api import ADDRESS, Person, person_of, set_up
from tests.faults.scenario import Report, Tell

PAIRS, FEW_PAIRS = 200, 12
MOST_FROM_EVEN = 0.1
"""Of the AUC of two hundred pairs; of fewer it is as much as chance alone does."""
TRIES, FEW_TRIES = 10_000, 1_000
MOST_T = 4.0
"""Standard errors: more than this, chance alone does in one of ten thousand runs."""
KNOWN = "ana@example.org"
_SEED = 17
_numbers = count()

Ask = Callable[[httpx2.AsyncClient, str], Awaitable[httpx2.Response]]


def run(tell: Tell) -> Report:
    """Time two hundred pairs of each kind, and ten thousand secrets."""
    return asyncio.run(_time(tell, PAIRS, TRIES))


def run_short(tell: Tell) -> Report:
    """Time a few."""
    return asyncio.run(_time(tell, FEW_PAIRS, FEW_TRIES))


async def _log_in(client: httpx2.AsyncClient, email: str) -> httpx2.Response:
    form = {"email": email, "password": "a wrong password it is"}
    return await client.post("/api/v1/session", json=form)


async def _forget(client: httpx2.AsyncClient, email: str) -> httpx2.Response:
    return await client.post("/api/v1/password/forgot", json={"email": email})


async def _register(client: httpx2.AsyncClient, email: str) -> httpx2.Response:
    form = {"name": "Eve", "email": email, "password": "nine quiet otters swim"}
    return await client.post("/api/v1/accounts", json=form)


ASKED: dict[str, Ask] = {"log-in": _log_in, "forgotten": _forget, "register": _register}


async def _time(tell: Tell, pairs: int, tries: int) -> Report:
    logging.getLogger("allgreen").setLevel(logging.CRITICAL)
    figures, faults = list[str](), list[str]()
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        settings = Settings(
            data_dir=folder, public_url=ADDRESS, smtp_url=SecretStr("smtp://127.0.0.1:9")
        )
        platform = await stack.enter_async_context(open_platform(settings, watches=False))
        app = create_app(platform, bundle=folder / "no bundle")
        owner = await set_up(await stack.enter_async_context(person_of(app)), platform)
        for what, ask in ASKED.items():
            auc, differ = await _compare(platform, app, ask, pairs)
            figures.append(f"{what}: AUC of {pairs} pairs {auc:.3f}, {differ} bodies differ")
            if abs(auc - 0.5) > _margin(pairs) or differ:
                faults.append(f"T17: {what}: AUC {auc:.3f}, {differ} bodies differ")
            tell(figures[-1])
        for what, slope in _slopes(platform, owner, tries).items():
            figures.append(f"{what}: {slope} standard errors over {tries} tries")
            if abs(slope) > MOST_T:
                faults.append(f"T27: {what}: the slope is {slope} standard errors from none")
            tell(figures[-1])
    return Report(figures=tuple(figures), faults=tuple(faults))


async def _compare(platform: Platform, app: FastAPI, ask: Ask, pairs: int) -> tuple[float, int]:
    """Ask about known and unknown addresses in turn.

    Returns:
        How probable it is that a known one takes longer than an unknown one (0.5: a stopwatch
        tells nothing), and how many answers are not the same.
    """
    chance = Random(_SEED)
    took: dict[bool, list[float]] = {True: [], False: []}
    differ = 0
    async with person_of(app) as client:
        for is_known in (True, False):  # what is made at the first time only
            await ask(client, KNOWN if is_known else _nobody())
        for _ in range(pairs):
            bodies = set()
            for is_known in chance.sample([True, False], 2):
                _forget_tries(platform)
                client.cookies.clear()
                email = KNOWN if is_known else _nobody()
                began_s = time.perf_counter()
                answer = await ask(client, email)
                took[is_known].append(time.perf_counter() - began_s)
                bodies.add((answer.status_code, answer.content))
            differ += len(bodies) - 1
    return _auc(took[True], took[False]), differ


def _nobody() -> str:
    return f"eve{next(_numbers):05}@example.net"


def _forget_tries(platform: Platform) -> None:
    """Let the counters of tries not come in between: whom they slow down is no secret."""
    fresh = Limits()
    platform.limits._limiter = fresh._limiter
    platform.limits._tries = fresh._tries


def _margin(pairs: int) -> float:
    by_chance = sqrt((2 * pairs + 1) / (12 * pairs**2))
    return max(MOST_FROM_EVEN, 3.3 * by_chance)


def _auc(one: Sequence[float], other: Sequence[float]) -> float:
    """Return how probable it is that one of the first is larger (Mann and Whitney, 1947)."""
    larger = sum((a > b) + (a == b) / 2 for a in one for b in other)
    return larger / (len(one) * len(other))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Secret:
    """Something that is refused unless every byte of it is right.

    Attributes:
        whole: A good one.
        first: Place of the first byte that nobody can know.
        size: How many such bytes there are.
        write: Returns the word that is sent.
        refuse: Takes the word.
    """

    whole: bytes
    first: int
    size: int
    write: Callable[[bytes], str]
    refuse: Callable[[str], None]

    def forge(self, right: int, chance: Random) -> str:
        """Return a word of which so many bytes are right, and no other."""
        at = self.first + right
        wrong = (each ^ chance.randint(1, 255) for each in self.whole[at:])
        return self.write(self.whole[:at] + bytes(wrong))


def _slopes(platform: Platform, owner: Person, tries: int) -> dict[str, float]:
    """Return how the time to refuse a secret hangs on how many of its bytes are right."""
    now, whose = platform.clock.now(), owner.me["id"]
    token = platform.links.verify_token(whose, KNOWN, at=now)
    whole = urlsafe_b64decode(token + "=" * (-len(token) % 4))
    cipher = platform.database.cipher

    def refuse_link(word: str) -> None:
        try:
            platform.links.read(word, Purpose.VERIFY, now)
        except NotFoundError:
            return
        raise AssertionError("a forged link was taken")

    def refuse_number(word: str) -> None:
        assert cipher.open_number(whose, word) is None

    link = _Secret(
        whole=whole,
        first=len(whole) - 32,
        size=32,
        write=lambda forged: urlsafe_b64encode(forged).decode().rstrip("="),
        refuse=refuse_link,
    )
    number = _Secret(
        whole=bytes.fromhex(cipher.seal_number(whose, 7)),
        first=0,
        size=16,
        write=bytes.hex,
        refuse=refuse_number,
    )
    return {"links of mails": _slope(link, tries), "sealed numbers": _slope(number, tries)}


def _slope(secret: _Secret, tries: int) -> float:
    """Return by how many standard errors the time and the number of right bytes hang together.

    How many are right is drawn anew each time, so whatever else the machine does hangs on it by
    chance alone. What took longer than nine in ten counts as if it had taken as long as those.
    """
    chance = Random(_SEED)
    rights = [chance.randrange(secret.size) for _ in range(tries)]
    # Made before: forging fewer bytes leaves the processor in another state.
    words = [secret.forge(right, chance) for right in rights]
    took = list[int]()
    for word in words:
        began_ns = time.perf_counter_ns()
        secret.refuse(word)
        took.append(time.perf_counter_ns() - began_ns)
    most = sorted(took)[len(took) * 9 // 10]
    hang_together = float(correlation(rights, [min(each, most) for each in took]))
    return round(hang_together * sqrt(tries), 2)
