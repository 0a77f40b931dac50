"""``allgreen serve``: from the first line to the last, all on one event loop."""

import asyncio
import contextlib
import errno
import json
import os
import signal
import socket
from collections.abc import Callable, Iterator
from typing import Final

import uvicorn

from allgreen.cli.arrival import TimelyHttp
from allgreen.errors import PortTakenError, SettingsError
from allgreen.server.app import create_app, open_platform
from allgreen.server.platform import Platform
from allgreen.server.settings import Settings
from allgreen.server.setup.actions import renew_setup_token

REQUESTS_MAY_LAST_S: Final = 4
"""How long requests may go on after SIGTERM; the checks and mails under way have 6 s more."""


async def serve_until_stopped(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT.

    Raises:
        AllgreenError: It could not begin; nothing is left behind.
    """
    with _listen(settings) as listener:
        settings = _with_real_port(settings, listener)
        async with open_platform(settings) as platform:
            setup_token = await renew_setup_token(platform.database, platform.clock.now())
            server = PlatformServer(platform, lambda: _tell_ready(settings, setup_token))
            with _signals_to(server.stop):
                await server.serve(sockets=[listener])


class PlatformServer(uvicorn.Server):
    """Uvicorn, stopped by us: it would end the process before the monitor has stopped.

    Args:
        platform: What it serves.
        on_ready: Called once it answers.
    """

    def __init__(self, platform: Platform, on_ready: Callable[[], None]) -> None:
        config = uvicorn.Config(
            create_app(platform),
            http=TimelyHttp,
            lifespan="off",
            log_config=None,
            access_log=False,  # addresses of mail links hold tokens
            server_header=False,
            date_header=True,
            proxy_headers=False,  # whom to believe is decided by `Platform.client_of`
            timeout_keep_alive=20,
            timeout_graceful_shutdown=REQUESTS_MAY_LAST_S,
        )
        super().__init__(config)
        self._platform = platform
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to answer, and say so."""
        await super().startup(sockets)
        if self.started:
            self._on_ready()

    def stop(self) -> None:
        """End event streams, then requests; a second call waits for nothing."""
        self._platform.stopping.set()
        self.force_exit = self.should_exit
        self.should_exit = True

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to `serve_until_stopped`."""
        yield


@contextlib.contextmanager
def _signals_to(stop: Callable[[], None]) -> Iterator[None]:
    loop = asyncio.get_running_loop()
    for each in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(each, stop)
    try:
        yield
    finally:
        for each in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(each)


def _listen(settings: Settings) -> socket.socket:
    """Take the port before anything else, so that a second server fails at once."""
    try:
        family, kind, _, _, address = socket.getaddrinfo(
            settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except OSError:
        raise SettingsError(
            "ALLGREEN_HOST", f"{settings.host} is no address of this machine"
        ) from None
    listener = socket.socket(family, kind)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(address)
        listener.listen(2048)
    except OSError as error:
        listener.close()
        raise _cannot_listen(error, settings) from None
    listener.setblocking(False)
    return listener


def _cannot_listen(error: OSError, settings: Settings) -> Exception:
    where = f"{settings.host}:{settings.port}"
    match error.errno:
        case errno.EADDRINUSE:
            return PortTakenError(
                f"Something else listens at {where}. Stop it, or choose another --port."
            )
        case errno.EACCES:
            return PortTakenError(
                f"The port of {where} needs more rights. Choose one from 1024 on."
            )
        case errno.EADDRNOTAVAIL:
            return SettingsError("ALLGREEN_HOST", f"{settings.host} is no address of this machine")
        case _:
            return PortTakenError(f"Cannot listen at {where}: {os.strerror(error.errno or 0)}.")


def _with_real_port(settings: Settings, listener: socket.socket) -> Settings:
    return settings.model_copy(update={"port": listener.getsockname()[1]})


def _tell_ready(settings: Settings, setup_token: str | None) -> None:
    """Say on standard output where it answers; on the first run also how to begin."""
    address = f"http://{settings.host_in_url}:{settings.port}"
    if setup_token is not None:
        link = f"{settings.base_url}/setup#token={setup_token}"
        print(f"Set Allgreen up here (the link works once): {link}", flush=True)  # noqa: T201
    ready = {"pid": os.getpid(), "address": address, "ready": True}
    print(json.dumps(ready), flush=True)  # noqa: T201 - scripts wait for this line
