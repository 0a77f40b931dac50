"""Our health endpoint in front of the hello, under the same server, with ten checks that pass."""

import socket

import uvicorn

from allgreen.domain.report import Detail
from allgreen.health.serving.access import Access
from allgreen.health.serving.endpoint import HealthEndpoint
from allgreen.health.serving.options import EndpointOptions
from allgreen.integrations.asgi import AsgiHealth
from bench.hello import hello
from bench.peers.checks import PROBED, pass_at_once
from bench.peers.ourselves import make_runner

TOKEN = "a token of the bench"  # noqa: S105 - of no use elsewhere


def make_app() -> AsgiHealth:
    """Return the program; a result is kept for a second, as it is by default."""
    runner = make_runner(PROBED, pass_at_once, is_kept=True)
    options = EndpointOptions(access=Access(tokens={TOKEN: Detail.FULL}))
    return AsgiHealth(hello, HealthEndpoint(runner, options))


if __name__ == "__main__":
    with socket.create_server(("127.0.0.1", 0)) as listener:
        print(listener.getsockname()[1], flush=True)
        config = uvicorn.Config(make_app(), log_level="warning", access_log=False, lifespan="off")
        uvicorn.Server(config).run(sockets=[listener])
