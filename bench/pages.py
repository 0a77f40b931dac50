"""CPU per page: ours against a raw query, FastAPI's own way, raw ASGI and bare Starlette.

The database is a real SQLite file with fifty services and ninety days behind each. E1, F1 and F3
run in this process without a network; F2 asks two real servers, as its goal says.
"""

import asyncio
import gc
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import httpx2
import orjson
from fastapi import FastAPI
from pydantic import BaseModel
from sqlalchemy import text
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Scope

from allgreen.server.app import create_app, open_platform
from allgreen.server.platform import Platform
from allgreen.server.settings import Settings
from allgreen.server.setup.actions import renew_setup_token
from bench.ratio import Ratio
from bench.serving import cost_of_server
from tests.history import Past, write_history
from tests.platform import PASSWORD, Person
from tests.platform import Platform as Server

SERVICES: Final = 50
DAYS: Final = 90
RESULTS_PER_DAY: Final = 1920
"""Of one service: 8.6 million results in all, as the goal E1 says."""
WARM_UP: Final = 3
NOT_CHANGED: Final = 304

_GOALS: Final = {
    "E1": ("E1", "raw query / services of a workspace with 90 days", 400.0),
    "F1": ("F1", "FastAPI response_model list of 4,500 days / list of services, uncached", 50.0),
    "F2": ("F2", "raw ASGI hello / list of services, not changed (304)", 0.8),
    "F3": ("F3", "Starlette + orjson / one object (GET /instance)", 0.45),
}
Measured = dict[str, tuple[list[float], list[float]]]


def run(rounds: int) -> list[Ratio]:
    """Measure `rounds` interleaved rounds of every pair."""
    with tempfile.TemporaryDirectory() as name:
        settings = Settings.load(data_dir=Path(name), allow_targets="127.0.0.1:*")
        asyncio.run(_set_up(settings))
        write_history(settings.data_dir, _pasts(), datetime.now(UTC))
        measured = asyncio.run(_measure(settings, rounds))
        measured["F2"] = _measure_not_changed(settings.data_dir, rounds)
    notes = {
        "E1": f"{SERVICES * DAYS * RESULTS_PER_DAY:,} raw results on SQLite",
        "F2": "both under uvicorn; ours with its sessions, headers and kept answers",
    }
    return [
        Ratio.of_costs(_GOALS[goal], baseline=baseline, ours=ours, note=notes.get(goal, ""))
        for goal, (baseline, ours) in measured.items()
    ]


def _pasts() -> list[Past]:
    return [
        Past(name=f"Service {number}", outages=((1 + number * 1.7, 0.5), (60, 3)))
        for number in range(SERVICES)
    ]


async def _set_up(settings: Settings) -> None:
    async with open_platform(settings, watches=False) as platform:
        asked = _Asker(create_app(platform))
        token = await _setup_token(platform)
        await asked.post(
            "/api/v1/setup",
            token=token,
            name="Sofia",
            email="sofia@nordlys.example",
            password=PASSWORD,
            workspace_name="Nordlys",
        )
        workspace = (await asked.get("/api/v1/me"))["workspaces"][0]["id"]
        for past in _pasts():
            await asked.post(f"/api/v1/workspaces/{workspace}/services", **_a_service(past.name))
        async with platform.database.unit_of_work() as uow:
            await uow.connection.execute(_RAW_RESULTS, _raw_bounds())
            await uow.commit()


async def _measure(settings: Settings, rounds: int) -> Measured:
    async with open_platform(settings, watches=False) as platform:
        asker = _Asker(create_app(platform))
        await asker.post(
            "/api/v1/session", email="sofia@nordlys.example", password=PASSWORD, keep=False
        )
        workspace = (await asker.get("/api/v1/me"))["workspaces"][0]["id"]
        page = f"/api/v1/workspaces/{workspace}/services"

        async def uncached() -> None:
            platform.recent.forget_all()
            await asker.ask("GET", page)

        async def raw() -> None:
            async with platform.database.read() as connection:
                (await connection.execute(_RAW_PAGE)).all()

        pairs: dict[str, tuple[_Cost, _Cost]] = {
            "E1": (_Cost(raw, 1), _Cost(uncached, 20)),
            "F1": (_Cost(_Asker(_day_objects()).getter("/days"), 1), _Cost(uncached, 20)),
            "F3": (
                _Cost(_Asker(_one_object(await asker.get("/api/v1/instance"))).getter("/"), 500),
                _Cost(asker.getter("/api/v1/instance"), 500),
            ),
        }
        measured: Measured = {goal: ([], []) for goal in pairs}
        for _ in range(rounds):
            for goal, (baseline, ours) in pairs.items():
                measured[goal][0].append(await baseline.measure())
                measured[goal][1].append(await ours.measure())
        return measured


def _measure_not_changed(data_dir: Path, rounds: int) -> tuple[list[float], list[float]]:
    """Ask two servers over one connection each; return CPU seconds of the server per request."""
    platform = Server(data_dir).start()
    hello = subprocess.Popen(
        [sys.executable, "-m", "bench.hello"], stdout=subprocess.PIPE, text=True
    )
    try:
        assert platform.process is not None
        assert hello.stdout is not None
        sofia = Person(platform)
        me = sofia.post("/session", email=sofia.email, password=PASSWORD, keep=False)
        path = f"/workspaces/{me['workspaces'][0]['id']}/services"
        bare = httpx2.Client(base_url=f"http://127.0.0.1:{hello.stdout.readline().strip()}")
        with bare:
            # What the start left to do would be counted: the first runs, and their sums.
            for _ in range(WARM_UP):
                cost_of_server(platform.process.pid, sofia.http, path)
            sofia.http.headers["If-None-Match"] = sofia.http.get(path).headers["etag"]
            assert sofia.http.get(path).status_code == NOT_CHANGED
            costs = [
                (
                    cost_of_server(hello.pid, bare, "/"),
                    cost_of_server(platform.process.pid, sofia.http, path),
                )
                for _ in range(rounds)
            ]
    finally:
        hello.terminate()
        hello.communicate()
        platform.stop()
    return [theirs for theirs, _ in costs], [ours for _, ours in costs]


class _Cost:
    """CPU seconds of one call, over a number of calls."""

    def __init__(self, call: Callable[[], Awaitable[object]], times: int) -> None:
        self._call = call
        self._times = times

    async def measure(self) -> float:
        await self._call()
        with _without_collections():
            # CPU of all threads: the driver of the database works in one of its own.
            begin = time.process_time()
            for _ in range(self._times):
                await self._call()
            return (time.process_time() - begin) / self._times


@contextmanager
def _without_collections() -> Iterator[None]:
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


class _Answer(BaseModel):
    status: int = 0
    headers: list[tuple[bytes, bytes]] = []
    body: bytes = b""


class _Asker:
    """A client that speaks ASGI itself, so that it costs next to nothing."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._cookie: list[tuple[bytes, bytes]] = []

    def getter(self, path: str, *headers: tuple[bytes, bytes]) -> Callable[[], Awaitable[_Answer]]:
        return lambda: self.ask("GET", path, *headers)

    async def get(self, path: str) -> Any:
        return orjson.loads((await self.ask("GET", path)).body)

    async def post(self, path: str, **body: object) -> None:
        answer = await self.ask("POST", path, body=orjson.dumps(body))
        if answer.status >= 300:
            raise RuntimeError(f"{path}: {answer.status} {answer.body.decode()}")
        for name, value in answer.headers:
            if name == b"set-cookie":
                self._cookie = [(b"cookie", value.partition(b";")[0])]

    async def ask(
        self, method: str, path: str, *headers: tuple[bytes, bytes], body: bytes = b""
    ) -> _Answer:
        scope: Scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "root_path": "",
            "headers": [
                (b"host", b"127.0.0.1:8000"),
                (b"origin", b"http://127.0.0.1:8000"),
                (b"content-type", b"application/json"),
                *self._cookie,
                *headers,
            ],
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 8000),
        }
        answer = _Answer()

        async def receive() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Message) -> None:
            if message["type"] == "http.response.start":
                answer.status = message["status"]
                answer.headers = list(message["headers"])
            else:
                answer.body += message.get("body", b"")

        await self._app(scope, receive, send)
        return answer


# Baselines ------------------------------------------------------------------------------------


class _DayObject(BaseModel):
    service: str
    day: datetime
    grade: str
    uptime_pct: float
    down_s: int


def _day_objects() -> FastAPI:
    """The usual way: one object for each day of each service, validated and rendered."""
    app = FastAPI()
    first = datetime(2026, 1, 1, tzinfo=UTC)
    days = [
        {
            "service": f"Service {service}",
            "day": first + timedelta(days=day),
            "grade": "full",
            "uptime_pct": 99.98,
            "down_s": 12,
        }
        for service in range(SERVICES)
        for day in range(DAYS)
    ]

    @app.get("/days", response_model=list[_DayObject])
    async def list_days() -> Any:
        return days

    return app


def _one_object(instance: dict[str, Any]) -> Starlette:
    async def show(_: Request) -> Response:
        return Response(orjson.dumps(instance), media_type="application/json")

    return Starlette(routes=[Route("/", show)])


# Data -----------------------------------------------------------------------------------------


_RAW_RESULTS = text(
    """
    WITH RECURSIVE steps(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM steps WHERE n + 1 < :steps)
    INSERT INTO results (check_id, slot, attempt, service_id, workspace_id, started_at, finished_at,
                         outcome, version, fence, reason, message, http_status, latency_ms)
    SELECT checks.id, :first + steps.n * :every, 1, checks.service_id, checks.workspace_id,
           :first + steps.n * :every, :first + steps.n * :every + 120000,
           CASE WHEN steps.n % 97 = 0 THEN 'fail' ELSE 'ok' END, 1, 1, '', '', 200,
           100 + steps.n % 80
    FROM checks CROSS JOIN steps
    """
)
_RAW_PAGE = text(
    """
    SELECT service_id, slot / 86400000000 AS day, count(*), sum(outcome IN ('ok', 'slow')),
           max(latency_ms)
    FROM results WHERE attempt = 1 GROUP BY service_id, day
    """
)


def _raw_bounds() -> dict[str, int]:
    first = datetime.now(UTC) - timedelta(days=DAYS)
    return {
        "steps": DAYS * RESULTS_PER_DAY,
        "every": 86_400_000_000 // RESULTS_PER_DAY,
        "first": int(first.timestamp() * 1_000_000),
    }


def _a_service(name: str) -> dict[str, Any]:
    expectations = {"status": "200", "json_values": []}
    check = {"kind": "http", "method": "GET", "url": "http://127.0.0.1:9/health"}
    return {
        "name": name,
        "checks": [{**check, "expectations": expectations}],
        "period": {"every": 15, "unit": "minutes"},
        "recipients": [],
    }


async def _setup_token(platform: Platform) -> str:
    token = await renew_setup_token(platform.database, platform.clock.now())
    assert token is not None
    return token
