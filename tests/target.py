"""A real HTTP server to be watched: it can be stopped, started again, and keeps its own log."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.services import free_port


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True


@dataclass
class Target:
    """Answers every GET with 200 and a small JSON document, while it is started."""

    port: int = field(default_factory=free_port)
    document: dict[str, object] = field(default_factory=lambda: {"state": "ready"})
    checks: list[str] = field(default_factory=list)
    """What ``X-Allgreen-Check`` said, in the order of the requests."""
    _server: _Server | None = None

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}/health"

    def start(self) -> Target:
        """Listen, again on the same port."""
        target = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                target.checks.append(self.headers.get("X-Allgreen-Check", ""))
                body = json.dumps(target.document).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Keep standard error for what matters."""

        self._server = _Server(("127.0.0.1", self.port), Handler)
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def stop(self) -> None:
        """Refuse connections from now on."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None
