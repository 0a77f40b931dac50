"""One HTTP server with many paths that flip between 200 and 503 on a plan, and its own log."""

from __future__ import annotations

import asyncio
import contextlib
import random
import threading
import time
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

# Wall clock on purpose: what the server saw is compared with what the platform wrote down.
now_s = time.time


@dataclass(frozen=True, slots=True)
class Phase:
    """A stretch in which a path answers the same, in seconds since 1970."""

    is_down: bool
    begin: float
    end: float


@dataclass(frozen=True, slots=True)
class Served:
    """One answer that was given."""

    at: float
    is_down: bool


@dataclass
class FlippingServer:
    """Answers each path as its plan says, and writes every answer down.

    Attributes:
        plans: Instants at which a path turns: up before the first one, then down, then up…
    """

    plans: dict[str, Sequence[float]] = field(default_factory=dict)
    calm_from: float = float("inf")
    """From here on everything answers 200, whatever the plan says."""
    port: int = 0
    log: dict[str, list[Served]] = field(default_factory=dict)

    def start(self) -> FlippingServer:
        """Listen on a loop and a thread of its own."""
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        listening = asyncio.start_server(self._answer, "127.0.0.1", 0, backlog=1024)
        self._server = asyncio.run_coroutine_threadsafe(listening, self._loop).result(10)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    def stop(self) -> None:
        """Cut every connection and end the thread."""
        asyncio.run_coroutine_threadsafe(self._cut(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def phases(self, path: str, begin: float, end: float) -> list[Phase]:
        """Return what a path did from `begin` to `end`, in order."""
        turns = [begin, *(t for t in self.plans[path] if begin < t < min(end, self.calm_from))]
        if turns[-1] < self.calm_from < end and self._is_down(path, turns[-1]):
            turns.append(self.calm_from)
        bounds = zip(turns, [*turns[1:], end], strict=True)
        return [Phase(self._is_down(path, first), first, last) for first, last in bounds]

    def answers_since(self, instant: float) -> Iterable[float]:
        """Return when anything was answered since an instant."""
        return (
            one.at for answers in list(self.log.values()) for one in answers if one.at > instant
        )

    async def _cut(self) -> None:
        self._server.close()
        mine = asyncio.current_task()
        answers = [task for task in asyncio.all_tasks() if task is not mine]
        for task in answers:
            task.cancel()
        await asyncio.gather(*answers, return_exceptions=True)

    def _is_down(self, path: str, at: float) -> bool:
        return at < self.calm_from and bisect_right(self.plans.get(path, ()), at) % 2 == 1

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            request = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)
            path = request.split(b" ", 2)[1].decode("ascii")
            at = now_s()
            is_down = self._is_down(path, at)
            self.log.setdefault(path, []).append(Served(at, is_down))
            status = b"503 Service Unavailable" if is_down else b"200 OK"
            writer.write(b"HTTP/1.1 " + status + b"\r\nContent-Length: 2\r\n\r\nhi")
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError, TimeoutError):
            pass  # the one who asked was killed
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()


def plan_flips(
    paths: Iterable[str],
    dice: random.Random,
    *,
    begin: float,
    end: float,
    up_s: tuple[float, float],
    down_s: tuple[float, float],
) -> Mapping[str, Sequence[float]]:
    """Return a plan for each path: up and down in turn, each for a random while."""
    return {path: _flips(dice, begin, end, up_s, down_s) for path in paths}


def _flips(
    dice: random.Random,
    begin: float,
    end: float,
    up_s: tuple[float, float],
    down_s: tuple[float, float],
) -> list[float]:
    flips: list[float] = []
    at = begin + dice.uniform(0, up_s[1])
    while at < end:
        flips.append(at)
        lengths = down_s if len(flips) % 2 else up_s
        at += dice.uniform(*lengths)
    return flips
