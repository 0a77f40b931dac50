"""SystemdNotifier: tells systemd that the program is ready, alive, and about to stop.

The protocol is `sd_notify(3)`: lines of text in one datagram to the socket of ``NOTIFY_SOCKET``.
"""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, final

from allgreen.domain.report import Report
from allgreen.domain.status import HealthStatus
from allgreen.health import environment
from allgreen.health.forgotten import find_forgotten

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop

logger = logging.getLogger(__name__)

SENDS_PER_WATCHDOG: Final = 3
"""systemd recommends two; a third one may be late without anybody being killed."""
SEND_WITHIN_S: Final = 1.0
LONGEST_STATUS: Final = 200


@final
class SystemdNotifier:
    """Speaks for one process to systemd. Does nothing where systemd does not listen.

    With ``WatchdogSec=`` in the unit it says every third of that time that the program is alive,
    and only as long as it is: `is_alive` says so, and every event loop that was given to
    `watch_loop` has turned within half of that time. When it falls silent, systemd ends the
    program and starts it again. The unit of a program that forks needs ``NotifyAccess=all`` if a
    child is to speak.

    Nothing is raised. What cannot be said is logged, once.

    Args:
        is_alive: Says whether the program is alive, such as by its checks with the tag ``live``:
            something true or false, or a report or status, of which only unhealthy is dead. Called
            in a thread of its own. One that raises or hangs counts as dead.
    """

    def __init__(self, is_alive: Callable[[], object] | None = None) -> None:
        self.watchdog_s = _watchdog_s()
        self._address = _address()
        self._is_alive = is_alive
        self._lock = threading.Lock()
        self._said: set[str] = set()
        self._turns: dict[AbstractEventLoop, float] = {}
        self._over: threading.Event | None = None
        self._problem = ""

    @property
    def is_heard(self) -> bool:
        """Tell whether systemd listens."""
        return self._address is not None

    def ready(self, status: str = "") -> None:
        """Say that the program has started, once; later calls only change the status.

        Args:
            status: A line for people, which ``systemctl status`` shows.
        """
        self._say_once("READY=1", status)

    def show(self, status: str) -> None:
        """Change the line that ``systemctl status`` shows."""
        self._send(_status_lines(status))

    def stopping(self, status: str = "") -> None:
        """Say that the program is about to stop, once."""
        self._say_once("STOPPING=1", status)

    def start(self) -> None:
        """Begin to say in a daemon thread that the program is alive, if systemd asks for it."""
        with self._lock:
            if self._address is None or self.watchdog_s is None or self._over is not None:
                return
            over = threading.Event()
            thread = threading.Thread(
                target=self._live,
                args=(over, self.watchdog_s),
                name="allgreen systemd",
                daemon=True,
            )
            try:
                thread.start()
            except RuntimeError as error:
                logger.error("systemd will believe that the program hangs: %s.", error)
                return
            self._over = over

    def stop(self) -> None:
        """Fall silent; systemd ends a program that goes on without `stopping`."""
        with self._lock:
            over, self._over = self._over, None
        if over is not None:
            over.set()

    def watch_loop(self, loop: AbstractEventLoop) -> None:
        """Count the program as alive only while this event loop turns.

        May be called from any thread, also before the loop runs; a loop that is closed counts no
        more.
        """
        if self.watchdog_s is None:
            return
        self._turns[loop] = time.monotonic()
        loop.call_soon_threadsafe(self._turn, loop, self.watchdog_s / 4)

    def _turn(self, loop: AbstractEventLoop, period_s: float) -> None:
        self._turns[loop] = time.monotonic()
        loop.call_later(period_s, self._turn, loop, period_s)

    def _live(self, over: threading.Event, watchdog_s: float) -> None:
        while not over.is_set():
            why_not = self._why_not_alive(watchdog_s)
            if why_not:
                self._note(f"systemd is not told that the program is alive: {why_not}.")
            elif not over.is_set() and self._send(["WATCHDOG=1"]):
                self._note("")
            over.wait(watchdog_s / SENDS_PER_WATCHDOG)

    def _why_not_alive(self, watchdog_s: float) -> str:
        for loop, turned in list(self._turns.items()):
            if loop.is_closed():
                self._turns.pop(loop, None)
            elif time.monotonic() - turned > watchdog_s / 2:
                return f"an event loop has not turned for more than {watchdog_s / 2:g} s"
        if self._is_alive is None:
            return ""
        try:
            is_alive = self._is_alive()
        except BaseException as error:  # noqa: BLE001 - whatever it raises, it did not say yes
            return f"is_alive raised {type(error).__name__}"
        if hasattr(type(is_alive), "__await__"):
            return "is_alive must not be async"
        status = is_alive.status if isinstance(is_alive, Report) else is_alive
        if isinstance(status, HealthStatus):  # as a text, the worst one would be true as well
            return "" if status is not HealthStatus.UNHEALTHY else "is_alive says unhealthy"
        forgotten = find_forgotten(is_alive)
        if forgotten:
            return f"is_alive says neither yes nor no: {forgotten}"
        return "" if is_alive else "is_alive says no"

    def _say_once(self, what: str, status: str) -> None:
        with self._lock:
            is_new = what not in self._said
            self._said.add(what)
        self._send([*([what] if is_new else ()), *_status_lines(status)])

    def _send(self, lines: list[str]) -> bool:
        """Send lines; tell whether systemd has them."""
        if self._address is None or not lines:
            return False
        message = "\n".join(lines).encode("utf-8", "replace")
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
                channel.settimeout(SEND_WITHIN_S)
                channel.sendto(message, self._address)
        except OSError as error:
            reason = error.strerror or type(error).__name__
            self._note(f"systemd cannot be told anything: {reason}.")
            return False
        return True

    def _note(self, problem: str) -> None:
        """Log what is wrong when it is news."""
        before, self._problem = self._problem, problem
        if problem and problem != before:
            logger.warning("%s", problem)
        elif before and not problem:
            logger.info("systemd is told again that the program is alive.")


def _address() -> str | None:
    """Return the address of systemd's socket; ``@`` stands for the NUL of an abstract one."""
    given = environment.read("NOTIFY_SOCKET")
    if given is None or not hasattr(socket, "AF_UNIX"):
        return None
    if given[0] not in "/@":
        logger.warning("NOTIFY_SOCKET is no address of a UNIX socket, so nothing is said there.")
        return None
    return f"\0{given[1:]}" if given[0] == "@" else given


def _watchdog_s() -> float | None:
    """Return how long systemd waits for a sign of life; `None` when it waits for none of ours."""
    whose = environment.read("WATCHDOG_PID")
    if whose is not None and whose != str(os.getpid()):
        return None
    given = environment.read("WATCHDOG_USEC") or ""
    microseconds = int(given) if given.isascii() and given.isdigit() else 0
    return microseconds / 1e6 or None


def _status_lines(status: str) -> list[str]:
    """Return the line of a status. Line feeds would end it, and begin something else."""
    return [f"STATUS={' '.join(status.split())[:LONGEST_STATUS]}"] if status.strip() else []
