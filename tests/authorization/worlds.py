"""Two worlds: in both the same happens in one workspace, and in one of them much else besides.

Whatever a member of that workspace, a stranger or nobody in particular can read must be the same
in both, byte for byte; only names that are drawn by chance are replaced by the order in which they
appear. So nothing that happens in one workspace is ever noticed in another, in no body, header,
count, order, cursor or error (non-interference: Goguen and Meseguer, 1982).
"""

from __future__ import annotations

import re
import shutil
from base64 import urlsafe_b64decode
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from random import Random

import httpx2

from allgreen.domain.commands import RecordResults
from allgreen.domain.policy import Role
from allgreen.domain.result import Result
from allgreen.domain.status import Outcome
from allgreen.server.app import create_app, open_platform
from allgreen.server.limits import Limits
from allgreen.server.platform import Platform
from allgreen.server.settings import Settings
from allgreen.testing import FakeClock, a_result_of
from tests.api import ADDRESS
from tests.authorization.acts import ROLES, Act, Party, draw_act, learn
from tests.authorization_table import list_operations
from tests.people import enrol

BEGIN = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
STEPS = 30
READS_PER_STEP = 3
PUBLIC_PAGES = (
    "/status/{slug}",
    "/status/{slug}/feed.rss",
    "/status/{slug}/feed.atom",
    "/status/{slug}/maintenance.ics",
    "/status/{slug}/badge.svg",
    "/embed/{slug}",
    "/robots.txt",
    "/u/{account_id}",
    "/",
)
NOT_OF_A_TENANT = {"get_health", "watch_events"}
"""The first is for those who run it; the other one is a stream, which ends when it is told to."""

Line = tuple[str, str]
"""What was asked, and what came of it."""


@dataclass
class World:
    """A platform on which a history happens.

    Attributes:
        said: What the members of the workspace that is watched, and others, were answered.
    """

    platform: Platform
    clock: FakeClock
    ours: Party
    others: Party
    readers: dict[str, httpx2.AsyncClient]
    ids: _Ids
    runs: dict[str, int] = field(default_factory=dict)
    said: list[Line] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)

    async def act(self, act: Act, party: Party, client: httpx2.AsyncClient) -> httpx2.Response:
        """Let somebody do something."""
        # Limits are counted by the real time, which is another one in each world.
        self.platform.limits._limiter = Limits()._limiter
        self.ids.is_ours = party is self.ours
        answer = await client.request(act.method, act.path, json=act.json, headers=act.headers)
        tag = answer.headers.get("etag")
        told = answer.json() if "json" in answer.headers.get("content-type", "") else None
        if client in (person.client for person in party.people.values()):
            learn(party, act, answer.status_code, told, tag)
        return answer

    async def run_checks(self, chance: Random) -> None:
        """Let a minute pass, and record what the checks that are due then found.

        What a check of ours finds hangs on its service and on how often it ran, on nothing else.
        """
        now = self.clock.advance(timedelta(seconds=60))
        async with self.platform.database.unit_of_work() as uow:
            leased = await uow.checks.lease(
                now=now, limit=500, owner="test", lease_for=timedelta(minutes=2)
            )
            results: list[Result] = []
            for one in leased:
                service = one.check.service_id
                run = self.runs[service] = self.runs.get(service, 0) + 1
                outcome = self._outcome(service, run, chance)
                results.append(a_result_of(one, outcome, at=now))
            events = await self.platform.bus.handle(
                RecordResults(results=tuple(results), at=now), uow
            )
            await uow.commit()
        self.platform.bus.announce(events)

    def _outcome(self, service: str, run: int, chance: Random) -> Outcome:
        words = (Outcome.OK, Outcome.FAIL, Outcome.SLOW)
        if service not in self.ours.services:
            return chance.choice(words)
        at = self.ours.services.index(service)
        return Random(f"{at}/{run // 4}").choice(words)

    async def read(self, what: str, path: str, who: str) -> None:
        """Let somebody read something, and write down what they got."""
        answer = await self.readers[who].get(path)
        self.note(f"{who} reads {what}", answer)

    def note(self, what: str, answer: httpx2.Response) -> None:
        """Write an answer down, with names in the order in which they appear."""
        headers = sorted((k, v) for k, v in answer.headers.items() if k != "content-length")
        raw = f"{answer.status_code}\n{headers}\n{answer.text}"
        self.said.append((what, _DRAWN.sub(self._name, _CURSOR.sub(_open_cursor, raw))))

    def _name(self, found: re.Match[str]) -> str:
        return self.names.setdefault(found[0], f"<{len(self.names)}>")


_DRAWN = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"  # ids
    r"|alg_[\w-]{43}|(?<=\"hint\":\")[^\"]+|(?<=\(…)[^)]+"  # keys, and their last letters
    r"|(?<=/invite/)[\w-]+|\"[0-9a-f]{20}\"|\b[0-9a-f]{32,64}\b"
    r"|(?<=\"key\":\")[0-9a-f]{16}|(?<=#)[0-9a-f]{16}\b"  # incidents, as everybody sees them
)


_CURSOR = re.compile(r'(?<="next_cursor":")[^"]+')


def _open_cursor(found: re.Match[str]) -> str:
    """Return what a cursor holds: to its reader it is no secret, so nothing may stand in it."""
    return urlsafe_b64decode(found[0] + "=" * (-len(found[0]) % 4)).decode()


class _Ids:
    """UUIDv7 of the time of a clock, in the order in which they are made.

    Each party has numbers of its own: when a check runs hangs on its id, and would else differ.
    """

    def __init__(self, clock: FakeClock) -> None:
        self._clock = clock
        self._numbers = [count(), count()]
        self.is_ours = True

    def __call__(self) -> str:
        ms = f"{int(self._clock.now().timestamp() * 1000):012x}"
        number = f"{next(self._numbers[self.is_ours]):017x}{self.is_ours:x}"
        return f"{ms[:8]}-{ms[8:]}-7{number[:3]}-8{number[3:6]}-{number[6:]}"


@asynccontextmanager
async def open_world(folder: Path, template: Path) -> AsyncIterator[World]:
    """Open a fresh platform with two workspaces, on a copy of an empty database."""
    shutil.copytree(template.parent, folder, ignore=lambda _, names: {*names} - {template.name})
    settings = Settings(
        data_dir=folder, public_url=ADDRESS, allow_targets="127.0.0.1:9", min_interval_s=60
    )
    clock = FakeClock(BEGIN)
    async with AsyncExitStack() as stack:
        platform = await stack.enter_async_context(
            open_platform(settings, clock=clock, watches=False)
        )
        ids = _Ids(clock)
        platform = replace(platform, new_id=ids)
        app = create_app(platform, bundle=folder / "no bundle")

        async def found(name: str) -> Party:
            owner = await enrol(stack, app, platform, f"{name} owner")
            people = {"owner": owner}
            where = owner.me["workspaces"][0]["id"]
            for role in (Role.ADMIN, Role.OBSERVER):
                people[role.value] = await enrol(
                    stack, app, platform, f"{name} {role}", in_workspace=where, role=role
                )
            return Party(name=name, people=people)

        ours = await found("ours")
        ids.is_ours = False
        others = await found("others")
        stranger = await enrol(stack, app, platform, "Stranger")
        nobody = await enrol(stack, app, platform, "Nobody")
        nobody.client.cookies.clear()
        readers = {role: ours.people[role].client for role in ROLES}
        readers |= {"stranger": stranger.client, "public": nobody.client}
        yield World(
            platform=platform, clock=clock, ours=ours, others=others, readers=readers, ids=ids
        )


async def live(
    world: World, seed: int, *, is_busy: bool, most_reads: int | None = None
) -> list[Line]:
    """Let a history happen; in a busy world, others do something besides.

    Args:
        world: Where.
        seed: Of what happens.
        is_busy: Whether others do something besides.
        most_reads: How much is read in the end, drawn by chance; without it, everything.

    Returns:
        All that was read of it, and all that its own people were answered.
    """
    chance, besides = Random(f"ours {seed}"), Random(f"others {seed}")
    for _ in range(STEPS):
        if is_busy:
            await _disturb(world, besides)
        act = draw_act(chance, world.ours)
        answer = await world.act(act, world.ours, world.ours.people[act.who].client)
        world.note(f"{act.who} does {act.method} {act.path.rpartition('/')[2][:20]}", answer)
        if chance.random() < 0.4:
            await world.run_checks(besides)
        reads = list(_reads(world))
        for what, path, who in chance.sample(reads, READS_PER_STEP):
            await world.read(what, path, who)
    reads = list(_reads(world))
    if most_reads is not None:
        reads = chance.sample(reads, most_reads)
    for what, path, who in reads:
        await world.read(what, path, who)
    return world.said


async def _disturb(world: World, chance: Random) -> None:
    """Let others do something of their own, or try something with what is not theirs."""
    for _ in range(chance.randint(0, 3)):
        is_attack = chance.random() < 0.3
        act = draw_act(chance, replace(world.ours) if is_attack else world.others)
        client = world.others.people[act.who].client
        await world.act(act, world.others, client)


def _reads(world: World) -> Iterator[tuple[str, str, str]]:
    """Return all that may be read of the workspace: what, where, and by whom."""
    ours = world.ours
    services = ours.services[-2:] or [ours.people["owner"].me["id"]]
    ids = {
        "workspace_id": ours.people["owner"].me["workspaces"][0]["id"],
        "window_id": (ours.windows or [""])[-1] or "x",
        "incident_id": "x",
        "account_id": ours.people["observer"].me["id"],
        "slug": ours.slug,
    }
    for operation in list_operations():
        if operation.method != "GET" or operation.id in NOT_OF_A_TENANT:
            continue
        paths = [operation.path]
        if "{service_id}" in operation.path:
            paths = [operation.path.replace("{service_id}", each) for each in services]
        for path in paths:
            for who in world.readers:
                filled = path.format_map(_Known(ids))
                yield operation.id, filled, who
                if operation.id.startswith("list_"):
                    yield f"{operation.id}, two", f"{filled}?limit=2", who
    for path in PUBLIC_PAGES:
        yield path, path.format_map(_Known(ids)), "public"


class _Known(dict[str, str]):
    def __missing__(self, _: str) -> str:
        return "unknown"


def first_difference(one: list[Line], other: list[Line]) -> str | None:
    """Return in words where two worlds differ first; `None` if they do not."""
    for (asked, here), (also_asked, there) in zip(one, other, strict=True):
        if asked != also_asked:
            return f"{asked} in one, {also_asked} in the other"
        if here != there:
            at = next((i for i, (a, b) in enumerate(zip(here, there, strict=False)) if a != b), 0)
            return f"{asked}: …{here[max(0, at - 80) : at + 80]}… or …{there[max(0, at - 80) : at + 80]}…"
    return None


async def compare(
    folder: Path, template: Path, seed: int, *, most_reads: int | None = None
) -> str | None:
    """Let one history happen in a quiet world and in a busy one; return where they differ."""
    said = []
    for name, is_busy in (("quiet", False), ("busy", True)):
        async with open_world(folder / f"{name} {seed}", template) as world:
            said.append(await live(world, seed, is_busy=is_busy, most_reads=most_reads))
    return first_difference(*said)
