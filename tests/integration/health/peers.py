"""Peers on loopback that answer as they are told, or as nobody should."""

from __future__ import annotations

import json
import queue
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple


class Seen(NamedTuple):
    """A request as it came."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


class Reply(NamedTuple):
    """What to answer."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = {}

    @classmethod
    def of_json(cls, value: Any, status: int = 200) -> Reply:
        """Answer with a JSON document."""
        return cls(status, json.dumps(value).encode(), {"Content-Type": "application/json"})


@dataclass
class Peer:
    """A real HTTP server.

    Attributes:
        answer: Called with each request.
        seen: The requests, in their order.
    """

    answer: Callable[[Seen], Reply] = lambda _: Reply()
    seen: queue.SimpleQueue[Seen] = field(default_factory=queue.SimpleQueue)
    url: str = ""

    def next(self) -> Seen:
        """Wait for the next request."""
        return self.seen.get(timeout=10)


@contextmanager
def serving(
    answer: Callable[[Seen], Reply] = lambda _: Reply(), context: ssl.SSLContext | None = None
) -> Iterator[Peer]:
    """Serve HTTP, or HTTPS with a context, until the block ends."""
    peer = Peer(answer)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            seen = Seen(self.command, self.path, headers, body)
            peer.seen.put(seen)
            status, content, extra = peer.answer(seen)
            self.send_response(status)
            for name, value in {"Content-Length": str(len(content)), **extra}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def do_POST(self) -> None:
            self.do_GET()

        def log_message(self, *_: object) -> None:
            """Keep standard error for what matters."""

        def log_error(self, *_: object) -> None:
            """The same."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            """A client that leaves is no error of the test."""

    with Server(("127.0.0.1", 0), Handler) as server:
        scheme = "http"
        if context is not None:
            scheme = "https"
            server.socket = context.wrap_socket(server.socket, server_side=True)
        peer.url = f"{scheme}://127.0.0.1:{server.server_address[1]}"
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield peer
        server.shutdown()


@contextmanager
def dripping(*parts: bytes, pause_s: float = 0.02) -> Iterator[str]:
    """Answer the first request with some bytes, and then the last of them again and again."""
    stop = threading.Event()

    def serve() -> None:
        peer, _ = server.accept()
        with peer:
            peer.recv(65536)
            try:
                for part in parts:
                    peer.sendall(part)
                while not stop.wait(pause_s):
                    peer.sendall(parts[-1])
            except OSError:
                return

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        stop.set()
        thread.join(10)


@contextmanager
def silent() -> Iterator[str]:
    """Take connections, and never answer."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
